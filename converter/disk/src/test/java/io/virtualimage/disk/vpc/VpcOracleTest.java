package io.virtualimage.disk.vpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.content.QemuJudge;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** QEMU sees the same disk in the images that it writes, and in some that it does not. */
class VpcOracleTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "dynamic, off, 1",
        "dynamic, off, 2097152",
        "dynamic, off, 7777777",
        "dynamic, off, 20000256",
        "dynamic, on, 512",
        "dynamic, on, 2097152",
        "dynamic, on, 2097664",
        "dynamic, on, 20000256",
        "fixed, off, 1",
        "fixed, off, 7777777",
        "fixed, on, 512",
        "fixed, on, 2097664",
        "fixed, on, 20000256"
    })
    void written(String subformat, String forceSize, long sizeBytes) throws Exception {
        Path image = directory.resolve("image.vhd");
        String options = "subformat=%s,force_size=%s".formatted(subformat, forceSize);
        Program.qemuImg("create", "-q", "-f", "vpc", "-o", options, image, sizeBytes);
        assertSame(image, subformat);
        Program.qemuIo("vpc", image, QemuJudge.writes(sizeBytes, virtualSize(image), 12));
        assertSame(image, subformat);
        assertThat(Program.vhdiInfo(image)).contains("(%d bytes)".formatted(virtualSize(image)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"dynamic", "fixed"})
    void converted(String subformat) throws Exception {
        Path raw = Files.write(directory.resolve("image.raw"), new byte[9_999_999]);
        Program.qemuIo("raw", raw, QemuJudge.writes(5, 9_999_999, 12));
        Path image = directory.resolve("image.vhd");
        Program.qemuImg("convert", "-f", "raw", "-O", "vpc", "-o", "subformat=" + subformat, raw, image);
        assertSame(image, subformat);
    }

    /** Of the other creators, versions of QEMU think differently. */
    @ParameterizedTest
    @ValueSource(strings = {"vpc ", "qemu", "qem2", "win ", "d2v ", "tap\0", "CTXS"})
    void creators(String creator) throws Exception {
        for (CraftedVpc crafted : List.of(
                CraftedVpc.dynamic().creator(creator),
                CraftedVpc.fixed().creator(creator),
                CraftedVpc.dynamic().creator(creator).geometry(65_535, 16, 255))) {
            QemuJudge.assertSameContent("vpc", write(crafted));
        }
    }

    @Test
    void crafted() throws Exception {
        for (CraftedVpc crafted : List.of(
                CraftedVpc.dynamic(),
                CraftedVpc.dynamic().length(CraftedVpc.SECOND + CraftedVpc.BLOCK_BYTES),
                CraftedVpc.dynamic().old(),
                CraftedVpc.dynamic().sealed().u8(CraftedVpc.SECOND + CraftedVpc.BLOCK_BYTES, 0),
                CraftedVpc.dynamic().entry(1, CraftedVpc.FIRST / 512 - 1),
                CraftedVpc.dynamic().u32(CraftedVpc.HEADER + 32, 4096).footer64(48, 3 * 4096),
                // Bitmaps of all kinds, which say nothing
                CraftedVpc.dynamic().u64(CraftedVpc.FIRST - 512, -1),
                CraftedVpc.dynamic().u64(CraftedVpc.SECOND - 512, 0x0123456789abcdefL),
                CraftedVpc.fixed(),
                CraftedVpc.fixed().old(),
                CraftedVpc.fixed().footer64(48, 1536))) {
            QemuJudge.assertSameContent("vpc", write(crafted));
        }
    }

    @Test
    void refusedByBoth() throws Exception {
        for (CraftedVpc crafted : List.of(
                CraftedVpc.dynamic().sealed().u8(100, 1),
                CraftedVpc.dynamic().sealed().u64(0, 0),
                CraftedVpc.fixed().sealed().u8(CraftedVpc.VIRTUAL_BYTES + 100, 1),
                CraftedVpc.dynamic().u32(CraftedVpc.HEADER + 32, 3 << 16),
                CraftedVpc.dynamic().u32(CraftedVpc.HEADER + 28, 2),
                CraftedVpc.dynamic().u64(CraftedVpc.HEADER + 16, 1L << 40),
                CraftedVpc.dynamic().footer64(16, 1024))) {
            Path image = write(crafted);
            assertThatThrownBy(() -> Program.qemuImg("info", "-f", "vpc", image))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("Could not open");
            try (FileByteSource source = FileByteSource.open(image)) {
                assertThatThrownBy(() -> VpcDisk.open(source, ReadLimits.DEFAULT))
                        .isInstanceOf(MalformedDiskException.class);
            }
        }
    }

    /** What a table of more than a page says is found where QEMU put it. */
    @Test
    void sparse() throws Exception {
        Path image = directory.resolve("image.vhd");
        Program.qemuImg("create", "-q", "-f", "vpc", "-o", "force_size=on", image, "32G");
        Program.qemuIo("vpc", image, QemuJudge.writes(3, 32L << 30, 12));
        QemuJudge.assertSameZeros("vpc", image);
    }

    private Path write(CraftedVpc crafted) throws IOException {
        return Files.write(directory.resolve("crafted.vhd"), crafted.bytes());
    }

    private static long virtualSize(Path image) throws Exception {
        try (FileByteSource source = FileByteSource.open(image)) {
            return VpcDisk.open(source, ReadLimits.DEFAULT).info().virtualSizeBytes();
        }
    }

    private static void assertSame(Path image, String subformat) throws Exception {
        QemuJudge.assertSameContent("vpc", image);
        if (subformat.equals("fixed")) {
            QemuJudge.assertNoOtherZeros("vpc", image);
        } else {
            QemuJudge.assertSameZeros("vpc", image);
        }
    }
}
