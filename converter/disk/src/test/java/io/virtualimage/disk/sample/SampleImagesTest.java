package io.virtualimage.disk.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.inspect.DiskInspector;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SampleImagesTest {
    private static final long MIB = 1 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "512, 0",
        "65536, 65536",
        "66048, 66048",
        "10486272, 10486272", // data everywhere, the last cluster cut
        "104857600, 20971520",
        "2147483648, 6291456", // several L2 tables
        "1099511627776, 9437184", // sparse
        "1125899906842624, 131072", // 1 PiB: the L1 table has 16 MiB
    })
    void qemuImgFindsTheSameDiskInQcow2AndRaw(long virtualSizeBytes, long dataBytes) throws Exception {
        Path qcow2 = directory.resolve("image.qcow2");
        SampleImages.writeQcow2(qcow2, virtualSizeBytes, dataBytes, 42);
        assertThat(Files.size(qcow2)).isEqualTo(SampleImages.qcow2LengthBytes(virtualSizeBytes, dataBytes));
        assertThat(Program.qemuImg("check", "-f", "qcow2", qcow2)).contains("No errors were found");
        assertThat(inspect(qcow2)).isEqualTo(new DiskInfo(DiskFormat.QCOW2, virtualSizeBytes, false));
        if (virtualSizeBytes <= 1L << 40) {
            Path raw = directory.resolve("image.raw");
            SampleImages.writeRaw(raw, virtualSizeBytes, dataBytes, 42);
            assertThat(Program.qemuImg("compare", "-f", "qcow2", "-F", "raw", qcow2, raw))
                    .contains("Images are identical");
            assertThat(inspect(raw)).isEqualTo(new DiskInfo(DiskFormat.RAW, virtualSizeBytes, false));
        }
    }

    @Test
    void refcountBlocksCountThemselves() {
        // A block counts 32,768 clusters: 2 GiB.
        long dataBytes = 32_768L * 65_536;
        assertThat(SampleImages.qcow2LengthBytes(10L << 30, dataBytes) / 65_536).isEqualTo(1 + 1 + 2 + 1 + 20 + 32_768);
    }

    @Test
    void streamAndFileAreTheSame() throws Exception {
        ByteArrayOutputStream stream = new ByteArrayOutputStream();
        Path file = directory.resolve("file");
        SampleImages.writeRaw(stream, 9 * MIB + 512, 5 * MIB, 3);
        SampleImages.writeRaw(file, 9 * MIB + 512, 5 * MIB, 3);
        assertThat(Files.readAllBytes(file)).isEqualTo(stream.toByteArray());
        stream.reset();
        SampleImages.writeQcow2(stream, 9 * MIB + 512, 5 * MIB, 3);
        SampleImages.writeQcow2(file, 9 * MIB + 512, 5 * MIB, 3);
        assertThat(Files.readAllBytes(file)).isEqualTo(stream.toByteArray());
        stream.reset();
        SampleImages.writeIso(stream, 100_001, 3, "A");
        SampleImages.writeIso(file, 100_001, 3, "A");
        assertThat(Files.readAllBytes(file)).isEqualTo(stream.toByteArray());
    }

    @Test
    void anOlderFileDoesNotShowThrough() throws Exception {
        Path file = Files.write(directory.resolve("file"), new byte[] {1, 2, 3});
        SampleImages.writeRaw(file, 20 * MIB, 20 * MIB, 1);
        SampleImages.writeRaw(file, 10 * MIB, 0, 1);
        byte[] bytes = Files.readAllBytes(file);
        assertThat(bytes).hasSize(10 << 20);
        assertThat(bytes[65_535]).isNotZero();
        for (int i = 65_536; i < bytes.length; i++) {
            if (bytes[i] != 0) {
                throw new AssertionError("not zero at " + i);
            }
        }
    }

    @Test
    void theSeedDecidesTheBytes() throws Exception {
        assertThat(iso(100_000, 1)).isEqualTo(iso(100_000, 1)).isNotEqualTo(iso(100_000, 2));
        byte[] first = new byte[65_536];
        byte[] second = new byte[65_536];
        SampleData.fill(1, 0, first);
        SampleData.fill(1, 1, second);
        assertThat(first).isNotEqualTo(second);
        // The seed's meaning is part of the contract: benches compare over time.
        assertThat(HexFormat.of().formatHex(first, 0, 8)).isEqualTo("6f6177fb52b18141");
    }

    @Test
    void dataDoNotCompress() {
        byte[] block = new byte[65_536];
        SampleData.fill(5, 5, block);
        try (Deflater deflater = new Deflater()) {
            deflater.setInput(block);
            deflater.finish();
            assertThat(deflater.deflate(new byte[70_000])).isGreaterThan(65_000);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2048, 2049, 3_000_000})
    void isoIsAnIso(long dataBytes) throws Exception {
        Path iso = directory.resolve("image.iso");
        SampleImages.writeIso(iso, dataBytes, 9, "VIRTUAL_IMAGE");
        assertThat(Files.size(iso)).isEqualTo(SampleImages.isoLengthBytes(dataBytes));
        assertThat(Program.file(iso)).isEqualTo("ISO 9660 CD-ROM filesystem data 'VIRTUAL_IMAGE'");
        assertThat(inspect(iso)).isEqualTo(new DiskInfo(DiskFormat.ISO, Files.size(iso), true));
    }

    @Test
    void refusesWhatItCannotWrite() {
        OutputStream target = OutputStream.nullOutputStream();
        assertThatIllegalArgumentException().isThrownBy(() -> SampleImages.writeQcow2(target, 0, 0, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> SampleImages.writeQcow2(target, 513, 0, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> SampleImages.writeQcow2(target, 512, 513, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> SampleImages.writeQcow2(target, 1L << 51, 0, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> SampleImages.writeRaw(target, 512, -1, 1));
        assertThatIllegalArgumentException().isThrownBy(() -> SampleImages.writeIso(target, 1L << 32, 1, "A"));
        assertThatIllegalArgumentException().isThrownBy(() -> SampleImages.writeIso(target, 1, 1, "lower case"));
    }

    private static byte[] iso(long dataBytes, long seed) throws Exception {
        ByteArrayOutputStream target = new ByteArrayOutputStream();
        SampleImages.writeIso(target, dataBytes, seed, "LABEL");
        return target.toByteArray();
    }

    private static DiskInfo inspect(Path image) throws Exception {
        try (FileByteSource source = FileByteSource.open(image)) {
            return DiskInspector.inspect(source);
        }
    }
}
