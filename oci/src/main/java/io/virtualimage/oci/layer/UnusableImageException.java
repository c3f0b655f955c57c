package io.virtualimage.oci.layer;

import org.jspecify.annotations.Nullable;

/**
 * No disk can be taken from an image, for a reason that lies in the image: asking again for the same digest gives the
 * same answer. The message is for the user, and contains no unprintable character of the image.
 */
public abstract sealed class UnusableImageException extends Exception
        permits LayerException, UnsupportedImageException, NoDiskFileException {
    UnusableImageException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
