package io.virtualimage.disk.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.Program;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** {@code vdisk} says and does what {@code qemu-img} says and does. */
class VdiskOracleTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "compat=0.10",
                "compat=1.1",
                "compat=1.1,cluster_size=4k",
                "compat=1.1,cluster_size=2M",
                "compat=1.1,extended_l2=on",
                "compat=1.1,compression_type=zstd",
                "compat=1.1,refcount_bits=1",
            })
    void info(String options) {
        Path image = directory.resolve("image.qcow2");
        Program.qemuImg("create", "-q", "-f", "qcow2", "-o", options, image, "1536M");
        assertSameInfo(image);
        assertThat(Ran.vdisk("info", image).out().lines())
                .contains("file format: qcow2", "virtual size: 1.5 GiB (1610612736 bytes)")
                .isSubsetOf(Program.qemuImg("info", image).lines().toList());
    }

    @Test
    void infoOfRaw() throws IOException {
        Path image = mixedRaw("image \"raw\" ä\n.img", 5 * MIB);
        assertSameInfo(image);
    }

    private static void assertSameInfo(Path image) {
        JsonNode ours = Ran.vdisk("info", "--output=json", image).json();
        JsonNode theirs = Program.qemuImgInfo(image);
        assertThat(ours.propertyNames()).contains("virtual-size", "filename", "format", "actual-size", "dirty-flag");
        assertSubset(ours, theirs);
    }

    private static void assertSubset(JsonNode ours, JsonNode theirs) {
        for (String name : ours.propertyNames()) {
            assertThat(theirs.has(name)).as(name).isTrue();
            if (ours.get(name).isObject()) {
                assertSubset(ours.get(name), theirs.get(name));
            } else {
                assertThat(ours.get(name)).as(name).isEqualTo(theirs.get(name));
            }
        }
    }

    @Test
    void mapOfQcow2() {
        Path image = directory.resolve("image.qcow2");
        Program.qemuImg("create", "-q", "-f", "qcow2", image, "1G");
        qemuIo(image, "write -P 1 64k 128k", "write -z 1M 64k", "write -c -P 3 2M 64k", "write -P 4 600M 300k");
        assertSameMap(image, "qcow2");
    }

    /** All is allocated, and most of it holes of the image file. */
    @Test
    void mapOfHolesInData() {
        Path image = directory.resolve("image.qcow2");
        Program.qemuImg("create", "-q", "-f", "qcow2", "-o", "preallocation=metadata", image, "64M");
        qemuIo(image, "write -P 1 64k 128k", "write -P 4 60M 320k");
        assertSameMap(image, "qcow2");
    }

    @Test
    void mapOfRaw() throws IOException {
        assertSameMap(mixedRaw("image.raw", 5 * MIB), "raw");
    }

    @Test
    void mapOfRawThatIsNoWholeSectors() throws IOException {
        Path image = mixedRaw("image.raw", 5 * MIB);
        Path odd = directory.resolve("odd.raw");
        Files.copy(image, odd);
        try (RandomAccessFile file = new RandomAccessFile(odd.toFile(), "rw")) {
            file.setLength(7 * MIB + 100);
        }
        JsonNode ours = Ran.vdisk("map", "--output=json", odd).json();
        JsonNode last = ours.get(ours.size() - 1);
        assertThat(last.get("start").asLong() + last.get("length").asLong()).isEqualTo(7 * MIB + 512);
    }

    private static void assertSameMap(Path image, String format) {
        JsonNode ours = Ran.vdisk("map", "--output=json", image).json();
        JsonNode theirs =
                Ran.qemuImg("map", "-f", format, "--output=json", image).json();
        assertThat(ours.size()).isGreaterThan(3);
        for (JsonNode entry : ours) {
            assertThat(entry.get("compressed").asBoolean())
                    .isEqualTo(entry.get("data").asBoolean() && !entry.has("offset"));
            ((ObjectNode) entry).remove("compressed"); // QEMU tells from version 8.2 on
        }
        for (JsonNode entry : theirs) {
            ((ObjectNode) entry).remove("compressed");
        }
        assertThat(ours).isEqualTo(theirs);
    }

    @Test
    void mapAsTable() {
        Path image = directory.resolve("image.qcow2");
        Program.qemuImg("create", "-q", "-f", "qcow2", image, "1G");
        qemuIo(image, "write -P 1 0 128k", "write -P 4 600M 300k");
        String theirs = Program.qemuImg("map", image);
        assertThat(Ran.vdisk("map", image).out()).isEqualTo(theirs);
        assertThat(theirs.lines().count()).isGreaterThan(2);
    }

    @ParameterizedTest
    @CsvSource({"false, zlib, 1", "true, zlib, 4", "true, zlib, 1"})
    void convertToRaw(boolean compressed, String type, int threads) throws IOException {
        Path raw = mixedRaw("image.raw", 20 * MIB);
        Path image = directory.resolve("image.qcow2");
        String options = "compression_type=" + type;
        if (compressed) {
            Program.qemuImg("convert", "-c", "-O", "qcow2", "-o", options, raw, image);
        } else {
            Program.qemuImg("convert", "-O", "qcow2", "-o", options, raw, image);
        }
        Path copy = directory.resolve("copy.raw");
        assertDone(Ran.vdisk("convert", "-O", "raw", "-m", threads, image, copy));
        assertThat(Files.mismatch(copy, raw)).isEqualTo(-1);
        assertThat(allocated(copy)).isLessThanOrEqualTo(allocated(raw));
        assertOnly(raw, image, copy);
    }

    @Test
    void convertToRawFindsZerosInData() throws IOException {
        Path raw = directory.resolve("full.raw");
        byte[] bytes = new byte[4 * MIB];
        bytes[0] = 1;
        bytes[MIB + 4096] = 1;
        bytes[2 * MIB - 1] = 1;
        Files.write(raw, bytes);
        Path copy = directory.resolve("copy.raw");
        assertDone(Ran.vdisk("convert", raw, copy));
        assertThat(Files.mismatch(copy, raw)).isEqualTo(-1);
        assertThat(allocated(raw)).isGreaterThanOrEqualTo(4 * MIB);
        assertThat(allocated(copy)).isEqualTo(3 * 4096);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void convertToQcow2(int threads) throws IOException {
        Path raw = mixedRaw("image.raw", 20 * MIB + 1536);
        Path copy = directory.resolve("copy.qcow2");
        Path theirs = directory.resolve("theirs.qcow2");
        assertDone(Ran.vdisk("convert", "-O", "qcow2", "-m", threads, raw, copy));
        Program.qemuImg("convert", "-O", "qcow2", raw, theirs);
        Program.qemuImg("check", copy);
        Program.qemuImg("compare", copy, raw);
        assertThat(allocatedClusters(copy)).isEqualTo(allocatedClusters(theirs)).isGreaterThan(20);
        assertOnly(raw, copy, theirs);
    }

    @Test
    void convertCompressedToQcow2() throws IOException {
        Path raw = mixedRaw("image.raw", 20 * MIB);
        Path image = directory.resolve("image.qcow2");
        Path copy = directory.resolve("copy.qcow2");
        Program.qemuImg("convert", "-c", "-O", "qcow2", raw, image);
        assertDone(Ran.vdisk("convert", "-O", "qcow2", image, copy));
        Program.qemuImg("check", copy);
        Program.qemuImg("compare", copy, raw);
    }

    @Test
    void convertAnEmptyDisk() {
        Path image = directory.resolve("image.qcow2");
        Path copy = directory.resolve("copy.qcow2");
        Path raw = directory.resolve("copy.raw");
        Program.qemuImg("create", "-q", "-f", "qcow2", image, "3T");
        assertDone(Ran.vdisk("convert", "-O", "qcow2", image, copy));
        assertDone(Ran.vdisk("convert", image, raw));
        Program.qemuImg("check", copy);
        assertThat(Program.qemuImgInfo(copy).get("virtual-size").asLong()).isEqualTo(3L << 40);
        assertThat(raw.toFile().length()).isEqualTo(3L << 40);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "write -P 1 0 1M | write -P 1 0 1M",
                "write -P 1 0 1M | write -P 1 0 1M' 'write -z 2M 64k",
                "write -P 1 0 1M | write -P 2 0 1M",
                "write -P 1 0 1M | write -P 1 0 1M' 'write -P 1 7M 512",
                "write -P 1 0 1M | write -P 0 0 1M",
                "write -P 0 0 1M | write -z 4M 1M",
                "write -P 7 3M 64k | write -P 7 3M 64k' 'write -P 8 3081k 1k",
            })
    void compare(String oneWrites, String otherWrites) {
        Path one = directory.resolve("one.qcow2");
        Path other = directory.resolve("other.qcow2");
        Path larger = directory.resolve("larger.qcow2");
        Program.qemuImg("create", "-q", "-f", "qcow2", one, "8M");
        Program.qemuImg("create", "-q", "-f", "qcow2", other, "8M");
        Program.qemuImg("create", "-q", "-f", "qcow2", larger, "12M");
        qemuIo(one, oneWrites.split("' '", -1));
        qemuIo(other, otherWrites.split("' '", -1));
        qemuIo(larger, otherWrites.split("' '", -1));
        assertSameComparison(one, other);
        assertSameComparison(other, one);
        assertSameComparison("-s", one, other);
        assertSameComparison("-s", one, one);
        assertSameComparison(one, larger);
        assertSameComparison(larger, one);
        assertSameComparison("-s", one, larger);
        qemuIo(larger, "write -P 1 11M 512");
        assertSameComparison(other, larger);
        assertSameComparison(larger, other);
    }

    private static void assertSameComparison(Object... arguments) {
        Object[] all = new Object[arguments.length + 1];
        all[0] = "compare";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        Ran ours = Ran.vdisk(all);
        Ran theirs = Ran.qemuImg(all);
        assertThat(ours.code()).isEqualTo(theirs.code());
        assertThat(withoutStatusOffset(ours.out())).isEqualTo(withoutStatusOffset(theirs.out()));
    }

    /** QEMU names where the run begins, we where the difference does. */
    private static String withoutStatusOffset(String said) {
        return said.replaceFirst("^Strict mode: Offset \\d+ ", "Strict mode: Offset ");
    }

    /** Data, zeros that are stored, and holes. */
    private Path mixedRaw(String name, int lengthBytes) throws IOException {
        Path image = directory.resolve(name);
        Random random = new Random(lengthBytes);
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(lengthBytes);
            for (int offset = 0; offset < lengthBytes - MIB; offset += MIB) {
                byte[] run = new byte[4096 * (1 + random.nextInt(100))];
                random.nextBytes(run);
                Arrays.fill(run, run.length / 2, run.length / 2 + run.length / 4, (byte) 0);
                file.seek(offset + 4096L * random.nextInt(100));
                file.write(run);
            }
            file.seek(lengthBytes - 512);
            file.write(1);
        }
        return image;
    }

    private static void qemuIo(Path image, String... commands) {
        List<Object> all = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
        for (String command : commands) {
            all.addAll(List.of("-c", command));
        }
        all.add(image);
        assertThat(Ran.program(Map.of(), all).code()).isZero();
    }

    private static void assertDone(Ran ran) {
        assertThat(ran).isEqualTo(new Ran(0, "", ""));
    }

    private static long allocated(Path file) throws IOException {
        try (FileByteSource source = FileByteSource.open(file)) {
            return source.allocatedBytes().orElseThrow();
        }
    }

    private static long allocatedClusters(Path image) {
        return Ran.qemuImg("check", "--output=json", image)
                .json()
                .get("allocated-clusters")
                .asLong();
    }

    private void assertOnly(Path... files) throws IOException {
        try (var all = Files.list(directory)) {
            assertThat(all).containsExactlyInAnyOrder(files);
        }
    }
}
