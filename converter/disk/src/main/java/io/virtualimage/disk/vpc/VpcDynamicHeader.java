package io.virtualimage.disk.vpc;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A dynamic header that was found good: it names no parent, and its block allocation table lies inside the file and is
 * as large as the disk needs. What the table says is not looked at yet.
 *
 * @param tableOffset in bytes from the start of the file
 * @param blockBytes a power of two, from 4 KiB to 2 GiB
 */
record VpcDynamicHeader(long tableOffset, long blockBytes) {
    private static final String NAME = "dynamic header";

    /** Length of the bitmap in front of each block in bytes: a bit for each sector, and whole sectors. */
    long bitmapBytes() {
        return Math.max(DiskInfo.SECTOR_BYTES, blockBytes / DiskInfo.SECTOR_BYTES / Byte.SIZE);
    }

    static VpcDynamicHeader read(ByteSource source, VpcFooter footer) throws IOException, DiskException {
        long offset = footer.dataOffset();
        if (!liesIn(source, offset)) {
            throw new MalformedDiskException(
                    footer.offset() + VpcFormat.DATA_OFFSET_OFFSET,
                    "vpc: the dynamic header at 0x%x does not lie inside the file of %d bytes; is the file cut short?"
                            .formatted(offset, source.lengthBytes()));
        }
        ByteBuffer header = source.read(offset, VpcFormat.DYNAMIC_HEADER_BYTES);
        if (header.getLong(VpcFormat.COOKIE_OFFSET) != VpcFormat.DYNAMIC_COOKIE) {
            throw new MalformedDiskException(offset, "vpc: there is no dynamic header where the footer says");
        }
        VpcStructure.checkChecksum(NAME, header, offset, VpcFormat.DYNAMIC_CHECKSUM_OFFSET);
        VpcStructure.checkVersion(NAME, header, offset, VpcFormat.DYNAMIC_VERSION_OFFSET);
        VpcParent.refuse(header, offset);
        long blockBytes = blockBytes(header, offset);
        long entries = entries(header, offset, footer.virtualSizeBytes(), blockBytes);
        long tableOffset = header.getLong(VpcFormat.TABLE_OFFSET_OFFSET);
        if (tableOffset < 0 || entries * VpcFormat.TABLE_ENTRY_BYTES > source.lengthBytes() - tableOffset) {
            throw new MalformedDiskException(
                    offset + VpcFormat.TABLE_OFFSET_OFFSET,
                    "vpc: the block table of %d entries at 0x%x does not lie inside the file of %d bytes; is the file cut short?"
                            .formatted(entries, tableOffset, source.lengthBytes()));
        }
        return new VpcDynamicHeader(tableOffset, blockBytes);
    }

    static boolean liesIn(ByteSource source, long offset) {
        return offset >= 0 && offset <= source.lengthBytes() - VpcFormat.DYNAMIC_HEADER_BYTES;
    }

    private static long blockBytes(ByteBuffer header, long offset) throws DiskException {
        long blockBytes = Integer.toUnsignedLong(header.getInt(VpcFormat.BLOCK_BYTES_OFFSET));
        if (Long.bitCount(blockBytes) != 1) {
            throw new MalformedDiskException(
                    offset + VpcFormat.BLOCK_BYTES_OFFSET,
                    "vpc: a block size of %d bytes is not a power of two".formatted(blockBytes));
        }
        // Below, QEMU knows of no bitmap, and the specification of one that isn't whole bytes.
        if (blockBytes < VpcFormat.MIN_BLOCK_BYTES) {
            throw new UnsupportedDiskException(
                    offset + VpcFormat.BLOCK_BYTES_OFFSET,
                    "vpc: blocks of %d bytes, less than 4 KiB, are not supported".formatted(blockBytes));
        }
        return blockBytes;
    }

    private static long entries(ByteBuffer header, long offset, long virtualSizeBytes, long blockBytes)
            throws DiskException {
        long entries = Integer.toUnsignedLong(header.getInt(VpcFormat.TABLE_ENTRIES_OFFSET));
        long needed = Math.ceilDiv(virtualSizeBytes, blockBytes);
        if (entries < needed) {
            throw new MalformedDiskException(
                    offset + VpcFormat.TABLE_ENTRIES_OFFSET,
                    "vpc: the block table has %d entries, but a disk of %d bytes needs %d"
                            .formatted(entries, virtualSizeBytes, needed));
        }
        long limit = VpcFormat.MAX_SECTORS * DiskInfo.SECTOR_BYTES / blockBytes;
        if (entries > limit) {
            throw new DiskLimitException(
                    offset + VpcFormat.TABLE_ENTRIES_OFFSET,
                    "vpc: a block table of %d entries is over the limit of %d, which make 2040 GiB"
                            .formatted(entries, limit));
        }
        return entries;
    }
}
