package io.virtualimage.disk.vhdx;

/**
 * A valid entry of the log. Positions and lengths are in sectors of 4 KiB, which are counted from the start of the log
 * and go on at 0 behind its end.
 *
 * @param sector where the entry begins
 * @param sectors its length, at least 1
 * @param sequenceNumber unsigned, not 0
 * @param tailSector where the oldest entry begins that is not yet surely in place
 * @param descriptorCount may be 0
 * @param flushedFileBytes the file was at least so long, unsigned
 * @param lastFileBytes the file has to be at least so long for all that is in it, unsigned
 */
record VhdxLogEntry(
        int sector,
        int sectors,
        long sequenceNumber,
        int tailSector,
        int descriptorCount,
        long flushedFileBytes,
        long lastFileBytes) {
    private static final int DESCRIPTORS_PER_SECTOR = VhdxFormat.LOG_SECTOR_BYTES / VhdxFormat.LOG_DESCRIPTOR_BYTES;
    private static final int HEADER_DESCRIPTORS = VhdxFormat.LOG_ENTRY_HEADER_BYTES / VhdxFormat.LOG_DESCRIPTOR_BYTES;

    /** How many sectors header and descriptors take; data sectors follow. */
    static long descriptorSectors(long descriptorCount) {
        return Math.ceilDiv(HEADER_DESCRIPTORS + descriptorCount, DESCRIPTORS_PER_SECTOR);
    }

    /** In which of the entry's sectors a descriptor is. */
    static int descriptorSector(int index) {
        return (HEADER_DESCRIPTORS + index) / DESCRIPTORS_PER_SECTOR;
    }

    /** Where in that sector the descriptor begins, in bytes. */
    static int descriptorOffset(int index) {
        return (HEADER_DESCRIPTORS + index) % DESCRIPTORS_PER_SECTOR * VhdxFormat.LOG_DESCRIPTOR_BYTES;
    }
}
