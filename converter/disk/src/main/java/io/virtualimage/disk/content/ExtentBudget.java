package io.virtualimage.disk.content;

import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.VirtualDisk;

/**
 * How many extents a walk over a disk may take. A table to which many entries of another lead tells its runs again and
 * again: so a small file can tell of more of them than anybody can read. An honest map has no more than two for each byte
 * of its file: 32 of 16 bytes where qcow2 has subclusters, which is the most.
 */
public final class ExtentBudget {
    static final long EXTENTS_PER_BYTE = 2;
    /** So many are free: small images of large disks. */
    static final long FREE_EXTENTS = 1 << 20;

    private final String format;
    private final long most;
    private long left;

    public ExtentBudget(VirtualDisk disk) {
        this.format = disk.info().format().wireName();
        long length = disk.source().lengthBytes();
        this.most = length > (Long.MAX_VALUE - FREE_EXTENTS) / EXTENTS_PER_BYTE
                ? Long.MAX_VALUE
                : length * EXTENTS_PER_BYTE + FREE_EXTENTS;
        this.left = most;
    }

    /** Counts one extent. */
    public void take() throws DiskLimitException {
        if (left == 0) {
            throw new DiskLimitException(
                    0,
                    "%s: the map has more runs than %d, the limit for a file of this length".formatted(format, most));
        }
        left--;
    }
}
