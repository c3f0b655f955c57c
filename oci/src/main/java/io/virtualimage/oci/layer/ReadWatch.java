package io.virtualimage.oci.layer;

import io.virtualimage.oci.ReadingStoppedException;

/** Looks on while blobs are read, which may take hours, and stops what nobody wants any more. Called by the reader. */
@FunctionalInterface
public interface ReadWatch {
    /** Lets everything go on. */
    ReadWatch NONE = bytes -> {};

    /**
     * Called before and after each read, and for each entry of an archive.
     *
     * @param bytes how many were just read of a blob, also such as are only passed over; 0 if none were
     * @throws ReadingStoppedException to stop: it comes out of whatever was reading
     */
    void read(int bytes) throws ReadingStoppedException;
}
