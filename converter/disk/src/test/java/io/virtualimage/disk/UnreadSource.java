package io.virtualimage.disk;

import java.nio.ByteBuffer;
import java.util.TreeMap;

/** A source of which only the length matters, and what it knows of its zeros: reading it fails the test. */
public final class UnreadSource implements ByteSource {
    private final long lengthBytes;
    private final TreeMap<Long, Long> zeroEnds = new TreeMap<>();

    public UnreadSource(long lengthBytes) {
        this.lengthBytes = lengthBytes;
    }

    /** A run that is known to be zeros. */
    public UnreadSource zeros(long offset, long count) {
        zeroEnds.put(offset, offset + count);
        return this;
    }

    @Override
    public long lengthBytes() {
        return lengthBytes;
    }

    @Override
    public void read(long offset, ByteBuffer target) {
        throw new AssertionError("read of %d bytes at %d".formatted(target.remaining(), offset));
    }

    @Override
    public long knownZeroBytes(long offset, long maxBytes) {
        var run = zeroEnds.floorEntry(offset);
        return run == null ? 0 : Math.clamp(run.getValue() - offset, 0, maxBytes);
    }
}
