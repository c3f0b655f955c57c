package io.virtualimage.disk;

/** The image may be well-formed, but it is of a format, or uses a feature, that is not known here or is refused. */
public final class UnsupportedDiskException extends DiskException {
    /** What messages about parents, data files and further extents end in. */
    public static final String OTHER_FILES = "images that refer to other files are refused";

    /** @param message what is not supported; says the offset itself where that helps */
    public UnsupportedDiskException(long offset, String message) {
        super(offset, message);
    }
}
