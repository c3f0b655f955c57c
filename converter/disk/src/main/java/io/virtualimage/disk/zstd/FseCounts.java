package io.virtualimage.disk.zstd;

import io.virtualimage.disk.MalformedDiskException;

/**
 * How often each symbol stands in a table of Finite State Entropy, as described in a block (section 4.1.1). Is read
 * anew for each table.
 */
final class FseCounts {
    /** Less than one of a table's cells: the symbol has one, from which the state starts over. */
    static final int BELOW_ONE = -1;

    private static final int MAX_SYMBOLS = 256;

    private final short[] counts = new short[MAX_SYMBOLS];
    private int symbols;
    private int log;

    /**
     * Reads a description.
     *
     * @param from index of its first byte; it ends at {@code to} at the latest
     * @param maxLog the table has at most two to the power of this cells
     * @param maxSymbols for how many symbols there may be counts
     * @return index of the first byte behind it
     */
    int read(PackedInput input, int from, int to, int maxLog, int maxSymbols) throws MalformedDiskException {
        ForwardBits bits = new ForwardBits(input, from, to);
        log = bits.read(4) + ZstdFormat.MIN_FSE_LOG;
        if (log > maxLog) {
            throw input.malformed(
                    from, "a table of 2^%d cells is larger than the format allows, 2^%d".formatted(log, maxLog));
        }
        symbols = 0;
        int left = 1 << log;
        while (left > 0) {
            int count = readCount(bits, left);
            add(input, bits, count, maxSymbols);
            left -= Math.abs(count);
            if (count == 0) {
                int more;
                do {
                    more = bits.read(2);
                    for (int i = 0; i < more; i++) {
                        add(input, bits, 0, maxSymbols);
                    }
                } while (more == 3);
            }
        }
        return bits.end();
    }

    /** A number from 0 to {@code left + 1}, of which the smaller ones take a bit less, and stand for one less. */
    private static int readCount(ForwardBits bits, int left) throws MalformedDiskException {
        int width = Integer.SIZE - Integer.numberOfLeadingZeros(left + 1);
        int half = 1 << (width - 1);
        int shortOnes = 2 * half - 2 - left;
        int value = bits.peek(width);
        if ((value & (half - 1)) < shortOnes) {
            bits.advance(width - 1);
            return (value & (half - 1)) - 1;
        }
        bits.advance(width);
        return (value < half ? value : value - shortOnes) - 1;
    }

    private void add(PackedInput input, ForwardBits bits, int count, int maxSymbols) throws MalformedDiskException {
        if (symbols == maxSymbols) {
            throw input.malformed(bits.end(), "a table has more than %d symbols".formatted(maxSymbols));
        }
        counts[symbols++] = (short) count;
    }

    /** For {@link FseTable#build}. */
    short[] counts() {
        return counts;
    }

    int symbols() {
        return symbols;
    }

    int log() {
        return log;
    }
}
