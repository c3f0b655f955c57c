package io.virtualimage.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.FixedDisk;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.SyntheticDisk;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.recipe.MemoryPartStore;
import io.virtualimage.disk.recipe.RawWriter;
import io.virtualimage.disk.recipe.RecipeBytes;
import io.virtualimage.disk.recipe.RecipeReader;
import io.virtualimage.disk.recipe.RecipeWriter;
import io.virtualimage.disk.recipe.UnpackedSpace;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is written goes through the documents of a recipe, and is judged by QEMU. */
class Qcow2WriterTest {
    private static final int SECTOR = 512;
    private static final int BLOCK = 1 << 20;

    @TempDir
    Path directory;

    /** Seeds, so that each disk is another one; sizes of grains from a sector to 2 MiB; disks of any number of sectors. */
    @ParameterizedTest
    @CsvSource({
        "1, 512, 1",
        "2, 512, 127",
        "3, 512, 128",
        "4, 512, 2001",
        "5, 1024, 5000",
        "6, 4096, 9999",
        "7, 8192, 12345",
        "8, 32768, 20001",
        "9, 65536, 129",
        "10, 65536, 30000",
        "11, 65536, 29999",
        "12, 131072, 25001",
        "13, 524288, 30003",
        "14, 1048576, 32768",
        "15, 2097152, 40961",
    })
    void qemuReadsTheSameDisk(long seed, int grainBytes, int sectors) throws Exception {
        SyntheticDisk disk = SyntheticDisk.random(seed, grainBytes, sectors);
        Path expected = Files.write(directory.resolve("expected.raw"), disk.content());
        Path qcow2 = writeQcow2(disk);
        assertThat(Program.qemuImg("check", "-f", "qcow2", qcow2)).contains("No errors were found");
        assertThat(Program.qemuImg("compare", "-f", "qcow2", "-F", "raw", qcow2, expected))
                .contains("Images are identical");
        Path raw = directory.resolve("converted.raw");
        Program.qemuImg("convert", "-f", "qcow2", "-O", "raw", qcow2, raw);
        assertThat(Files.mismatch(raw, expected)).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({"1, 512, 1", "2, 512, 2001", "3, 4096, 9999", "4, 65536, 30001", "5, 2097152, 40961"})
    void rawIsTheSameDisk(long seed, int grainBytes, int sectors) throws Exception {
        SyntheticDisk disk = SyntheticDisk.random(seed, grainBytes, sectors);
        MemoryPartStore store = new MemoryPartStore();
        RecipeWriter recipe = new RecipeWriter(store, 0);
        RawWriter.write(disk, recipe);
        assertThat(recipe.finish().lengthBytes()).isEqualTo(disk.content().length);
        Path raw = write(store, disk, "image.raw");
        assertThat(Files.mismatch(raw, Files.write(directory.resolve("expected.raw"), disk.content())))
                .isEqualTo(-1);
    }

    /** Ten terabytes of which a few megabytes have data, anywhere. */
    @Test
    void scatteredOverAHugeDisk() throws Exception {
        Random random = new Random(10);
        long size = (10L << 40) + 5 * SECTOR;
        byte[] image = new byte[4 * BLOCK];
        random.nextBytes(image);
        List<Extent> extents = new ArrayList<>();
        Path expected = directory.resolve("expected.raw");
        try (RandomAccessFile raw = new RandomAccessFile(expected.toFile(), "rw")) {
            raw.setLength(size);
            long offset = 0;
            for (int i = 0; i < 60; i++) {
                offset += SECTOR * (1 + random.nextLong((size / 60 - BLOCK) / SECTOR));
                int from = SECTOR * random.nextInt(2 * BLOCK / SECTOR);
                int count = SECTOR * (1 + random.nextInt(400));
                extents.add(new Extent.Data(offset, count, from));
                raw.seek(offset);
                raw.write(image, from, count);
                offset += count;
            }
            extents.add(new Extent.Data(size - SECTOR, SECTOR, 0));
            raw.seek(size - SECTOR);
            raw.write(image, 0, SECTOR);
        }
        Path qcow2 = writeQcow2(new FixedDisk(size, new MemoryByteSource(image), extents.toArray(Extent[]::new)));
        assertThat(Program.qemuImg("check", "-f", "qcow2", qcow2)).contains("No errors were found");
        assertThat(Program.qemuImg("compare", "-f", "qcow2", "-F", "raw", qcow2, expected))
                .contains("Images are identical");
    }

    /** Up to the largest disk that is taken. */
    @ParameterizedTest
    @ValueSource(longs = {512, 65_536, 536_870_912, 536_871_424, 1L << 51})
    void emptyDisksOfAnySize(long size) throws Exception {
        Path qcow2 = writeQcow2(new FixedDisk(size, new MemoryByteSource(new byte[0])));
        assertThat(Program.qemuImg("check", "-f", "qcow2", qcow2)).contains("No errors were found");
        assertThat(Program.qemuImgInfo(qcow2).path("virtual-size").longValue()).isEqualTo(size);
    }

    private Path writeQcow2(VirtualDisk disk) throws Exception {
        MemoryPartStore store = new MemoryPartStore();
        // Small groups, so that there are several.
        RecipeWriter recipe = new RecipeWriter(store, Qcow2Writer.HEAD_BYTES, 4 << 20);
        Qcow2Writer.Written written = Qcow2Writer.write(disk, recipe, Long.MAX_VALUE);
        assertThat(recipe.finish(written.head()).lengthBytes()).isEqualTo(written.lengthBytes());
        return write(store, disk, "image.qcow2");
    }

    private Path write(MemoryPartStore store, VirtualDisk disk, String name) throws Exception {
        RecipeReader recipe = RecipeReader.open(store);
        Path file = directory.resolve(name);
        try (UnpackedSpace unpacked = new UnpackedSpace(recipe, disk.source());
                RandomAccessFile target = new RandomAccessFile(file.toFile(), "rw")) {
            ByteSource bytes = new RecipeBytes(recipe, disk.source(), unpacked);
            target.setLength(bytes.lengthBytes());
            long offset = 0;
            while (offset < bytes.lengthBytes()) {
                long left = bytes.lengthBytes() - offset;
                long zeros = bytes.knownZeroBytes(offset, left);
                if (zeros == 0) {
                    ByteBuffer block = bytes.read(offset, (int) Math.min(BLOCK, left));
                    target.getChannel().write(block, offset);
                    offset += block.limit();
                }
                offset += zeros;
            }
        }
        return file;
    }
}
