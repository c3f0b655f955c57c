package io.virtualimage.disk.diff;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.DiskContent;
import io.virtualimage.disk.content.ExtentWalk;
import java.nio.ByteBuffer;
import java.util.Random;

/** The bytes that a guest sees, as QEMU has written them into a raw file: what a disk of ours is held against. */
final class ReferenceDisk {
    private static final int STEP_BYTES = 1 << 20;
    private static final int WINDOWS = 16;

    private final ByteSource expected;
    private final ByteBuffer expectedBytes = ByteBuffer.allocate(STEP_BYTES);
    private final ByteBuffer foundBytes = ByteBuffer.allocate(STEP_BYTES);

    ReferenceDisk(ByteSource expected) {
        this.expected = expected;
    }

    /** All bytes, run by run; runs that the map calls zero have to be so. */
    void compareAll(VirtualDisk disk) throws Exception {
        assertThat(disk.info().virtualSizeBytes()).as("virtual size").isEqualTo(expected.lengthBytes());
        try (DiskContent content = new DiskContent(disk)) {
            ExtentWalk walk = new ExtentWalk(disk);
            for (Extent extent = walk.next(); extent != null; extent = walk.next()) {
                for (long offset = extent.offset(); offset < extent.end(); offset += STEP_BYTES) {
                    compare(content, offset, (int) Math.min(STEP_BYTES, extent.end() - offset), extent);
                }
            }
        }
    }

    /** Some bytes anywhere, across the borders of runs, in no order. */
    void compareSome(VirtualDisk disk, Random random) throws Exception {
        long size = expected.lengthBytes();
        try (DiskContent content = new DiskContent(disk)) {
            for (int i = 0; i < WINDOWS; i++) {
                int count = (int) Math.min(size, 1 + random.nextInt(200 << 10));
                compare(content, random.nextLong(size - count + 1), count, "some bytes");
            }
        }
    }

    /** A source that has to have the same bytes. */
    void compareSource(ByteSource found) throws Exception {
        assertThat(found.lengthBytes()).as("length").isEqualTo(expected.lengthBytes());
        for (long offset = 0; offset < found.lengthBytes(); offset += STEP_BYTES) {
            compare(found, offset, (int) Math.min(STEP_BYTES, found.lengthBytes() - offset), "all bytes");
        }
    }

    private void compare(ByteSource found, long offset, int count, Object what) throws Exception {
        expected.read(offset, expectedBytes.clear().limit(count));
        found.read(offset, foundBytes.clear().limit(count));
        int difference = expectedBytes.flip().mismatch(foundBytes.flip());
        if (difference >= 0) {
            throw new AssertionError("the byte at 0x%x of the disk is 0x%02x, and 0x%02x to QEMU, in %s"
                    .formatted(offset + difference, foundBytes.get(difference), expectedBytes.get(difference), what));
        }
    }
}
