package io.virtualimage.disk;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A huge image of which only the beginning and the end may be read: any read that touches what lies between fails the
 * test. What is neither given head nor given tail reads as zeros.
 */
public final class GuardedByteSource implements ByteSource {
    private final long lengthBytes;
    private final byte[] head;
    private final byte[] tail;
    private final long headLimit;
    private final long tailLimit;

    public GuardedByteSource(long lengthBytes, byte[] head, byte[] tail, long headLimit, long tailLimit) {
        this.lengthBytes = lengthBytes;
        this.head = head;
        this.tail = tail;
        this.headLimit = headLimit;
        this.tailLimit = tailLimit;
    }

    @Override
    public long lengthBytes() {
        return lengthBytes;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        checkRange(offset, target.remaining());
        long end = offset + target.remaining();
        if (end > headLimit && offset < lengthBytes - tailLimit) {
            throw new AssertionError("read of %d to %d of %d".formatted(offset, end, lengthBytes));
        }
        int start = target.position();
        target.put(new byte[target.remaining()]);
        overlay(head, 0, offset, end, start, target);
        overlay(tail, lengthBytes - tail.length, offset, end, start, target);
    }

    private static void overlay(byte[] part, long partOffset, long offset, long end, int start, ByteBuffer target) {
        long from = Math.max(offset, partOffset);
        long to = Math.min(end, partOffset + part.length);
        if (from < to) {
            target.put((int) (start + from - offset), part, (int) (from - partOffset), (int) (to - from));
        }
    }
}
