package io.virtualimage.stage.work;

import io.virtualimage.topics.FailureReason;
import org.jspecify.annotations.Nullable;

/** The image can't be had as its spec stands; trying again won't mend it. */
public final class ImageFailedException extends Exception {
    private final FailureReason reason;
    private final String words;

    public ImageFailedException(FailureReason reason, String words, @Nullable Throwable cause) {
        super(words, cause);
        this.reason = reason;
        this.words = words;
    }

    public FailureReason reason() {
        return reason;
    }

    /** What the user reads. */
    public String words() {
        return words;
    }
}
