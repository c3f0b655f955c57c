package io.virtualimage.disk.zstd;

import io.virtualimage.disk.MalformedDiskException;

/**
 * Bits of a stream from its end to its start, the highest of each byte first. The highest bit of the last byte that is
 * set is the mark where to begin. For what is short; what is long has loops of its own.
 */
final class BackwardBits {
    private final byte[] bytes;
    private final int from;
    private int left;

    private BackwardBits(byte[] bytes, int from, int left) {
        this.bytes = bytes;
        this.from = from;
        this.left = left;
    }

    /** @param from index of the stream's first byte, up to {@code to} exclusively */
    static BackwardBits of(PackedInput input, int from, int to) throws MalformedDiskException {
        checkMark(input, from, to);
        int mark = Integer.numberOfLeadingZeros(input.bytes()[to - 1] & 0xff) - 24;
        return new BackwardBits(input.bytes(), from, 8 * (to - from) - mark - 1);
    }

    static void checkMark(PackedInput input, int from, int to) throws MalformedDiskException {
        if (from >= to || input.bytes()[to - 1] == 0) {
            throw input.malformed(Math.max(from, to - 1), "a stream of bits has no end mark");
        }
    }

    /** How many bits are left; below 0 if more were read than there were. */
    int left() {
        return left;
    }

    /** The next bits, at most 16; those before the start of the stream are zeros. */
    int read(int count) {
        left -= count;
        int value = 0;
        for (int i = count - 1; i >= 0; i--) {
            int bit = left + i;
            value = value << 1 | (bit < 0 ? 0 : bytes[from + (bit >>> 3)] >>> (bit & 7) & 1);
        }
        return value;
    }
}
