package io.virtualimage.disk.vhdx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.DiskContent;
import io.virtualimage.disk.content.ExtentWalk;
import io.virtualimage.disk.sample.SampleImages;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The disk as we see it, and as QEMU does, in what QEMU writes. */
class VhdxOracleTest {
    private static final long MIB = 1 << 20;
    private static final int WRITES = 12;

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "subformat=dynamic,block_size=1M | 20973056 | 1",
                "subformat=dynamic,block_size=1M,log_size=3M | 1048576 | 2",
                "subformat=dynamic,block_size=2M,block_state_zero=off | 33554432 | 3",
                "subformat=dynamic,block_size=8M | 54526464 | 4",
                "subformat=dynamic,block_size=256M | 3146240 | 5",
                "subformat=fixed,block_size=1M,block_state_zero=off | 10486272 | 6",
                "subformat=fixed,block_size=16M,log_size=2M | 21500416 | 7",
                "subformat=dynamic | 512 | 8",
            })
    void created(String options, long size, long seed) throws Exception {
        Path image = create(options, size);
        long emptyBytes = Files.size(image);
        Program.qemuIo(arguments(image, writes(new Random(seed), size)));
        assertSameContent(image, image);
        int blockBytes = blockBytes(image);
        if (options.endsWith("fixed,block_size=1M,block_state_zero=off")) {
            assertThat(dataBytes(image)).isEqualTo(size);
        } else {
            // The file grows by a block when one is first written to.
            long blocks = (Files.size(image) - Math.ceilDiv(emptyBytes, MIB) * MIB) / blockBytes;
            assertThat(blocks).isPositive();
            assertThat(Math.ceilDiv(dataBytes(image), blockBytes)).isEqualTo(blocks);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "subformat=dynamic,block_size=1M,block_state_zero=on",
                "subformat=dynamic,block_size=4M,block_state_zero=off",
                "subformat=fixed,block_state_zero=on",
                "subformat=fixed,block_size=1M,block_state_zero=off",
            })
    void converted(String options) throws Exception {
        Path raw = directory.resolve("image.raw");
        Path image = directory.resolve("image.vhdx");
        SampleImages.writeRaw(raw, 30 * MIB + 1536, 9 * MIB, 11);
        Program.qemuImg("convert", "-f", "raw", "-O", "vhdx", "-o", options, raw, image);
        assertSameContent(image, image);
        try (FileByteSource file = FileByteSource.open(image);
                FileByteSource expected = FileByteSource.open(raw)) {
            assertSame(new DiskContent(VhdxDisk.open(file, ReadLimits.DEFAULT)), expected);
        }
    }

    /** Behind each 4 GiB of sectors of 512 bytes, the BAT has an entry for a sector bitmap. */
    @ParameterizedTest
    @CsvSource({"1M, 1", "32M, 64", "256M, 64"})
    void farOut(String blockSize, long tebibytes) throws Exception {
        long size = (tebibytes << 40) - 512;
        Path image = create("subformat=dynamic,block_size=" + blockSize, size);
        List<Long> offsets = new ArrayList<>(List.of(0L, size - 4096));
        for (long chunk = 4L << 30; chunk < size; chunk *= 8) {
            offsets.addAll(List.of(chunk - 4096, chunk, chunk + (1 << 28)));
        }
        String[] commands = new String[offsets.size()];
        for (int i = 0; i < commands.length; i++) {
            commands[i] = "write -P %d %d 4096".formatted(i + 1, offsets.get(i));
        }
        Program.qemuIo(arguments(image, List.of(commands)));
        try (FileByteSource file = FileByteSource.open(image);
                DiskContent content = new DiskContent(VhdxDisk.open(file, ReadLimits.DEFAULT))) {
            assertThat(content.lengthBytes()).isEqualTo(size);
            for (int i = 0; i < commands.length; i++) {
                byte[] expected = new byte[4096];
                Arrays.fill(expected, (byte) (i + 1));
                assertThat(content.read(offsets.get(i), 4096).array()).isEqualTo(expected);
            }
            assertThat(content.read((4L << 30) + 4096, 4096).array()).containsOnly(0);
        }
    }

    /**
     * A log that QEMU wrote and then could not put in place, since writes to the BAT fail. QEMU does not read such an
     * image before it has played back the log.
     */
    @ParameterizedTest
    @CsvSource({"1M, 1", "1M, 2", "2M, 3", "8M, 4"})
    void dirtyLog(String blockSize, long seed) throws Exception {
        long size = 40 * MIB + 512;
        Path image = create("subformat=dynamic,block_size=" + blockSize, size);
        Random random = new Random(seed);
        List<String> writes = writes(random, 20 * MIB);
        Program.qemuIo(arguments(image, writes.subList(0, random.nextInt(1, 4))));
        long bat = batOffset(image);
        String failing = "file.inject-error.0.event=none,file.inject-error.0.iotype=write,file.inject-error.0.sector="
                + bat / 512;
        assertThatThrownBy(() -> Program.qemuIo(
                        "-c",
                        "open -o driver=vhdx,file.driver=blkdebug,file.image.filename=%s,%s".formatted(image, failing),
                        "-c",
                        "write -P 77 %d 65536".formatted(30 * MIB)))
                .hasMessageContaining("write failed: Input/output error");
        Path replayed = Files.copy(image, directory.resolve("replayed.vhdx"));
        assertThat(Program.qemuImg("check", "-r", "all", replayed)).contains("1 corruptions");
        assertSameContent(image, replayed);
        try (FileByteSource file = FileByteSource.open(image);
                DiskContent content = new DiskContent(VhdxDisk.open(file, ReadLimits.DEFAULT))) {
            assertThat(content.read(30 * MIB, 65_536).array()).containsOnly(77);
        }
        // And once it is played back, both are the same to us, too.
        assertThat(extents(image)).isEqualTo(extents(replayed));
    }

    /** A process that is killed between two writes leaves whatever it leaves; QEMU's view of that is the right one. */
    @Test
    void abortedWriter() throws Exception {
        Path image = create("subformat=dynamic,block_size=1M", 20 * MIB);
        Process writer = new ProcessBuilder(
                        "qemu-io",
                        "-f",
                        "vhdx",
                        "-c",
                        "write -P 1 0 4096",
                        "-c",
                        "write -P 2 7M 70000",
                        "-c",
                        "abort",
                        image.toString())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("said").toFile())
                .start();
        assertThat(writer.waitFor()).isNotZero();
        Path repaired = Files.copy(image, directory.resolve("repaired.vhdx"), StandardCopyOption.REPLACE_EXISTING);
        Program.qemuImg("check", "-r", "all", repaired);
        assertSameContent(image, repaired);
    }

    @Test
    void libvhdiAgrees() throws Exception {
        Path image = create("subformat=dynamic,block_size=32M", 5L << 30);
        assertThat(Program.run("vhdiinfo", "libvhdi-utils", image)).contains("(5368709120 bytes)");
        try (FileByteSource file = FileByteSource.open(image)) {
            assertThat(VhdxDisk.open(file, ReadLimits.DEFAULT).info().virtualSizeBytes())
                    .isEqualTo(5L << 30);
        }
    }

    private Path create(String options, long size) {
        Path image = directory.resolve("image.vhdx");
        Program.qemuImg("create", "-q", "-f", "vhdx", "-o", options, image, size);
        return image;
    }

    private static Object[] arguments(Path image, List<String> commands) {
        List<Object> arguments = new ArrayList<>(List.of("-f", "vhdx"));
        for (String command : commands) {
            arguments.addAll(List.of("-c", command));
        }
        arguments.add(image);
        return arguments.toArray();
    }

    private static List<String> writes(Random random, long size) {
        List<String> writes = new ArrayList<>();
        long sectors = size / 512;
        for (int i = 0; i < WRITES; i++) {
            long offset = random.nextLong(sectors);
            long length = random.nextLong(1, Math.min(sectors - offset, 3000) + 1);
            writes.add("write -P %d %d %d".formatted(random.nextInt(256), offset * 512, length * 512));
        }
        return writes;
    }

    private void assertSameContent(Path image, Path asQemuSeesIt) throws Exception {
        Path raw = directory.resolve("expected.raw");
        Program.qemuImg("convert", "-f", "vhdx", "-O", "raw", asQemuSeesIt, raw);
        try (FileByteSource file = FileByteSource.open(image);
                FileByteSource expected = FileByteSource.open(raw);
                DiskContent content = new DiskContent(VhdxDisk.open(file, ReadLimits.DEFAULT))) {
            assertSame(content, expected);
        }
    }

    private static void assertSame(ByteSource actual, ByteSource expected) throws Exception {
        assertThat(actual.lengthBytes()).isEqualTo(expected.lengthBytes());
        int step = 300_000;
        for (long offset = 0; offset < expected.lengthBytes(); offset += step) {
            int count = (int) Math.min(step, expected.lengthBytes() - offset);
            ByteBuffer ours = actual.read(offset, count);
            int different = ours.mismatch(expected.read(offset, count));
            assertThat(different).as("first difference behind %d", offset).isNegative();
        }
    }

    private static int blockBytes(Path image) {
        return Program.qemuImgInfo(image).get("cluster-size").asInt();
    }

    /** By the bytes of the file: the region of the BAT is the one with its GUID in the region table. */
    private static long batOffset(Path image) throws Exception {
        try (FileByteSource file = FileByteSource.open(image)) {
            ByteBuffer table = file.read(192 << 10, 64 << 10);
            int entry = table.getInt(16) == 0x6677c22d ? 16 : 48;
            assertThat(table.getInt(entry)).isEqualTo(0x6677c22d);
            return Long.reverseBytes(table.getLong(entry + 16));
        }
    }

    private static long dataBytes(Path image) throws Exception {
        return extents(image).stream()
                .filter(Extent.Data.class::isInstance)
                .mapToLong(Extent::lengthBytes)
                .sum();
    }

    private static List<Extent> extents(Path image) throws Exception {
        List<Extent> extents = new ArrayList<>();
        try (FileByteSource file = FileByteSource.open(image)) {
            VirtualDisk disk = VhdxDisk.open(file, ReadLimits.DEFAULT);
            ExtentWalk walk = new ExtentWalk(disk);
            for (Extent extent = walk.next(); extent != null; extent = walk.next()) {
                extents.add(extent);
                if (extent instanceof Extent.Data data) {
                    assertThat(data.sourceOffset() + data.lengthBytes()).isLessThanOrEqualTo(file.lengthBytes());
                }
            }
        }
        return extents;
    }
}
