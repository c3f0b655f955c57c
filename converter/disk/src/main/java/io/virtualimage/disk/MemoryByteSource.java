package io.virtualimage.disk;

import java.io.EOFException;
import java.nio.ByteBuffer;

/** A source over an array, which is not copied. Safe for use by several threads. */
public final class MemoryByteSource implements ByteSource {
    private final byte[] bytes;

    public MemoryByteSource(byte[] bytes) {
        this.bytes = bytes;
    }

    @Override
    public long lengthBytes() {
        return bytes.length;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws EOFException {
        checkRange(offset, target.remaining());
        target.put(bytes, (int) offset, target.remaining());
    }
}
