package io.virtualimage.publisher.volume;

import io.virtualimage.topics.SegmentSet;

/**
 * How a disk is cut into ranges, each of which is written, verified and remembered as one.
 *
 * @param lengthBytes length of the disk
 * @param rangeBytes length of all ranges but the last
 */
record RangeLayout(long lengthBytes, long rangeBytes) {
    private static final long LEAST_RANGE_BYTES = 64L << 20;

    /** The more there are, the more often a Pod says what it has done. */
    private static final int MOST_RANGES = 4096;

    RangeLayout {
        if (lengthBytes < 1 || rangeBytes < 1) {
            throw new IllegalArgumentException(lengthBytes + " bytes in ranges of " + rangeBytes);
        }
    }

    /** The ranges of a disk: the same for whoever asks. */
    static RangeLayout of(long lengthBytes) {
        long factor = Math.ceilDiv(lengthBytes, LEAST_RANGE_BYTES * MOST_RANGES);
        return new RangeLayout(lengthBytes, LEAST_RANGE_BYTES * Math.max(1, factor));
    }

    int count() {
        return (int) Math.ceilDiv(lengthBytes, rangeBytes);
    }

    /** A list of ranges, each of which is named at most once, is no longer than this, and some space around it. */
    int longestList() {
        return 16 + count() * (1 + Integer.toString(count()).length());
    }

    /** Bytes in those of the ranges that there are. */
    long bytesIn(SegmentSet ranges) {
        int last = count() - 1;
        long whole = ranges.stream().filter(index -> index < last).count() * rangeBytes;
        return ranges.contains(last) ? whole + lengthBytes - last * rangeBytes : whole;
    }
}
