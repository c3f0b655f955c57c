package io.virtualimage.disk.convert;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Finds out which blocks of a buffer are zeros; blocks are counted from where the search begins. Most blocks that are not
 * zero show it in their first bytes.
 */
final class ZeroScan {
    /** Zeros are looked for in blocks of this size: what file systems allocate. */
    static final int BLOCK_BYTES = 4 << 10;

    private static final MemorySegment ZEROS = MemorySegment.ofArray(new byte[BLOCK_BYTES]);

    private ZeroScan() {}

    /** Where the zeros that begin at {@code from} end: at the next block that is not all zero, or at {@code end}. */
    static int endOfZeros(MemorySegment bytes, int from, int end) {
        int position = from;
        while (position < end && isZero(bytes, position, blockEnd(position, end))) {
            position = blockEnd(position, end);
        }
        return position;
    }

    /** Where the data that begin at {@code from} end: at the next block that is all zero, or at {@code end}. */
    static int endOfData(MemorySegment bytes, int from, int end) {
        int position = from;
        while (position < end && !isZero(bytes, position, blockEnd(position, end))) {
            position = blockEnd(position, end);
        }
        return position;
    }

    private static int blockEnd(int position, int end) {
        return Math.min(end, position + BLOCK_BYTES);
    }

    /** Whether the bytes from {@code from} to {@code to}, at most a block, are all zero. */
    private static boolean isZero(MemorySegment bytes, int from, int to) {
        if (to - from >= Long.BYTES && bytes.get(ValueLayout.JAVA_LONG_UNALIGNED, from) != 0) {
            return false;
        }
        return MemorySegment.mismatch(bytes, from, to, ZEROS, 0, to - from) < 0;
    }
}
