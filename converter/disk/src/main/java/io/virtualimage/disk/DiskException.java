package io.virtualimage.disk;

/**
 * An image cannot be taken, for a reason that lies in its bytes: trying again with the same bytes gives the same
 * answer. The message is for the user, names the format first, and contains no unprintable character of the image.
 */
public abstract sealed class DiskException extends Exception
        permits NotAnImageException, MalformedDiskException, UnsupportedDiskException, DiskLimitException {
    private final long offset;

    DiskException(long offset, String message) {
        super(message);
        this.offset = offset;
    }

    /** Where in the image the reason is, in bytes from its start. */
    public long offset() {
        return offset;
    }

    static String withOffset(long offset, String message) {
        return "%s (at offset 0x%x)".formatted(message, offset);
    }
}
