package io.virtualimage.disk.vhdx;

/**
 * What the metadata say about the disk.
 *
 * @param blockBytes a power of two from 1 MiB to 256 MiB
 * @param virtualSizeBytes whole sectors of 512 bytes, above 0, at most 64 TiB
 */
record VhdxMetadata(int blockBytes, long virtualSizeBytes) {
    /** So many entries of payload blocks come before that of a sector bitmap block: at least 16. */
    long chunkRatio() {
        return VhdxFormat.SECTORS_PER_CHUNK * VhdxFormat.SMALL_SECTOR_BYTES / blockBytes;
    }

    /** How many entries the BAT has to have: those up to the last payload block's. */
    long batEntries() {
        long blocks = Math.ceilDiv(virtualSizeBytes, blockBytes);
        return blocks + (blocks - 1) / chunkRatio();
    }
}
