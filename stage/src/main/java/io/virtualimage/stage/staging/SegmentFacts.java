package io.virtualimage.stage.staging;

import io.virtualimage.topics.SegmentSet;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a segment's bytes.
 *
 * @param lengthBytes how many there are
 * @param crc32c their CRC-32C, as an unsigned number
 * @param zeroBlocks the blocks of {@value #BLOCK_BYTES} bytes that hold nothing but zeros (the last may be shorter)
 * @param session the stream that wrote it; null if it was read as a range
 */
public record SegmentFacts(
        int lengthBytes,
        long crc32c,
        SegmentSet zeroBlocks,
        @Nullable String session) {
    public static final int BLOCK_BYTES = 64 * 1024;

    /** Whether there is nothing but zeros; then no object is written. */
    public boolean allZero() {
        return zeroBlocks.covers((lengthBytes + BLOCK_BYTES - 1) / BLOCK_BYTES);
    }
}
