package io.virtualimage.disk;

import java.io.IOException;

/**
 * An image that was opened: what it is, and where each byte of the disk comes from. The map is read piece by piece as it
 * is asked for, so memory depends on {@link ReadLimits} and not on the disk. For one thread; what an extent refers to
 * may be read from {@link #source} by as many threads as the source allows. Owns nothing that would have to be closed.
 */
public interface VirtualDisk {
    DiskInfo info();

    /** What the offsets in extents refer to: the image file, or a view of it. */
    ByteSource source();

    /**
     * The run that begins at {@code offset}. It may be shorter than the image would allow, but never reaches over the end
     * of the disk; bytes that it refers to lie inside {@link #source}.
     *
     * @param offset from 0 to below the virtual size
     * @throws DiskException if the part of the image that would tell is malformed, or not supported
     * @throws IOException as the source gives it
     */
    Extent extentAt(long offset) throws IOException, DiskException;
}
