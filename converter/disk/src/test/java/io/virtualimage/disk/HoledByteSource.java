package io.virtualimage.disk;

import java.io.EOFException;
import java.nio.ByteBuffer;

/** A source over an array that knows of one hole. */
public final class HoledByteSource implements ByteSource {
    private final MemoryByteSource bytes;
    private final long hole;
    private final long holeBytes;

    public HoledByteSource(byte[] bytes, long hole, long holeBytes) {
        this.bytes = new MemoryByteSource(bytes);
        this.hole = hole;
        this.holeBytes = holeBytes;
    }

    @Override
    public long lengthBytes() {
        return bytes.lengthBytes();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws EOFException {
        bytes.read(offset, target);
    }

    @Override
    public long knownZeroBytes(long offset, long maxBytes) {
        return offset >= hole && offset < hole + holeBytes ? Math.min(hole + holeBytes - offset, maxBytes) : 0;
    }
}
