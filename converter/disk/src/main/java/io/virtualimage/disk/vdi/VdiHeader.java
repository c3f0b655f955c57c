package io.virtualimage.disk.vdi;

import io.virtualimage.disk.DiskInfo;

/**
 * A header that {@link VdiHeaderReader} found good: one self-contained file, whose block map lies inside it and is as
 * large as the disk needs. What the map says is not looked at yet. Offsets are in bytes from the start of the file.
 *
 * @param blockBytes a power of two, from 512 to 2 GiB
 */
record VdiHeader(long virtualSizeBytes, long blockBytes, long mapOffset, long dataOffset) {
    VdiHeader {
        if (virtualSizeBytes <= 0 || virtualSizeBytes % DiskInfo.SECTOR_BYTES != 0) {
            throw new IllegalArgumentException("virtual size must be whole sectors: " + virtualSizeBytes);
        }
        if (blockBytes < DiskInfo.SECTOR_BYTES || blockBytes > 1L << 31 || Long.bitCount(blockBytes) != 1) {
            throw new IllegalArgumentException("blocks must be of 512 bytes to 2 GiB: " + blockBytes);
        }
    }
}
