package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.ByteSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Objects;
import org.tukaani.xz.SeekableInputStream;

/** A source as a stream, which begins anywhere. Closing it does not close the source. */
final class SourceStream extends SeekableInputStream {
    private static final int BUFFER_BYTES = 128 << 10;

    private final ByteSource source;
    private final ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES).limit(0);
    /** Offset of the first byte behind the buffer's content. */
    private long filledTo;

    SourceStream(ByteSource source) {
        this.source = source;
    }

    private boolean fill() throws IOException {
        if (!buffer.hasRemaining()) {
            int count = (int) Math.min(BUFFER_BYTES, Math.max(0, source.lengthBytes() - filledTo));
            source.read(filledTo, buffer.duplicate().clear().limit(count));
            buffer.clear().limit(count);
            filledTo += count;
        }
        return buffer.hasRemaining();
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
        if (position <= filledTo && position >= filledTo - buffer.limit()) {
            buffer.position((int) (buffer.limit() - (filledTo - position)));
        } else {
            buffer.limit(0);
            filledTo = position;
        }
    }
}
