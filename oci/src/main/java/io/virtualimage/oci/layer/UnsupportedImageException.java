package io.virtualimage.oci.layer;

import org.jspecify.annotations.Nullable;

/** An image is of a kind that no disk is taken from, or there is none for the platform. */
public final class UnsupportedImageException extends UnusableImageException {
    UnsupportedImageException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }

    UnsupportedImageException(String message) {
        this(message, null);
    }
}
