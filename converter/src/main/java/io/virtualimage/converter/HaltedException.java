package io.virtualimage.converter;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Reading an image, or writing what it becomes, comes to a halt for a reason that is not the image's; carries the reason
 * through the disk library, whose sources and sinks throw {@link IOException}. Without a cause, the bytes are not staged
 * yet.
 */
final class HaltedException extends IOException {
    HaltedException(String message) {
        super(message);
    }

    HaltedException(Exception cause) {
        super(cause.getMessage(), cause);
    }

    /** The first of its kind among an exception and its causes; null if there is none. */
    static @Nullable HaltedException in(Throwable thrown) {
        Throwable at = thrown;
        while (at != null && !(at instanceof HaltedException)) {
            at = at.getCause();
        }
        return (HaltedException) at;
    }
}
