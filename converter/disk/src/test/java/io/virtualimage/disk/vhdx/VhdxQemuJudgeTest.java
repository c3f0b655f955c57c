package io.virtualimage.disk.vhdx;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.content.DiskContent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** QEMU takes the images that were crafted for other tests, too, and finds the same in them. */
class VhdxQemuJudgeTest {
    @TempDir
    Path directory;

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.virtualimage.disk.vhdx.VhdxDiskTest#accepted")
    void agreesOnStructures(String name, UnaryOperator<CraftedVhdx> change) throws Exception {
        assertSame(change.apply(new CraftedVhdx()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("io.virtualimage.disk.vhdx.VhdxLogTest#asQemuDoes")
    void agreesOnLogs(String name, String expected, UnaryOperator<CraftedVhdx> change) throws Exception {
        assertSame(change.apply(new CraftedVhdx()));
    }

    private void assertSame(CraftedVhdx image) throws IOException, DiskException {
        Path file = Files.write(directory.resolve("image.vhdx"), image.bytes());
        Path raw = directory.resolve("image.raw");
        // Plays back the log.
        Program.qemuImg("check", "-f", "vhdx", "-r", "all", file);
        Program.qemuImg("convert", "-f", "vhdx", "-O", "raw", file, raw);
        try (DiskContent content = new DiskContent(VhdxDisk.open(image.source(), ReadLimits.DEFAULT))) {
            assertThat(content.read(0, (int) content.lengthBytes()).array()).isEqualTo(Files.readAllBytes(raw));
        }
    }
}
