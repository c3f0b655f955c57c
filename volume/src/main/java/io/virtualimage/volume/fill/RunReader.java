package io.virtualimage.volume.fill;

import io.virtualimage.volume.link.VolumeException;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Reads what is to be written: frames, each a run of the disk, one after another without a gap, and one that says where
 * they end. A frame is a kind ({@value #ZEROS}: zeros, {@value #DATA}: data, {@value #END}: the end), the run's offset in the
 * disk and its length in bytes (0 for the end), the bytes if they are data, and a CRC-32C (RFC 3720) of all of the frame before it.
 * Numbers are big-endian: 1, 8, 8 and 4 bytes. The writer is {@code RunFrames} of the publisher.
 */
final class RunReader {
    static final int ZEROS = 0;
    static final int DATA = 1;
    static final int END = 2;
    private static final int HEADER_BYTES = 17;

    /** A frame has no more data. */
    private static final int MOST_DATA_BYTES = 1 << 20;

    private final byte[] frame = new byte[HEADER_BYTES + MOST_DATA_BYTES];

    /** Takes runs in order. */
    interface Sink {
        void data(long offset, ByteBuffer bytes) throws VolumeException;

        void zeros(long offset, long lengthBytes) throws VolumeException;
    }

    /**
     * Hands over runs, each when it was verified.
     *
     * @param from where the first one has to begin
     * @param to where the last one has to end, at the latest
     * @throws IOException if the stream breaks off, or isn't as it should be; what was handed over is right
     */
    void read(InputStream in, long from, long to, Sink sink) throws IOException, VolumeException {
        DataInputStream stream = new DataInputStream(in);
        long position = from;
        while (true) {
            stream.readFully(frame, 0, HEADER_BYTES);
            ByteBuffer header = ByteBuffer.wrap(frame, 0, HEADER_BYTES);
            int kind = header.get();
            long offset = header.getLong();
            long length = header.getLong();
            boolean plausible = offset == position
                    && length <= to - position
                    && switch (kind) {
                        case ZEROS -> length > 0;
                        case DATA -> length > 0 && length <= MOST_DATA_BYTES;
                        case END -> length == 0 && position > from;
                        default -> false;
                    };
            if (!plausible) {
                throw new IOException("what comes for byte %d is no run of the disk".formatted(position));
            }
            int dataBytes = kind == DATA ? (int) length : 0;
            stream.readFully(frame, HEADER_BYTES, dataBytes);
            CRC32C checksum = new CRC32C();
            checksum.update(frame, 0, HEADER_BYTES + dataBytes);
            if (stream.readInt() != (int) checksum.getValue()) {
                throw new IOException("what comes for byte %d is damaged".formatted(position));
            }
            switch (kind) {
                case DATA -> sink.data(offset, ByteBuffer.wrap(frame, HEADER_BYTES, dataBytes));
                case ZEROS -> sink.zeros(offset, length);
                default -> {
                    return;
                }
            }
            position += length;
        }
    }
}
