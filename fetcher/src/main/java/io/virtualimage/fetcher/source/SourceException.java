package io.virtualimage.fetcher.source;

import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.LayerEntry;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The source did not give what was asked of it. An {@link IOException}, so that it passes through whatever reads the
 * source's stream. The words are for the user: they name the source, and hold no secret.
 */
public abstract sealed class SourceException extends IOException {
    private SourceException(String words, @Nullable Throwable cause) {
        super(words, cause);
    }

    /** What the user reads. */
    public String words() {
        return Objects.requireNonNull(getMessage());
    }

    /** The source said no, and will say so again. */
    public static final class Refused extends SourceException {
        public Refused(String words, @Nullable Throwable cause) {
            super(words, cause);
        }
    }

    /** The source gave its bytes, and they are not such that an image could be made of them. */
    public static final class Unusable extends SourceException {
        private final FailureReason reason;

        public Unusable(FailureReason reason, String words, @Nullable Throwable cause) {
            super(words, cause);
            this.reason = reason;
        }

        /** A layer is what its digest says, but its file was found by bytes that are not in it. */
        public static Unusable otherHeaders(ResolvedSource image, LayerEntry entry) {
            return new Unusable(
                    FailureReason.CHECKSUM_MISMATCH,
                    "%s: the registry gave other bytes when the layer %s was searched: it has no such file at byte %d"
                            .formatted(image.publicName(), entry.layer(), entry.offsetBytes()),
                    null);
        }

        public FailureReason reason() {
            return reason;
        }
    }

    /** The source can't be read now, and may be later. */
    public static final class Unavailable extends SourceException {
        private final FailureReason reason;
        private final Duration delay;

        /**
         * @param reason what the image fails with if that goes on
         * @param delay what the source asked for; zero if nothing
         */
        public Unavailable(FailureReason reason, String words, Duration delay, @Nullable Throwable cause) {
            super(words, cause);
            this.reason = reason;
            this.delay = delay;
        }

        public FailureReason reason() {
            return reason;
        }

        public Duration delay() {
            return delay;
        }
    }

    /** The source is not the version that was asked for. */
    public static final class Changed extends SourceException {
        public Changed(String words) {
            super(words, null);
        }
    }
}
