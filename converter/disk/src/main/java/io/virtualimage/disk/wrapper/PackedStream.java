package io.virtualimage.disk.wrapper;

import java.io.IOException;
import java.io.InputStream;
import java.util.Objects;

/** The packed bytes, with a buffer, and a count of those that were used. */
final class PackedStream extends InputStream {
    private final InputStream source;
    private final byte[] buffer = new byte[64 << 10];
    private int position;
    private int limit;
    private long filledBytes;
    private boolean ended;

    PackedStream(InputStream source) {
        this.source = source;
    }

    /** Makes at least one byte readable in the buffer; false at the end. */
    boolean fill() throws IOException {
        while (position == limit && !ended) {
            int count = source.read(buffer, 0, buffer.length);
            ended = count < 0;
            position = 0;
            limit = Math.max(count, 0);
            filledBytes += limit;
        }
        return position < limit;
    }

    byte[] buffer() {
        return buffer;
    }

    /** Index in the buffer of the next byte. */
    int position() {
        return position;
    }

    int buffered() {
        return limit - position;
    }

    void advance(int count) {
        position += count;
    }

    /** Offset of the next byte, which is how many were used, in bytes. */
    long offset() {
        return filledBytes - buffered();
    }

    /** Whether somebody asked for more than there was. */
    boolean ended() {
        return ended;
    }

    @Override
    public int read() throws IOException {
        return fill() ? buffer[position++] & 0xff : -1;
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
        int some = Math.min(count, buffered());
        System.arraycopy(buffer, position, target, offset, some);
        position += some;
        return some;
    }

    @Override
    public int available() {
        return buffered();
    }

    @Override
    public void close() throws IOException {
        source.close();
    }
}
