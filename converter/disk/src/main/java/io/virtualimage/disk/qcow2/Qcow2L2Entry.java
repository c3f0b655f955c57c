package io.virtualimage.disk.qcow2;

import io.virtualimage.disk.MalformedDiskException;

/**
 * An L2 entry that keeps the rules: what it says about one cluster. A standard entry is told as an extended one whose
 * cluster is a single subcluster. Whether what it refers to lies in the file is not looked at.
 *
 * @param descriptor the first 8 bytes, without the flag that the cluster is referred to once
 * @param allocated bit n is set if subcluster n is data; 0 if the cluster is compressed
 * @param zeros bit n is set if subcluster n is said to read as zeros
 */
record Qcow2L2Entry(long descriptor, int allocated, int zeros) {
    private static final long LOW_HALF = 0xffff_ffffL;

    /** What a subcluster is. */
    enum Status {
        UNALLOCATED,
        ZERO,
        DATA
    }

    /**
     * Checks an entry of 8 bytes.
     *
     * @param position of the entry in the file, in bytes
     */
    static Qcow2L2Entry standard(Qcow2Header header, long position, long entry) throws MalformedDiskException {
        long descriptor = descriptor(header, position, entry);
        if ((descriptor & Qcow2Format.COMPRESSED_FLAG) != 0) {
            return new Qcow2L2Entry(descriptor, 0, 0);
        }
        if ((descriptor & Qcow2Format.ZERO_FLAG) != 0) {
            return new Qcow2L2Entry(descriptor, 0, 1);
        }
        if (entry == Qcow2Format.COPIED_FLAG) {
            throw new MalformedDiskException(
                    position, "qcow2: the L2 entry 0x%016x refers to the header as if it were data".formatted(entry));
        }
        return new Qcow2L2Entry(descriptor, descriptor == 0 ? 0 : 1, 0);
    }

    /**
     * Checks an entry of 16 bytes.
     *
     * @param position of the entry in the file, in bytes
     * @param bitmap the second 8 bytes: a bit for each subcluster that is data, then one for each that is zero
     */
    static Qcow2L2Entry extended(Qcow2Header header, long position, long entry, long bitmap)
            throws MalformedDiskException {
        long descriptor = descriptor(header, position, entry);
        int allocated = (int) bitmap;
        int zeros = (int) (bitmap >>> Qcow2Format.SUBCLUSTERS);
        if ((descriptor & Qcow2Format.COMPRESSED_FLAG) != 0) {
            if (bitmap != 0) {
                throw malformedBitmap(position, bitmap, "belongs to a compressed cluster, but is not 0");
            }
        } else if ((allocated & zeros) != 0) {
            throw malformedBitmap(position, bitmap, "says of the same subcluster that it is data and that it is zero");
        } else if (allocated != 0 && descriptor == 0) {
            throw malformedBitmap(position, bitmap, "speaks of data, but the L2 entry says nothing of where they are");
        }
        return new Qcow2L2Entry(descriptor, allocated, zeros);
    }

    /** The bitmap of a cluster whose subclusters are all the same. */
    static long uniformBitmap(Status status) {
        return switch (status) {
            case UNALLOCATED -> 0;
            case ZERO -> LOW_HALF << Qcow2Format.SUBCLUSTERS;
            case DATA -> LOW_HALF;
        };
    }

    boolean isCompressed() {
        return (descriptor & Qcow2Format.COMPRESSED_FLAG) != 0;
    }

    /** Where in the file the cluster begins, in bytes; 0 if nowhere. Without meaning if it is compressed. */
    long hostOffset() {
        return descriptor & Qcow2Format.OFFSET_MASK;
    }

    Status statusOf(int subcluster) {
        if ((allocated >>> subcluster & 1) != 0) {
            return Status.DATA;
        }
        return (zeros >>> subcluster & 1) != 0 ? Status.ZERO : Status.UNALLOCATED;
    }

    /** The first subcluster behind {@code subcluster} that is not the same; if none is, a number above all of them. */
    int endOfSame(int subcluster) {
        int same = switch (statusOf(subcluster)) {
            case UNALLOCATED -> ~(allocated | zeros);
            case ZERO -> zeros;
            case DATA -> allocated;
        };
        return subcluster + Integer.numberOfTrailingZeros(~(same >>> subcluster));
    }

    private static long descriptor(Qcow2Header header, long position, long entry) throws MalformedDiskException {
        // Bit 63 is for those who write. Of compressed clusters it should be 0, but says nothing that could mislead.
        long descriptor = entry & ~Qcow2Format.COPIED_FLAG;
        long reserved = descriptor & reservedBits(header, descriptor);
        if (reserved != 0) {
            throw new MalformedDiskException(
                    position,
                    "qcow2: the L2 entry 0x%016x has bits set that must be 0: 0x%x".formatted(entry, reserved));
        }
        return descriptor;
    }

    private static long reservedBits(Qcow2Header header, long descriptor) {
        if ((descriptor & Qcow2Format.COMPRESSED_FLAG) != 0) {
            long offsetField = (1L << Qcow2Format.packedOffsetBits(header.clusterBits())) - 1;
            return offsetField & -Qcow2Format.MAX_CLUSTER_END;
        }
        boolean zeroFlagKnown = header.version() >= Qcow2Format.VERSION_3 && !header.extendedL2();
        return zeroFlagKnown ? Qcow2Format.L2_RESERVED : Qcow2Format.L2_RESERVED | Qcow2Format.ZERO_FLAG;
    }

    private static MalformedDiskException malformedBitmap(long position, long bitmap, String wrong) {
        return new MalformedDiskException(
                position + Qcow2Format.L2_ENTRY_BYTES,
                "qcow2: the subcluster bitmap 0x%016x %s".formatted(bitmap, wrong));
    }
}
