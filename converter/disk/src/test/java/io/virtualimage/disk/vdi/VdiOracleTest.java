package io.virtualimage.disk.vdi;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.QemuJudge;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** QEMU sees the same disk in the images that it writes, and in some that it does not. */
class VdiOracleTest {
    @TempDir
    Path directory;

    @ParameterizedTest
    @CsvSource({
        "off, 1", "off, 512", "off, 1048576", "off, 1049088", "off, 7777777", "off, 20000256",
        "on, 1", "on, 512", "on, 1048576", "on, 1049088", "on, 7777777", "on, 20000256"
    })
    void written(String isStatic, long sizeBytes) throws Exception {
        Path image = directory.resolve("image.vdi");
        Program.qemuImg("create", "-q", "-f", "vdi", "-o", "static=" + isStatic, image, sizeBytes);
        assertSame(image, isStatic);
        long virtualSizeBytes = Program.qemuImgInfo(image).get("virtual-size").asLong();
        Program.qemuIo("vdi", image, QemuJudge.writes(sizeBytes, virtualSizeBytes, 12));
        assertSame(image, isStatic);
    }

    @ParameterizedTest
    @ValueSource(strings = {"on", "off"})
    void converted(String isStatic) throws Exception {
        Path raw = Files.write(directory.resolve("image.raw"), new byte[9_999_999]);
        Program.qemuIo("raw", raw, QemuJudge.writes(5, 9_999_999, 12));
        Path image = directory.resolve("image.vdi");
        Program.qemuImg("convert", "-f", "raw", "-O", "vdi", "-o", "static=" + isStatic, raw, image);
        assertSame(image, isStatic);
    }

    @Test
    void crafted() throws Exception {
        for (CraftedVdi crafted : new CraftedVdi[] {
            new CraftedVdi(),
            new CraftedVdi().map(1, 0xfffffffeL),
            new CraftedVdi().map(1, 1),
            new CraftedVdi().map(0, 0).map(2, 1).length(CraftedVdi.DATA + 2 * CraftedVdi.BLOCK_BYTES - 512),
            new CraftedVdi().u64(368, 1),
            new CraftedVdi().u64(368, 2 * CraftedVdi.BLOCK_BYTES + 1)
        }) {
            assertSame(Files.write(directory.resolve("image.vdi"), crafted.bytes()), "off");
        }
    }

    /** What a map of two pages says is found where QEMU put it. */
    @Test
    void sparse() throws Exception {
        Path image = directory.resolve("image.vdi");
        Program.qemuImg("create", "-q", "-f", "vdi", image, "16G");
        Program.qemuIo("vdi", image, QemuJudge.writes(3, 16L << 30, 12));
        QemuJudge.assertSameZeros("vdi", image);
        try (FileByteSource source = FileByteSource.open(image)) {
            VirtualDisk disk = VdiDisk.open(source, ReadLimits.DEFAULT);
            assertThat(disk.info().virtualSizeBytes()).isEqualTo(16L << 30);
        }
    }

    private static void assertSame(Path image, String isStatic) throws Exception {
        QemuJudge.assertSameContent("vdi", image);
        if (isStatic.equals("on")) {
            QemuJudge.assertNoOtherZeros("vdi", image);
        } else {
            QemuJudge.assertSameZeros("vdi", image);
        }
    }
}
