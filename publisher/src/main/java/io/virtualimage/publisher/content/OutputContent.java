package io.virtualimage.publisher.content;

import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.StagedSource;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The file that is published, as bytes at offsets that come from staging. For one thread. */
public interface OutputContent {
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
     * @param bytes from its position on, backed by an array; null stands for zeros
     */
    record Run(@Nullable ByteBuffer bytes, long lengthBytes) {
        public static Run zeros(long lengthBytes) {
            return new Run(null, lengthBytes);
        }

        public static Run of(byte[] bytes, int offset, int lengthBytes) {
            return new Run(ByteBuffer.wrap(bytes, offset, lengthBytes), lengthBytes);
        }

        /** Its first bytes; all of them if there are no more. */
        public Run until(long most) {
            return new Run(bytes, Math.min(most, lengthBytes));
        }
    }
}
