package io.virtualimage.disk.qcow2;

import io.virtualimage.disk.DiskInfo;

/**
 * A header that {@link Qcow2HeaderReader} found good: one self-contained file, whose tables lie inside it and are as
 * large as the disk needs. What the tables say is not looked at yet. Offsets are in bytes from the start of the file.
 *
 * @param version 2 or 3
 * @param clusterBits binary logarithm of the cluster size in bytes, 9 to 21
 * @param l1Entries number of 8-byte entries of the L1 table; may be more than the disk needs
 * @param refcountOrder binary logarithm of the width of a reference count in bits, 0 to 6
 * @param snapshotTableOffset without meaning if there are no snapshots
 * @param extendedL2 whether L2 entries are 16 bytes long and describe subclusters
 * @param dirty whether reference counts may be wrong; data are not concerned
 */
public record Qcow2Header(
        int version,
        int clusterBits,
        long virtualSizeBytes,
        int l1Entries,
        long l1TableOffset,
        long refcountTableOffset,
        int refcountTableClusters,
        int refcountOrder,
        int snapshotCount,
        long snapshotTableOffset,
        Qcow2Compression compression,
        boolean extendedL2,
        boolean dirty) {

    public Qcow2Header {
        if (version != Qcow2Format.VERSION_2 && version != Qcow2Format.VERSION_3) {
            throw new IllegalArgumentException("version must be 2 or 3: " + version);
        }
        if (clusterBits < Qcow2Format.MIN_CLUSTER_BITS || clusterBits > Qcow2Format.MAX_CLUSTER_BITS) {
            throw new IllegalArgumentException("cluster bits must be from 9 to 21: " + clusterBits);
        }
        if (virtualSizeBytes <= 0 || virtualSizeBytes % DiskInfo.SECTOR_BYTES != 0) {
            throw new IllegalArgumentException("virtual size must be whole sectors: " + virtualSizeBytes);
        }
        if (l1Entries < l1EntriesFor(virtualSizeBytes, clusterBits, extendedL2)) {
            throw new IllegalArgumentException("the L1 table is too small for the disk: " + l1Entries);
        }
    }

    public int clusterBytes() {
        return 1 << clusterBits;
    }

    /** Number of entries in each L2 table, which fills one cluster. */
    public int l2Entries() {
        return l2Entries(clusterBits, extendedL2);
    }

    /** How many L1 entries a disk of that size needs at least. */
    public static long l1EntriesFor(long virtualSizeBytes, int clusterBits, boolean extendedL2) {
        long coveredByEntry = (long) l2Entries(clusterBits, extendedL2) << clusterBits;
        return Math.ceilDiv(virtualSizeBytes, coveredByEntry);
    }

    private static int l2Entries(int clusterBits, boolean extendedL2) {
        return (1 << clusterBits) / (extendedL2 ? Qcow2Format.EXTENDED_L2_ENTRY_BYTES : Qcow2Format.L2_ENTRY_BYTES);
    }
}
