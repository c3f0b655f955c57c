package io.virtualimage.disk;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Bytes that can be read at any offset: a file, staged segments, memory.
 *
 * <p>The length and the bytes must not change while the source is in use. Reading is idempotent. Whether a source may
 * be read by several threads at once is said by its implementation. What is opened is closed by whoever opened it.
 */
public interface ByteSource {
    /** Length of the source in bytes, never negative. */
    long lengthBytes();

    /**
     * Fills {@code target} from its position to its limit with the bytes that start at {@code offset}.
     *
     * @param offset in bytes from the start of the source
     * @throws EOFException if the range does not lie inside the source; {@code target} is then undefined
     * @throws IOException as the medium gives it
     */
    void read(long offset, ByteBuffer target) throws IOException;

    /**
     * How many bytes from {@code offset} on are known, without reading them, to be zeros: a hole of a sparse file, or
     * blocks that were found to be zero when they were staged. Zero says nothing about the bytes.
     *
     * @param maxBytes the answer is never above this
     */
    default long knownZeroBytes(long offset, long maxBytes) throws IOException {
        return 0;
    }

    /**
     * How many bytes there are from {@code offset} on before the next that {@link #knownZeroBytes} knows to be zero.
     * All of them, if there is none, or none is known: so the
     * answer may be too many, never too few.
     *
     * @param maxBytes the answer is never above this
     */
    default long bytesBeforeKnownZeros(long offset, long maxBytes) throws IOException {
        return maxBytes;
    }

    /** Reads {@code lengthBytes} bytes from {@code offset} into a new big-endian buffer, ready to be read from. */
    default ByteBuffer read(long offset, int lengthBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(lengthBytes);
        read(offset, bytes);
        return bytes.flip();
    }

    /** Throws unless the range lies inside the source. For implementations. */
    default void checkRange(long offset, int lengthBytes) throws EOFException {
        if (offset < 0 || lengthBytes > lengthBytes() - offset) {
            throw new EOFException("tried to read %d bytes at offset %d of a source of %d bytes"
                    .formatted(lengthBytes, offset, lengthBytes()));
        }
    }
}
