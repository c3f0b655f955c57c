package io.virtualimage.disk.sample;

import io.virtualimage.disk.DiskInfo;

/**
 * Which clusters of a sample disk hold data: runs of 64, spread evenly; from the start without a gap if the disk is so
 * full that runs do not fit.
 */
record SampleLayout(long virtualSizeBytes, long dataBytes) {
    static final int CLUSTER_BITS = 16;
    static final int CLUSTER_BYTES = 1 << CLUSTER_BITS;
    private static final int RUN_CLUSTERS = 64;
    /** Keeps the L1 table of the qcow2 within QEMU's limit of 32 MiB. */
    private static final long MAX_VIRTUAL_SIZE_BYTES = 1L << 50;

    SampleLayout {
        if (virtualSizeBytes <= 0
                || virtualSizeBytes > MAX_VIRTUAL_SIZE_BYTES
                || virtualSizeBytes % DiskInfo.SECTOR_BYTES != 0) {
            throw new IllegalArgumentException(
                    "virtual size must be a multiple of 512, above 0 and at most 1 PiB: " + virtualSizeBytes);
        }
        if (dataBytes < 0 || dataBytes > virtualSizeBytes) {
            throw new IllegalArgumentException(
                    "data must be from 0 to the virtual size of %d bytes: %d".formatted(virtualSizeBytes, dataBytes));
        }
    }

    long guestClusters() {
        return Math.ceilDiv(virtualSizeBytes, CLUSTER_BYTES);
    }

    long dataClusters() {
        return Math.max(1, Math.ceilDiv(dataBytes, CLUSTER_BYTES));
    }

    /** Where on the disk the {@code index}-th cluster of data is, in clusters; grows with {@code index}. */
    long guestCluster(long index) {
        long guestRuns = guestClusters() / RUN_CLUSTERS;
        long dataRuns = Math.ceilDiv(dataClusters(), RUN_CLUSTERS);
        if (dataRuns > guestRuns) {
            return index;
        }
        long run = index / RUN_CLUSTERS * guestRuns / dataRuns;
        return run * RUN_CLUSTERS + index % RUN_CLUSTERS;
    }

    /** The first cluster of data, by its index, that is not before that cluster of the disk; their number if none is. */
    long firstFrom(long guestCluster) {
        long low = 0;
        long high = dataClusters();
        while (low < high) {
            long middle = (low + high) / 2;
            if (guestCluster(middle) < guestCluster) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** Length in bytes of that cluster of the disk: the last one may be shorter. */
    int lengthOf(long guestCluster) {
        return (int) Math.min(CLUSTER_BYTES, virtualSizeBytes - guestCluster * CLUSTER_BYTES);
    }
}
