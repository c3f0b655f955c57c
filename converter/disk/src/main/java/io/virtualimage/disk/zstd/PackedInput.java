package io.virtualimage.disk.zstd;

import io.virtualimage.disk.MalformedDiskException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Compressed bytes in an array, as many at a time as a block has. Before the first and behind the last byte there are
 * {@link #GUARD_BYTES} more, of any value, so that eight bytes at a time can be read at either end.
 */
final class PackedInput {
    static final int GUARD_BYTES = 16;
    private static final int BUFFER_BYTES = 2 * ZstdFormat.MAX_BLOCK_BYTES;

    private final @Nullable InputStream source;
    private byte[] bytes;
    private int position = GUARD_BYTES;
    private int limit = GUARD_BYTES;
    /** Offset in the input of the array's first byte; below 0 for its guard. */
    private long base = -GUARD_BYTES;

    /** Over a stream, of which more than is needed may be read ahead. */
    PackedInput(InputStream source) {
        this.source = source;
        this.bytes = new byte[BUFFER_BYTES + 2 * GUARD_BYTES];
    }

    /** Over nothing until bytes are loaded. */
    PackedInput() {
        this.source = null;
        this.bytes = new byte[2 * GUARD_BYTES];
    }

    /** Makes the rest of {@code packed} the whole input, of which the first byte has that offset. */
    void load(ByteBuffer packed, long offset) {
        int count = packed.remaining();
        if (bytes.length < count + 2 * GUARD_BYTES) {
            bytes = new byte[count + 2 * GUARD_BYTES];
        }
        packed.get(bytes, GUARD_BYTES, count);
        position = GUARD_BYTES;
        limit = GUARD_BYTES + count;
        base = offset - GUARD_BYTES;
    }

    byte[] bytes() {
        return bytes;
    }

    /** Index of the next byte. */
    int position() {
        return position;
    }

    /** Offset in the input of the next byte. */
    long offset() {
        return base + position;
    }

    /** Makes {@code count} bytes readable from {@link #position()} on; false if the input has not as many. */
    boolean has(int count) throws IOException {
        if (limit - position >= count) {
            return true;
        }
        if (source == null) {
            return false;
        }
        System.arraycopy(bytes, position, bytes, GUARD_BYTES, limit - position);
        base += position - GUARD_BYTES;
        limit -= position - GUARD_BYTES;
        position = GUARD_BYTES;
        while (limit - position < count) {
            int got = source.read(bytes, limit, bytes.length - GUARD_BYTES - limit);
            if (got < 0) {
                return false;
            }
            limit += got;
        }
        return true;
    }

    /** As {@link #has}, for what the format says must be there. */
    void require(int count, String part) throws IOException, MalformedDiskException {
        if (!has(count)) {
            throw new MalformedDiskException(
                    base + limit, "zstd: the compressed data are cut short: they end inside " + part);
        }
    }

    /** Goes on by bytes that are known to be there. */
    void advance(int count) {
        position += count;
    }

    /** Goes over any number of bytes. */
    void skip(long count, String part) throws IOException, MalformedDiskException {
        for (long left = count; left > 0; ) {
            int some = (int) Math.min(left, ZstdFormat.MAX_BLOCK_BYTES);
            require(some, part);
            advance(some);
            left -= some;
        }
    }

    /** @param index in the array, of what is wrong */
    MalformedDiskException malformed(int index, String message) {
        return new MalformedDiskException(base + index, "zstd: " + message);
    }
}
