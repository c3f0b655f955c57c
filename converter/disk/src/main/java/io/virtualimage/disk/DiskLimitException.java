package io.virtualimage.disk;

/** The image may be well-formed, but a number in it is beyond a limit that keeps reading it cheap. */
public final class DiskLimitException extends DiskException {
    /** @param message which limit; the offset, in bytes, is appended to it */
    public DiskLimitException(long offset, String message) {
        super(offset, withOffset(offset, message));
    }
}
