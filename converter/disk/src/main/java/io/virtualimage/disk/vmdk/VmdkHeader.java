package io.virtualimage.disk.vmdk;

import io.virtualimage.disk.DiskInfo;

/**
 * A header that was found good: one self-contained file with a grain directory inside it that is as large as the disk
 * needs. What the directory and the tables say is not looked at yet. Offsets and lengths are in bytes.
 *
 * @param grainBytes a power of 2, up to 2 MiB
 * @param tableEntries number of entries in a grain table, each for a grain
 * @param directoryOffset of the grain directory, from the start of the file
 * @param metadataEnd where the header, and the descriptor if there is one, end: no table and no grain is in front of it
 * @param streamed whether the grain directory stands at the end, behind a marker that is not checked yet
 * @param zeroedGrains whether 1 in a grain table stands for zeros
 * @param compressed whether each grain is compressed, behind a marker
 * @param uncleanShutdown whether the last writer did not close the file: then tables may lack grains that were written
 */
record VmdkHeader(
        long virtualSizeBytes,
        int grainBytes,
        int tableEntries,
        long directoryOffset,
        long metadataEnd,
        boolean streamed,
        boolean zeroedGrains,
        boolean compressed,
        boolean uncleanShutdown) {

    VmdkHeader {
        if (virtualSizeBytes <= 0 || virtualSizeBytes % DiskInfo.SECTOR_BYTES != 0) {
            throw new IllegalArgumentException("virtual size must be whole sectors: " + virtualSizeBytes);
        }
        if (grainBytes < VmdkFormat.SECTOR_BYTES
                || grainBytes > VmdkFormat.MAX_GRAIN_BYTES
                || Integer.bitCount(grainBytes) != 1) {
            throw new IllegalArgumentException("no size of a grain: " + grainBytes);
        }
        if (tableEntries < 1 || tableEntries > VmdkFormat.COWD_TABLE_ENTRIES) {
            throw new IllegalArgumentException("no number of entries in a table: " + tableEntries);
        }
    }

    /** How much of the disk a grain table is for. */
    public long tableSpanBytes() {
        return (long) tableEntries * grainBytes;
    }

    /** How many bytes the directory of a disk has at least. */
    static long directoryBytes(long virtualSizeBytes, int grainBytes, int tableEntries) {
        return Math.ceilDiv(virtualSizeBytes, (long) tableEntries * grainBytes) * VmdkFormat.ENTRY_BYTES;
    }
}
