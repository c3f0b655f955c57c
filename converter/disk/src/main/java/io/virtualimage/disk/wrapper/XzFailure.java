package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import org.tukaani.xz.MemoryLimitException;
import org.tukaani.xz.UnsupportedOptionsException;
import org.tukaani.xz.XZIOException;

/** What the library's exceptions mean. */
final class XzFailure {
    private XzFailure() {}

    /**
     * The same in our words.
     *
     * @param offset how far the file was read, in bytes
     */
    static DiskException of(XZIOException failure, long offset) {
        return switch (failure) {
            case MemoryLimitException e ->
                new DiskLimitException(
                        offset,
                        "xz: unpacking needs %d KiB of memory, over the limit of %d; compress with a smaller dictionary"
                                .formatted(e.getMemoryNeeded(), e.getMemoryLimit()));
            case UnsupportedOptionsException e ->
                new UnsupportedDiskException(offset, "xz: the file uses what is not supported: " + e.getMessage());
            default -> new MalformedDiskException(offset, "xz: the file is damaged" + details(failure));
        };
    }

    static MalformedDiskException cutShort(long offset) {
        return new MalformedDiskException(offset, "xz: the file is cut short");
    }

    /** Whatever a decoder stumbles over in the bytes of strangers, it is the bytes. */
    static MalformedDiskException of(RuntimeException failure, long offset) {
        MalformedDiskException malformed = new MalformedDiskException(offset, "xz: the file is damaged");
        malformed.initCause(failure);
        return malformed;
    }

    private static String details(IOException failure) {
        return failure.getMessage() == null ? "" : ": " + failure.getMessage();
    }
}
