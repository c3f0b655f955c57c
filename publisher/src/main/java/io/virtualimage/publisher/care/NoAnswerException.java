package io.virtualimage.publisher.care;

import org.jspecify.annotations.Nullable;

/** A place is away, refuses to speak, or does not make itself clear. */
public final class NoAnswerException extends Exception {
    private static final long serialVersionUID = 1;

    public NoAnswerException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
