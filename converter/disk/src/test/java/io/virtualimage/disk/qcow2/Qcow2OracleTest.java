package io.virtualimage.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.Extent;
import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.content.DiskContent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What QEMU writes is read as QEMU reads it: each byte, and which runs are zeros. */
class Qcow2OracleTest {
    private static final int SECTOR = 512;

    @TempDir
    Path directory;

    private Path image;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "9  | compat=0.10",
                "16 | compat=0.10",
                "21 | compat=0.10,preallocation=metadata",
                "9  | compat=1.1,refcount_bits=1",
                "12 | compat=1.1,refcount_bits=2,lazy_refcounts=on",
                "16 | compat=1.1,refcount_bits=4,preallocation=metadata",
                "16 | compat=1.1,refcount_bits=8,preallocation=falloc",
                "16 | compat=1.1,compression_type=zlib",
                "21 | compat=1.1,refcount_bits=32",
                "14 | compat=1.1,extended_l2=on",
                "14 | compat=1.1,extended_l2=on,preallocation=metadata,refcount_bits=64",
                "16 | compat=1.1,extended_l2=on,lazy_refcounts=on",
                "16 | compat=1.1,extended_l2=on,preallocation=full",
                "21 | compat=1.1,extended_l2=on",
            })
    void everythingThatQemuIoDoes(int clusterBits, String options) throws Exception {
        Random random = new Random(options.hashCode() * 31L + clusterBits);
        int cluster = 1 << clusterBits;
        // Several L2 tables where clusters are small, and an end inside a cluster.
        int size = Math.max(6 * cluster, 300 << 10) + SECTOR * random.nextInt(1, Math.max(2, cluster / SECTOR));
        create(options + ",cluster_size=" + cluster, size);
        List<String> commands = new ArrayList<>();
        // QEMU compresses only into clusters that are not allocated yet.
        if (!options.contains("preallocation")) {
            for (int start = 0; start < size; start += 5 * cluster) {
                commands.add("write -c -P 165 %d %d".formatted(start, Math.min(cluster, size - start)));
            }
        }
        for (int round = 0; round < 2; round++) {
            for (int i = 0; i < 12; i++) {
                commands.add(randomCommand(random, cluster, size));
            }
            Program.qemuIo("qcow2", image, commands);
            assertAgrees();
            commands.clear();
        }
    }

    private static String randomCommand(Random random, int cluster, int size) {
        int start = random.nextInt(size / SECTOR);
        int sectors = 1 + random.nextInt(Math.min(size / SECTOR - start, 1 + 2 * cluster / SECTOR));
        String where = "%d %d".formatted(start * SECTOR, sectors * SECTOR);
        return switch (random.nextInt(7)) {
            case 0 -> "write -z " + where;
            case 1 -> "write -z -u " + where;
            case 2 -> "discard " + where;
            default -> "write -P %d %s".formatted(1 + random.nextInt(255), where);
        };
    }

    @ParameterizedTest
    @CsvSource({"10, off", "16, off", "16, on", "21, off", "21, on"})
    void compressedByConvert(int clusterBits, String extended) throws Exception {
        Path raw = randomRaw((3 << 20) + 5 * SECTOR);
        image = directory.resolve("image.qcow2");
        String options = "cluster_size=%d,extended_l2=%s".formatted(1 << clusterBits, extended);
        Program.qemuImg("convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options, raw, image);
        try (FileByteSource source = FileByteSource.open(image)) {
            Qcow2Disk disk = Qcow2Disk.open(source, ReadLimits.DEFAULT);
            assertThat(Extents.walk(disk)).hasAtLeastOneElementOfType(Extent.Packed.class);
            assertThat(content(disk)).isEqualTo(Files.readAllBytes(raw));
        }
        assertAgrees();
    }

    /** The map only. */
    @ParameterizedTest
    @ValueSource(strings = {"cluster_size=64k", "cluster_size=2M", "cluster_size=16k,extended_l2=on"})
    void compressedWithZstd(String options) throws Exception {
        Path raw = randomRaw((3 << 20) + 5 * SECTOR);
        image = directory.resolve("image.qcow2");
        Program.qemuImg(
                "convert", "-c", "-f", "raw", "-O", "qcow2", "-o", options + ",compression_type=zstd", raw, image);
        try (FileByteSource source = FileByteSource.open(image)) {
            assertMapAgrees(Qcow2Disk.open(source, ReadLimits.DEFAULT));
        }
    }

    @Test
    void convertedWithoutCompression() throws Exception {
        Path raw = randomRaw((1 << 20) + 3 * SECTOR);
        image = directory.resolve("image.qcow2");
        Program.qemuImg("convert", "-f", "raw", "-O", "qcow2", raw, image);
        assertAgrees();
    }

    @Test
    void snapshotsAreIgnored() throws Exception {
        create("cluster_size=4k", 1 << 20);
        Program.qemuIo("qcow2", image, List.of("write -P 1 0 64k", "write -z 64k 8k", "write -c -P 5 128k 4k"));
        Program.qemuImg("snapshot", "-c", "one", image);
        assertAgrees();
        Program.qemuIo("qcow2", image, List.of("write -P 2 2k 20k", "discard 32k 8k", "write -P 3 128k 512"));
        Program.qemuImg("snapshot", "-c", "two", image);
        Program.qemuIo("qcow2", image, List.of("write -P 4 0 700k"));
        assertAgrees();
        Program.qemuImg("snapshot", "-a", "one", image);
        assertAgrees();
        Program.qemuImg("snapshot", "-d", "one", image);
        assertAgrees();
    }

    @ParameterizedTest
    @CsvSource({"512, off", "65536, off", "65536, metadata", "2097152, off"})
    void resized(int cluster, String preallocation) throws Exception {
        create("cluster_size=" + cluster, 100 << 10);
        Program.qemuIo("qcow2", image, List.of("write -P 1 0 100k"));
        Program.qemuImg("resize", "-q", "--preallocation=" + preallocation, "-f", "qcow2", image, "1500k");
        assertAgrees();
        Program.qemuIo("qcow2", image, List.of("write -P 2 99k 1300k"));
        assertAgrees();
        Program.qemuImg("resize", "-q", "--shrink", "-f", "qcow2", image, String.valueOf((200 << 10) + SECTOR));
        assertAgrees();
    }

    @Test
    void bitmapsAreIgnored() throws Exception {
        create("cluster_size=64k", 1 << 20);
        Program.qemuImg("bitmap", "--add", image, "changes");
        Program.qemuIo("qcow2", image, List.of("write -P 1 100k 300k"));
        assertAgrees();
    }

    /** QEMU itself does not close it, so reference counts are wrong and the image is dirty. */
    @Test
    void notClosed() throws Exception {
        create("lazy_refcounts=on", 1 << 20);
        Program.qemuIo("qcow2", image, List.of("write -P 1 100k 300k", "write -P 2 0 4k", "write -z 200k 64k"));
        byte[] bytes = Files.readAllBytes(image);
        bytes[Qcow2Format.INCOMPATIBLE_FEATURES_OFFSET + 7] |= 1;
        Files.write(image, bytes);
        try (FileByteSource source = FileByteSource.open(image)) {
            Qcow2Disk disk = Qcow2Disk.open(source, ReadLimits.DEFAULT);
            byte[] ours = content(disk);
            Program.qemuImg("check", "-q", "-r", "all", image);
            assertThat(ours).isEqualTo(toRaw());
        }
    }

    /** As programs do that leave away what is not needed of the last cluster. */
    @ParameterizedTest
    @ValueSource(ints = {1, 511, 512, 4096, 65_024, 65_535})
    void fileThatEndsInsideTheLastCluster(int lengthBytes) throws Exception {
        create("cluster_size=64k", 128 << 10);
        Program.qemuIo("qcow2", image, List.of("write -P 1 0 128k"));
        byte[] bytes = Files.readAllBytes(image);
        Files.write(image, Arrays.copyOf(bytes, bytes.length - (64 << 10) + lengthBytes));
        try (FileByteSource source = FileByteSource.open(image)) {
            assertThat(content(Qcow2Disk.open(source, ReadLimits.DEFAULT))).isEqualTo(toRaw());
        }
    }

    /** Every limit at once: 64 Ki entries in one table, tens of thousands of tables. */
    @Test
    void hugeDiskWithAFewClusters() throws Exception {
        image = directory.resolve("image.qcow2");
        Program.qemuImg("create", "-q", "-f", "qcow2", "-o", "cluster_size=64k", image, "10T");
        Program.qemuIo(
                "qcow2",
                image,
                List.of("write -P 1 0 64k", "write -P 2 3T 1M", "write -z 5T 700M", "write -P 3 10995116277248 512"));
        try (FileByteSource source = FileByteSource.open(image)) {
            Qcow2Disk disk = Qcow2Disk.open(source, ReadLimits.DEFAULT);
            assertMapAgrees(disk);
            try (DiskContent content = new DiskContent(disk)) {
                assertThat(content.read((10L << 40) - 1, 1).get()).isEqualTo((byte) 3);
            }
        }
    }

    private void create(String options, int size) {
        image = directory.resolve("image.qcow2");
        Program.qemuImg("create", "-q", "-f", "qcow2", "-o", options, image, size);
    }

    /** Runs of random bytes that compress, of zeros, and of bytes that do not compress. */
    private Path randomRaw(int lengthBytes) throws IOException {
        Random random = new Random(lengthBytes);
        byte[] bytes = new byte[lengthBytes];
        int position = 0;
        while (position < lengthBytes) {
            int end = Math.min(lengthBytes, position + SECTOR * random.nextInt(1, 700));
            byte[] run = new byte[end - position];
            int mask = switch (random.nextInt(3)) {
                case 0 -> 0;
                case 1 -> 15;
                default -> 255;
            };
            random.nextBytes(run);
            for (int i = 0; i < run.length; i++) {
                bytes[position + i] = (byte) (run[i] & mask);
            }
            position = end;
        }
        return Files.write(directory.resolve("random.raw"), bytes);
    }

    private void assertAgrees() throws Exception {
        try (FileByteSource source = FileByteSource.open(image)) {
            Qcow2Disk disk = Qcow2Disk.open(source, ReadLimits.DEFAULT);
            assertMapAgrees(disk);
            assertThat(content(disk)).isEqualTo(toRaw());
        }
    }

    /**
     * QEMU's {@code data} is false for what the image says, or does not say, is zero. (Its {@code zero} is also true
     * where the image has data and the file a hole.) It splits runs differently, so they are compared piece by piece.
     */
    private void assertMapAgrees(Qcow2Disk disk) throws Exception {
        JsonNode qemuRuns = Program.qemuImgMap("qcow2", image);
        List<Extent> extents = Extents.walk(disk);
        int index = 0;
        long position = 0;
        for (JsonNode qemu : qemuRuns) {
            long end = qemu.get("start").asLong() + qemu.get("length").asLong();
            while (position < end) {
                Extent extent = extents.get(index);
                String about = "%s, of which QEMU says %s".formatted(extent, qemu);
                assertThat(extent instanceof Extent.Zero)
                        .as(about)
                        .isEqualTo(!qemu.get("data").asBoolean());
                switch (extent) {
                    case Extent.Zero zero -> {
                        assertThat(qemu.get("zero").asBoolean()).as(about).isTrue();
                        assertThat(zero.allocated())
                                .as(about)
                                .isEqualTo(qemu.get("present").asBoolean());
                    }
                    case Extent.Data data ->
                        assertThat(data.from(position).sourceOffset())
                                .as(about)
                                .isEqualTo(qemu.get("offset").asLong()
                                        + position
                                        - qemu.get("start").asLong());
                    case Extent.Packed ignored ->
                        assertThat(qemu.has("offset")).as(about).isFalse();
                }
                position = Math.min(end, extent.end());
                if (position == extent.end()) {
                    index++;
                }
            }
        }
        assertThat(position).isEqualTo(disk.info().virtualSizeBytes());
        assertThat(index).isEqualTo(extents.size());
    }

    private byte[] toRaw() throws IOException {
        Path raw = directory.resolve("qemu.raw");
        Program.qemuImg("convert", "-f", "qcow2", "-O", "raw", image, raw);
        return Files.readAllBytes(raw);
    }

    private static byte[] content(Qcow2Disk disk) throws IOException {
        try (DiskContent content = new DiskContent(disk)) {
            byte[] bytes = new byte[Math.toIntExact(content.lengthBytes())];
            content.read(0, ByteBuffer.wrap(bytes));
            return bytes;
        }
    }
}
