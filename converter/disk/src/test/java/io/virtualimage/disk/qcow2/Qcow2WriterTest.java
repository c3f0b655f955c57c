package io.virtualimage.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.SyntheticDisk;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.recipe.MemoryPartStore;
import io.virtualimage.disk.recipe.RawWriter;
import io.virtualimage.disk.recipe.RecipeBytes;
import io.virtualimage.disk.recipe.RecipeReader;
import io.virtualimage.disk.recipe.RecipeWriter;
import io.virtualimage.disk.recipe.UnpackedSpace;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class Qcow2WriterTest {
    @TempDir
    Path directory;

    /** QEMU reads what was written, through the documents of the recipe, as the disk that was made. */
    @ParameterizedTest
    @CsvSource({
        "1, 512, 1",
        "2, 512, 127",
        "3, 512, 2000",
        "4, 512, 20001",
        "5, 4096, 9999",
        "6, 4096, 30000",
        "7, 8192, 12345",
        "8, 65536, 128",
        "9, 65536, 129",
        "10, 65536, 60000",
        "11, 65536, 99999",
        "12, 131072, 60001",
        "13, 1048576, 80000",
        "14, 2097152, 100000",
        "15, 2097152, 99997",
    })
    void qemuReadsTheSameDisk(long seed, int grainBytes, int sectors) throws Exception {
        SyntheticDisk disk = SyntheticDisk.random(seed, grainBytes, sectors);
        Path expected = Files.write(directory.resolve("expected.raw"), disk.content());

        MemoryPartStore store = new MemoryPartStore();
        RecipeWriter writer = new RecipeWriter(store, Qcow2Writer.HEAD_BYTES, 4 << 20);
        Qcow2Writer.Written written = Qcow2Writer.write(disk, writer, Long.MAX_VALUE);
        assertThat(writer.finish(written.head()).lengthBytes()).isEqualTo(written.lengthBytes());
        Path qcow2 = write(store, disk, "image.qcow2");
        assertThat(Files.size(qcow2)).isEqualTo(written.lengthBytes());

        assertThat(Program.qemuImg("check", "-f", "qcow2", qcow2)).contains("No errors were found");
        Path raw = directory.resolve("converted.raw");
        Program.qemuImg("convert", "-f", "qcow2", "-O", "raw", qcow2, raw);
        assertThat(Files.mismatch(raw, expected)).isEqualTo(-1);
        assertThat(Program.qemuImg("compare", "-f", "qcow2", "-F", "raw", qcow2, expected))
                .contains("Images are identical");
    }

    @ParameterizedTest
    @CsvSource({"1, 512, 1", "2, 512, 20001", "3, 4096, 9999", "4, 65536, 60001", "5, 2097152, 99997"})
    void rawIsTheSameDisk(long seed, int grainBytes, int sectors) throws Exception {
        SyntheticDisk disk = SyntheticDisk.random(seed, grainBytes, sectors);
        MemoryPartStore store = new MemoryPartStore();
        RecipeWriter writer = new RecipeWriter(store, 0);
        RawWriter.write(disk, writer);
        writer.finish();
        Path expected = Files.write(directory.resolve("expected.raw"), disk.content());
        assertThat(Files.mismatch(write(store, disk, "image.raw"), expected)).isEqualTo(-1);
    }

    private Path write(MemoryPartStore store, VirtualDisk disk, String name) throws Exception {
        RecipeReader recipe = RecipeReader.open(store);
        Path file = directory.resolve(name);
        try (UnpackedSpace unpacked = new UnpackedSpace(recipe, disk.source());
                OutputStream target = Files.newOutputStream(file)) {
            ByteSource bytes = new RecipeBytes(recipe, disk.source(), unpacked);
            for (long offset = 0; offset < bytes.lengthBytes(); offset += 1 << 20) {
                int count = (int) Math.min(1 << 20, bytes.lengthBytes() - offset);
                target.write(bytes.read(offset, count).array());
            }
        }
        return file;
    }
}
