package io.virtualimage.oci.layer;

/** An image has no regular file under {@code /disk}; the message says what it has. */
public final class NoDiskFileException extends UnusableImageException {
    NoDiskFileException(String message) {
        super(message, null);
    }
}
