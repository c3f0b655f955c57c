package io.virtualimage.topics;

/**
 * How a byte string is cut into segments: all of {@code segmentBytes} but the last, which may be shorter.
 *
 * @param lengthBytes length of the whole
 * @param segmentBytes length of a segment
 */
public record SegmentLayout(long lengthBytes, int segmentBytes) {
    public SegmentLayout {
        if (lengthBytes < 0 || segmentBytes < 1) {
            throw new IllegalArgumentException(lengthBytes + " bytes in segments of " + segmentBytes);
        }
        if ((lengthBytes + segmentBytes - 1) / segmentBytes > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(lengthBytes + " bytes are too many segments of " + segmentBytes);
        }
    }

    public int count() {
        return (int) ((lengthBytes + segmentBytes - 1) / segmentBytes);
    }

    public long offsetOf(int index) {
        return (long) index * segmentBytes;
    }

    /** @throws IndexOutOfBoundsException if there is no such segment */
    public int lengthOf(int index) {
        if (index < 0 || index >= count()) {
            throw new IndexOutOfBoundsException("segment " + index + " of " + count());
        }
        return (int) Math.min(segmentBytes, lengthBytes - offsetOf(index));
    }

    public int indexAt(long offset) {
        return (int) (offset / segmentBytes);
    }

    /** Bytes in those of the segments that belong to this layout. */
    public long bytesIn(SegmentSet segments) {
        int count = count();
        if (count == 0) {
            return 0;
        }
        long full = (long) segments.sizeBelow(count) * segmentBytes;
        return segments.contains(count - 1) ? full - segmentBytes + lengthOf(count - 1) : full;
    }
}
