package io.virtualimage.disk.zstd;

/**
 * A decoding table of Finite State Entropy (section 4.1). A state is the index of a cell; a cell tells a value, how many
 * bits are to be added to it, and how the next state is found.
 *
 * <p>Cells are packed so that one read gives all: the value in the lowest 32 bits, then how many bits to add to it (8),
 * how many to add to the next state (8), the next state (16).
 */
final class FseTable {
    private static final int EXTRA_SHIFT = 32;
    private static final int STATE_BITS_SHIFT = 40;
    private static final int STATE_SHIFT = 48;

    private final long[] cells;
    private final short[] next = new short[256];
    private int log;

    FseTable(int maxLog) {
        this.cells = new long[1 << maxLog];
    }

    static int value(long cell) {
        return (int) cell;
    }

    static int extraBits(long cell) {
        return (int) (cell >>> EXTRA_SHIFT) & 0xff;
    }

    static int stateBits(long cell) {
        return (int) (cell >>> STATE_BITS_SHIFT) & 0xff;
    }

    static int state(long cell) {
        return (int) (cell >>> STATE_SHIFT);
    }

    long[] cells() {
        return cells;
    }

    /** The first state has so many bits. */
    int log() {
        return log;
    }

    /** One value without end, for which no bits are read. */
    void repeat(int value, int extraBits) {
        log = 0;
        cells[0] = cell(value, extraBits, 0, 0);
    }

    /**
     * Fills the table.
     *
     * @param counts by symbol; they add up to {@code 1 << log}
     * @param values by symbol
     * @param extraBits by symbol
     */
    void build(short[] counts, int symbols, int log, int[] values, byte[] extraBits) {
        this.log = log;
        int size = 1 << log;
        int free = size;
        for (int symbol = 0; symbol < symbols; symbol++) {
            next[symbol] = counts[symbol];
            if (counts[symbol] == FseCounts.BELOW_ONE) {
                cells[--free] = symbol;
                next[symbol] = 1;
            }
        }
        // Odd, so every cell is met once; cell 0 is free, if any is.
        int step = (size >>> 1) + (size >>> 3) + 3;
        int at = 0;
        for (int symbol = 0; symbol < symbols; symbol++) {
            for (int i = 0; i < counts[symbol]; i++) {
                cells[at] = symbol;
                do {
                    at = at + step & size - 1;
                } while (at >= free);
            }
        }
        for (int i = 0; i < size; i++) {
            int symbol = (int) cells[i];
            int number = next[symbol]++;
            int bits = log - (31 - Integer.numberOfLeadingZeros(number));
            cells[i] = cell(values[symbol], extraBits[symbol], bits, (number << bits) - size);
        }
    }

    private static long cell(int value, int extraBits, int stateBits, int state) {
        return (value & 0xffffffffL)
                | (long) extraBits << EXTRA_SHIFT
                | (long) stateBits << STATE_BITS_SHIFT
                | (long) state << STATE_SHIFT;
    }
}
