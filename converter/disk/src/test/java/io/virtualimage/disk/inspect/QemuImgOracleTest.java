package io.virtualimage.disk.inspect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.sample.SampleImages;
import java.io.RandomAccessFile;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** The inspector and {@code qemu-img info} see the same in what {@code qemu-img} writes. */
class QemuImgOracleTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "compat=0.10 | 1G",
                "compat=0.10,cluster_size=512 | 100M",
                "compat=1.1 | 1G",
                "compat=1.1 | 512",
                "compat=1.1 | 64T",
                "compat=1.1,cluster_size=512 | 128G",
                "compat=1.1,cluster_size=4k | 10G",
                "compat=1.1,cluster_size=2M | 10G",
                "compat=1.1,cluster_size=2M | 1P",
                "compat=1.1,lazy_refcounts=on | 1G",
                "compat=1.1,extended_l2=on | 1G",
                "compat=1.1,extended_l2=on,cluster_size=16k | 1G",
                "compat=1.1,extended_l2=on,cluster_size=2M | 1T",
                "compat=1.1,compression_type=zlib | 1G",
                "compat=1.1,compression_type=zstd | 1G",
                "compat=1.1,refcount_bits=1 | 1G",
                "compat=1.1,refcount_bits=64 | 1G",
                "compat=1.1,preallocation=metadata | 1G",
            })
    void qcow2(String options, String size) throws Exception {
        Path image = directory.resolve("image.qcow2");
        Program.qemuImg("create", "-q", "-f", "qcow2", "-o", options, image, size);
        assertAgrees(image, DiskFormat.QCOW2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"zlib", "zstd"})
    void qcow2WithCompressedData(String compression) throws Exception {
        Path raw = directory.resolve("image.raw");
        Path image = directory.resolve("image.qcow2");
        SampleImages.writeRaw(raw, 20 << 20, 3 << 20, 1);
        Program.qemuImg("convert", "-c", "-O", "qcow2", "-o", "compression_type=" + compression, raw, image);
        assertAgrees(image, DiskFormat.QCOW2);
    }

    @Test
    void qcow2WithSnapshotsAndBitmaps() throws Exception {
        Path image = directory.resolve("image.qcow2");
        SampleImages.writeQcow2(image, 20 << 20, 3 << 20, 1);
        Program.qemuImg("snapshot", "-c", "one", image);
        Program.qemuImg("snapshot", "-c", "two", image);
        Program.qemuImg("bitmap", "--add", image, "changes");
        Program.qemuImg("resize", image, "2G");
        assertAgrees(image, DiskFormat.QCOW2);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 512, 513, 1 << 20, (1 << 20) + 1, 5L << 30})
    void raw(long lengthBytes) throws Exception {
        Path image = directory.resolve("image.raw");
        try (RandomAccessFile file = new RandomAccessFile(image.toFile(), "rw")) {
            file.setLength(lengthBytes);
        }
        assertAgrees(image, DiskFormat.RAW);
    }

    @ParameterizedTest
    @CsvSource({"dynamic, 512", "dynamic, 64T", "fixed, 9M"})
    void vhdx(String subformat, String size) throws Exception {
        Path image = directory.resolve("image.vhdx");
        Program.qemuImg("create", "-q", "-f", "vhdx", "-o", "subformat=" + subformat, image, size);
        assertAgrees(image, DiskFormat.VHDX);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "vmdk | subformat=monolithicFlat | vmdk",
                "qed | cluster_size=65536 | qed",
                "parallels | cluster_size=1M | parallels",
                "qcow | encryption=off | qcow",
            })
    void knownButRefused(String format, String options, String name) throws Exception {
        Path image = directory.resolve("image");
        Program.qemuImg("create", "-q", "-f", format, "-o", options, image, "8M");
        assertRefused(image, name);
    }

    @ParameterizedTest
    @CsvSource({"vdi, static=off", "vdi, static=on", "vpc, subformat=dynamic"})
    void otherFormats(String format, String options) throws Exception {
        Path image = directory.resolve("image");
        Program.qemuImg("create", "-q", "-f", format, "-o", options, image, "8M");
        assertAgrees(image, DiskFormat.ofWireName(format).orElseThrow());
    }

    private static void assertRefused(Path image, String name) throws Exception {
        try (FileByteSource source = FileByteSource.open(image)) {
            assertThatThrownBy(() -> DiskInspector.inspect(source))
                    .isInstanceOf(UnsupportedDiskException.class)
                    .hasMessageStartingWith(name + ": ");
        }
    }

    private static void assertAgrees(Path image, DiskFormat expected) throws Exception {
        JsonNode qemu = Program.qemuImgInfo(image);
        try (FileByteSource source = FileByteSource.open(image)) {
            DiskInfo ours = DiskInspector.inspect(source);
            assertThat(ours.format()).isEqualTo(expected);
            assertThat(ours.format().wireName()).isEqualTo(qemu.get("format").asString());
            assertThat(ours.virtualSizeBytes())
                    .isEqualTo(qemu.get("virtual-size").asLong());
        }
    }
}
