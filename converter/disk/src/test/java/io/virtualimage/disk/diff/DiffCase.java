package io.virtualimage.disk.diff;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.WithoutHoles;
import io.virtualimage.disk.cli.VdiskMain;
import io.virtualimage.disk.inspect.DiskInspector;
import io.virtualimage.disk.qcow2.Qcow2Writer;
import io.virtualimage.disk.recipe.MemoryPartStore;
import io.virtualimage.disk.recipe.RecipeBytes;
import io.virtualimage.disk.recipe.RecipeReader;
import io.virtualimage.disk.recipe.RecipeWriter;
import io.virtualimage.disk.recipe.UnpackedSpace;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;

/** One image: made, read by QEMU and by us, written by us and read by QEMU. */
final class DiffCase {
    /** Of so many images, one is also shown to the programs that take longer, or know less. */
    private static final int SAMPLE = 8;

    private final DiffFormat format;
    private final int number;
    private final Random random;
    private final Workshop workshop;

    DiffCase(DiffFormat format, long seed, int number, Path folder) {
        this.format = format;
        this.number = number;
        this.random = new Random((seed * 31 + format.name().hashCode()) * 1_000_003L + number);
        this.workshop = new Workshop(folder);
    }

    /** How to make the image by hand. */
    String recipe() {
        return workshop.recipe();
    }

    /** @throws AssertionError if QEMU sees something else */
    void run() throws Exception {
        new ImageMaker(random, workshop).make(format);
        Path raw = workshop.folder().resolve("qemu.raw");
        workshop.ask(
                "qemu-img",
                "convert",
                "-t",
                "unsafe",
                "-f",
                format.qemuName(),
                "-O",
                "raw",
                Workshop.IMAGE,
                "qemu.raw");
        try (FileByteSource image = FileByteSource.open(workshop.image());
                FileByteSource expected = FileByteSource.open(raw)) {
            VirtualDisk disk = DiskInspector.open(image, ReadLimits.DEFAULT);
            assertThat(disk.info().format()).isEqualTo(format.format());
            ReferenceDisk reference = new ReferenceDisk(expected);
            reference.compareAll(disk);
            reference.compareSome(disk, random);
            compareMaps(image);
            writeQcow2(image, disk);
        }
        if (number % SAMPLE == 0) {
            convert(raw);
            new SecondOpinion(workshop).ask(format);
        }
    }

    private void compareMaps(FileByteSource image) throws Exception {
        boolean knowsHoles = format.map() == DiffFormat.Map.ZEROS_ARE_ZEROS;
        VirtualDisk disk = DiskInspector.open(knowsHoles ? image : new WithoutHoles(image), ReadLimits.DEFAULT);
        new MapComparison(format.map()).compare(disk, Program.qemuImgMap(format.qemuName(), workshop.image()));
    }

    /** Our qcow2 of the same disk is clean, and the same to a guest. */
    private void writeQcow2(FileByteSource image, VirtualDisk disk) throws Exception {
        MemoryPartStore store = new MemoryPartStore();
        RecipeWriter writer = new RecipeWriter(store, Qcow2Writer.HEAD_BYTES);
        Qcow2Writer.Written written = Qcow2Writer.write(disk, writer, Long.MAX_VALUE);
        writer.finish(written.head());
        RecipeReader recipe = RecipeReader.open(store);
        Path ours = workshop.folder().resolve("ours.qcow2");
        try (UnpackedSpace unpacked = new UnpackedSpace(recipe, image);
                FileChannel target = FileChannel.open(ours, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            RecipeBytes output = new RecipeBytes(recipe, image, unpacked);
            ByteBuffer buffer = ByteBuffer.allocate(1 << 20);
            for (long offset = 0; offset < output.lengthBytes(); offset += buffer.capacity()) {
                buffer.clear().limit((int) Math.min(buffer.capacity(), output.lengthBytes() - offset));
                output.read(offset, buffer);
                target.write(buffer.flip(), offset);
            }
        }
        workshop.ask("qemu-img", "check", "-q", "-f", "qcow2", "ours.qcow2");
        workshop.ask("qemu-img", "compare", "-q", "-f", format.qemuName(), "-F", "qcow2", Workshop.IMAGE, "ours.qcow2");
    }

    /** What a user of the command line gets. */
    private void convert(Path raw) throws Exception {
        Path ours = workshop.folder().resolve("ours.raw");
        ByteArrayOutputStream said = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(said, true, StandardCharsets.UTF_8);
        int code = VdiskMain.run(
                new String[] {
                    "convert",
                    "-f",
                    format.format().wireName(),
                    "-O",
                    "raw",
                    workshop.image().toString(),
                    ours.toString()
                },
                stream,
                stream);
        assertThat(code).as(said.toString(StandardCharsets.UTF_8)).isZero();
        try (FileByteSource found = FileByteSource.open(ours);
                FileByteSource expected = FileByteSource.open(raw)) {
            new ReferenceDisk(expected).compareSource(found);
        }
    }
}
