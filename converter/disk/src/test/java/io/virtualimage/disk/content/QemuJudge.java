package io.virtualimage.disk.content;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.WithoutHoles;
import io.virtualimage.disk.inspect.DiskInspector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import tools.jackson.databind.JsonNode;

/** Holds what we see of an image against what {@code qemu-img} sees. For disks of some megabytes. */
public final class QemuJudge {
    private static final int STEP_BYTES = 1 << 16;

    private QemuJudge() {}

    /** What {@code qemu-io} may be told to do: writes of any place, length and pattern, given by the seed. */
    public static List<String> writes(long seed, long virtualSizeBytes, int count) {
        Random random = new Random(seed);
        List<String> commands = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            long offset = random.nextLong(virtualSizeBytes);
            long length = Math.min(virtualSizeBytes - offset, random.nextLong(1, 200_000));
            commands.add("write -q -P %d %d %d".formatted(random.nextInt(256), offset, length));
        }
        // The disk's last byte, always.
        commands.add("write -q -P 165 %d 1".formatted(virtualSizeBytes - 1));
        return commands;
    }

    /** The size, and every byte, in one pass and at random places. */
    public static void assertSameContent(String format, Path image) throws Exception {
        Path raw = Files.createTempFile(image.toAbsolutePath().getParent(), "judge", ".raw");
        Program.qemuImg("convert", "-f", format, "-O", "raw", image, raw);
        byte[] expected = Files.readAllBytes(raw);
        try (FileByteSource source = FileByteSource.open(image);
                DiskContent content = new DiskContent(DiskInspector.open(source, ReadLimits.DEFAULT))) {
            assertThat(content.lengthBytes()).isEqualTo(expected.length);
            for (int offset = 0; offset < expected.length; offset += STEP_BYTES) {
                assertRange(content, expected, offset, Math.min(STEP_BYTES, expected.length - offset));
            }
            Random random = new Random(1);
            for (int i = 0; i < 200; i++) {
                int offset = random.nextInt(expected.length);
                assertRange(content, expected, offset, Math.min(random.nextInt(1, 5000), expected.length - offset));
            }
        }
    }

    /** The very same runs are known to be zeros. */
    public static void assertSameZeros(String format, Path image) throws Exception {
        assertThat(ourZeros(image)).isEqualTo(theirZeros(format, image));
    }

    /** What is known to be zeros here is so there, too, where holes of the file are known besides. */
    public static void assertNoOtherZeros(String format, Path image) throws Exception {
        BitSet zeros = ourZeros(image);
        zeros.andNot(theirZeros(format, image));
        assertThat(zeros.isEmpty()).isTrue();
    }

    private static void assertRange(DiskContent content, byte[] expected, int offset, int length) throws Exception {
        int end = offset + length;
        assertThat(Arrays.equals(content.read(offset, length).array(), 0, length, expected, offset, end))
                .as("%d bytes at %d", length, offset)
                .isTrue();
    }

    /** Of the image only: where its file has holes, QEMU doesn't say for all formats. */
    private static BitSet ourZeros(Path image) throws Exception {
        BitSet zeros = new BitSet();
        try (FileByteSource source = FileByteSource.open(image)) {
            VirtualDisk disk = DiskInspector.open(new WithoutHoles(source), ReadLimits.DEFAULT);
            ExtentWalk walk = new ExtentWalk(disk);
            for (Extent extent = walk.next(); extent != null; extent = walk.next()) {
                if (extent instanceof Extent.Zero) {
                    set(zeros, extent.offset(), extent.lengthBytes());
                }
            }
        }
        return zeros;
    }

    private static BitSet theirZeros(String format, Path image) {
        BitSet zeros = new BitSet();
        for (JsonNode run : Program.qemuImgMap(format, image)) {
            if (run.get("zero").asBoolean()) {
                set(zeros, run.get("start").asLong(), run.get("length").asLong());
            }
        }
        return zeros;
    }

    private static void set(BitSet sectors, long offset, long lengthBytes) {
        assertThat(offset % DiskInfo.SECTOR_BYTES).isZero();
        assertThat(lengthBytes % DiskInfo.SECTOR_BYTES).isZero();
        sectors.set((int) (offset / DiskInfo.SECTOR_BYTES), (int) ((offset + lengthBytes) / DiskInfo.SECTOR_BYTES));
    }
}
