package io.virtualimage.disk;

/** The image breaks the rules of its own format: it is damaged, cut short, or made up. */
public final class MalformedDiskException extends DiskException {
    /** @param message what is wrong; the offset, in bytes, is appended to it */
    public MalformedDiskException(long offset, String message) {
        super(offset, withOffset(offset, message));
    }
}
