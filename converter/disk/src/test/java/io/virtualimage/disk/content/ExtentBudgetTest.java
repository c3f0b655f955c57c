package io.virtualimage.disk.content;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class ExtentBudgetTest {
    /** A disk of 2^60 bytes, in which each sector is another run than the one before. */
    private record Alternating(long fileBytes) implements VirtualDisk, ByteSource {
        @Override
        public DiskInfo info() {
            return new DiskInfo(DiskFormat.QCOW2, 1L << 60, false);
        }

        @Override
        public ByteSource source() {
            return this;
        }

        @Override
        public long lengthBytes() {
            return fileBytes;
        }

        @Override
        public void read(long offset, ByteBuffer target) {
            throw new AssertionError();
        }

        @Override
        public Extent extentAt(long offset) {
            return new Extent.Zero(offset, 512, offset % 1024 == 0);
        }
    }

    @Test
    void moreRunsThanTheFileCanTell() throws Exception {
        ExtentWalk walk = new ExtentWalk(new Alternating(100_000));
        long most = 200_000 + (1 << 20);
        // One is ahead.
        for (long i = 0; i < most - 1; i++) {
            assertThat(walk.next() == null).isFalse();
        }
        assertThatThrownBy(walk::next)
                .isInstanceOf(DiskLimitException.class)
                .hasMessage("qcow2: the map has more runs than 1248576, the limit for a file of this length"
                        + " (at offset 0x0)");
    }

    @Test
    void filesOfAnyLength() throws Exception {
        for (long length : new long[] {Long.MAX_VALUE, Long.MAX_VALUE / 2, 1L << 61}) {
            new ExtentBudget(new Alternating(length)).take();
        }
    }
}
