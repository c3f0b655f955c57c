package io.virtualimage.publisher;

import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.StagedSource;
import org.jspecify.annotations.Nullable;

/** The file within a layer, as bytes at offsets that come from staging. For one thread. */
interface LayerContent {
    long lengthBytes();

    /** Up to which offset it can be read without a gap. */
    long readableBytes(StagedSource staged);

    /** The last offset up to {@code offset} at which nothing has to be read for both sides of it. */
    long seamBefore(long offset);

    /**
     * The bytes that begin at an offset, as many as are at hand.
     *
     * @param staged what is there of the source; has to hold the offset
     */
    Run runAt(long offset, StagedSource staged)
            throws SegmentLostException, StagingUnavailableException, InterruptedException;

    /**
     * Some bytes of the content.
     *
     * @param bytes where they stand; null stands for zeros
     * @param offset where in {@code bytes} they begin
     */
    record Run(byte @Nullable [] bytes, int offset, long lengthBytes) {
        static Run zeros(long lengthBytes) {
            return new Run(null, 0, lengthBytes);
        }
    }
}
