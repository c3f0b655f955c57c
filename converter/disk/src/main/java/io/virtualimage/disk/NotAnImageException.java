package io.virtualimage.disk;

/** The bytes are no disk image of any format: nothing at all, or text, such as a page that a server gave instead. */
public final class NotAnImageException extends DiskException {
    /** @param message what the bytes look like */
    public NotAnImageException(String message) {
        super(0, message);
    }
}
