package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.ByteSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.tukaani.xz.SeekableInputStream;

/**
 * A source as a stream, which begins anywhere. Closing it does not close the source. Going back in small steps is as cheap
 * as going on.
 */
final class SourceStream extends SeekableInputStream {
    private static final int BUFFER_BYTES = 128 << 10;

    /** Of what was in the buffer so much stays: who goes back reads on over the seam. */
    private static final int OVERLAP_BYTES = 64;

    private final ByteSource source;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).limit(0);
    /** Offset of the first byte behind the buffer's content. */
    private long filledTo;

    SourceStream(ByteSource source) {
        this.source = source;
    }

    private boolean fill() throws IOException {
        if (!buffer.hasRemaining()) {
            load(filledTo, (int) Math.min(BUFFER_BYTES, Math.max(0, source.lengthBytes() - filledTo)));
        }
        return buffer.hasRemaining();
    }

    private void load(long from, int count) throws IOException {
        source.read(from, buffer.duplicate().clear().limit(count));
        buffer.clear().limit(count);
        filledTo = from + count;
    }

    @Override
    public int read() throws IOException {
        return fill() ? buffer.get() & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
        Objects.checkFromIndexSize(offset, count, target.length);
        if (count == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int some = Math.min(count, buffer.remaining());
        buffer.get(target, offset, some);
        return some;
    }

    @Override
    public int available() {
        return buffer.remaining();
    }

    @Override
    public long length() {
        return source.lengthBytes();
    }

    @Override
    public long position() {
        return filledTo - buffer.remaining();
    }

    @Override
    public void seek(long position) throws IOException {
        if (position < 0) {
            throw new IOException("tried to go to the negative offset " + position);
        }
        long bufferedFrom = filledTo - buffer.limit();
        long windowEnd = Math.min(bufferedFrom + OVERLAP_BYTES, source.lengthBytes());
        long windowStart = Math.max(0, windowEnd - BUFFER_BYTES);
        if (position >= windowStart && position < Math.min(bufferedFrom, windowEnd)) {
            // Who goes back, goes back again: the end of an xz file is read so, 4 bytes at a time.
            load(windowStart, (int) (windowEnd - windowStart));
            buffer.position((int) (position - windowStart));
        } else if (position <= filledTo && position >= bufferedFrom) {
            buffer.position((int) (position - bufferedFrom));
        } else {
            buffer.limit(0);
            filledTo = position;
        }
    }
}
