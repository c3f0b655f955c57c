package io.virtualimage.publisher.volume;

import io.virtualimage.publisher.content.OutputContent;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Writes what a Pod is to write: frames, each a run of the disk, one after another without a gap, and one that says where
 * they end. A frame is a kind ({@value #ZEROS}: zeros, {@value #DATA}: data, {@value #END}: the end), the run's offset in the
 * disk and its length in bytes (0 for the end), the bytes if they are data, and a CRC-32C (RFC 3720) of all of the frame before it.
 * Numbers are big-endian: 1, 8, 8 and 4 bytes. The reader is {@code RunReader} of the module {@code volume}.
 */
final class RunFrames {
    static final int ZEROS = 0;
    static final int DATA = 1;
    static final int END = 2;

    /** A reader holds one in memory. */
    static final int MOST_DATA_BYTES = 1 << 20;

    /** Runs of zeros that are shorter are no hole in any file. */
    private static final int BLOCK_BYTES = 4 << 10;

    private static final int HEADER_BYTES = 17;
    private static final int CHECKSUM_BYTES = 4;
    private static final byte[] ZERO_BLOCK = new byte[BLOCK_BYTES];

    private byte[] bytes;
    private int length;
    private long position;
    private long zerosFrom;

    /**
     * Frames from an offset on.
     *
     * @param expectedBytes of data, for which room is made
     */
    RunFrames(long from, int expectedBytes) {
        bytes = new byte[expectedBytes + BLOCK_BYTES]; // a few frames' headers fit too
        position = from;
        zerosFrom = from;
    }

    /** Where in the disk the runs end that were put. */
    long position() {
        return position;
    }

    /** Puts the next run. Blocks of zeros within data, at multiples of their length in the disk, become zeros. */
    void put(OutputContent.Run run) {
        ByteBuffer data = run.bytes();
        if (data == null) {
            position += run.lengthBytes();
        } else {
            putData(data.array(), data.arrayOffset() + data.position(), (int) run.lengthBytes());
        }
    }

    private void putData(byte[] source, int from, int count) {
        int start = from; // of what is no zeros, up to next
        int next = from;
        while (next < from + count) {
            long offset = position + next - start;
            int block = (int) Math.min(BLOCK_BYTES - offset % BLOCK_BYTES, from + count - next);
            if (Arrays.mismatch(source, next, next + block, ZERO_BLOCK, 0, block) < 0) {
                putFrames(source, start, next - start);
                start = next + block;
                position += block;
                next = start;
            } else {
                next += block;
            }
        }
        putFrames(source, start, next - start);
    }

    private void putFrames(byte[] source, int from, int count) {
        if (count == 0) {
            return;
        }
        endZeros();
        for (int done = 0; done < count; ) {
            int part = Math.min(count - done, MOST_DATA_BYTES);
            putFrame(DATA, position, part, source, from + done);
            position += part;
            done += part;
        }
        zerosFrom = position;
    }

    private void endZeros() {
        if (position > zerosFrom) {
            putFrame(ZEROS, zerosFrom, position - zerosFrom, ZERO_BLOCK, 0);
        }
    }

    private void putFrame(int kind, long offset, long runBytes, byte[] source, int from) {
        int dataBytes = kind == DATA ? (int) runBytes : 0;
        int frameBytes = HEADER_BYTES + dataBytes + CHECKSUM_BYTES;
        if (bytes.length - length < frameBytes) {
            bytes = Arrays.copyOf(bytes, Math.max(length + frameBytes, length + length / 4));
        }
        ByteBuffer frame = ByteBuffer.wrap(bytes, length, frameBytes);
        frame.put((byte) kind).putLong(offset).putLong(runBytes).put(source, from, dataBytes);
        CRC32C checksum = new CRC32C();
        checksum.update(bytes, length, HEADER_BYTES + dataBytes);
        frame.putInt((int) checksum.getValue());
        length += frameBytes;
    }

    /** All frames, and the one that ends them. */
    ByteBuffer finish() {
        endZeros();
        zerosFrom = position;
        putFrame(END, position, 0, ZERO_BLOCK, 0);
        return ByteBuffer.wrap(bytes, 0, length).slice();
    }
}
