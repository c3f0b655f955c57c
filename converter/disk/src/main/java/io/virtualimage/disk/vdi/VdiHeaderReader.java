package io.virtualimage.disk.vdi;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Reads the header, and refuses what is not one self-contained disk. Holds to the rules of VirtualBox, which are
 * stricter than QEMU's.
 */
final class VdiHeaderReader {
    private final long fileLengthBytes;
    private final ByteBuffer header;

    private VdiHeaderReader(long fileLengthBytes, ByteBuffer header) {
        this.fileLengthBytes = fileLengthBytes;
        this.header = header;
    }

    /** Whether the bytes, an image's first ones, are a VDI's of any version. */
    static boolean matches(ByteBuffer head) {
        ByteBuffer bytes = head.slice().order(ByteOrder.LITTLE_ENDIAN);
        return bytes.limit() >= VdiFormat.SIGNATURE_OFFSET + Integer.BYTES
                && bytes.getInt(VdiFormat.SIGNATURE_OFFSET) == VdiFormat.SIGNATURE;
    }

    /** Reads the header of a source that has the signature. */
    static VdiHeader read(ByteSource source) throws IOException, DiskException {
        long length = source.lengthBytes();
        if (length < VdiFormat.HEADER_BYTES) {
            throw new MalformedDiskException(
                    length,
                    "vdi: the file ends after %d bytes, inside the header of %d"
                            .formatted(length, VdiFormat.HEADER_BYTES));
        }
        ByteBuffer header = source.read(0, VdiFormat.HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        return new VdiHeaderReader(length, header).read();
    }

    private VdiHeader read() throws DiskException {
        checkVersion();
        refuseParent();
        long blockBytes = blockBytes();
        long blocks = checkBlocks();
        long virtualSizeBytes = virtualSize(blocks, blockBytes);
        long mapOffset = checkMap(blocks);
        long dataOffset = unsigned(VdiFormat.DATA_OFFSET_OFFSET);
        if (dataOffset < mapOffset + blocks * VdiFormat.MAP_ENTRY_BYTES) {
            throw new MalformedDiskException(
                    VdiFormat.DATA_OFFSET_OFFSET,
                    "vdi: the blocks, from 0x%x on, overlap the block map of %d entries at 0x%x"
                            .formatted(dataOffset, blocks, mapOffset));
        }
        refuseUnaligned(VdiFormat.MAP_OFFSET_OFFSET, "the block map", mapOffset);
        refuseUnaligned(VdiFormat.DATA_OFFSET_OFFSET, "the first block", dataOffset);
        return new VdiHeader(virtualSizeBytes, blockBytes, mapOffset, dataOffset);
    }

    private void checkVersion() throws DiskException {
        int version = header.getInt(VdiFormat.VERSION_OFFSET);
        if (version != VdiFormat.VERSION_1_1) {
            throw new UnsupportedDiskException(
                    VdiFormat.VERSION_OFFSET,
                    "vdi: version %d.%d of the format is not supported, only 1.1 is"
                            .formatted(version >>> 16, version & 0xffff));
        }
        long headerLength = unsigned(VdiFormat.HEADER_LENGTH_OFFSET);
        if (headerLength < VdiFormat.MIN_HEADER_LENGTH) {
            throw new MalformedDiskException(
                    VdiFormat.HEADER_LENGTH_OFFSET,
                    "vdi: a header length of %d is below the %d of version 1.1"
                            .formatted(headerLength, VdiFormat.MIN_HEADER_LENGTH));
        }
        long sectorBytes = unsigned(VdiFormat.SECTOR_BYTES_OFFSET);
        if (sectorBytes != DiskInfo.SECTOR_BYTES) {
            throw new UnsupportedDiskException(
                    VdiFormat.SECTOR_BYTES_OFFSET,
                    "vdi: sectors of %d bytes are not supported, only of 512".formatted(sectorBytes));
        }
    }

    /** Some readers ask the type and others the identifiers, so a disk must have no parent by either. */
    private void refuseParent() throws DiskException {
        long type = unsigned(VdiFormat.TYPE_OFFSET);
        if (type == VdiFormat.TYPE_UNDO || type == VdiFormat.TYPE_DIFFERENCING) {
            throw parentRefused(VdiFormat.TYPE_OFFSET, type == VdiFormat.TYPE_UNDO ? "an undo" : "a differencing");
        }
        if (type != VdiFormat.TYPE_DYNAMIC && type != VdiFormat.TYPE_STATIC) {
            throw new UnsupportedDiskException(
                    VdiFormat.TYPE_OFFSET, "vdi: images of the type %d are not supported".formatted(type));
        }
        for (int field : new int[] {VdiFormat.LINK_UUID_OFFSET, VdiFormat.PARENT_UUID_OFFSET}) {
            if (header.getLong(field) != 0 || header.getLong(field + Long.BYTES) != 0) {
                throw parentRefused(field, "a differencing");
            }
        }
    }

    private static UnsupportedDiskException parentRefused(int field, String kind) {
        return new UnsupportedDiskException(
                field,
                "vdi: this is %s image, whose other data are in its parent; %s"
                        .formatted(kind, UnsupportedDiskException.OTHER_FILES));
    }

    private long blockBytes() throws DiskException {
        long blockBytes = unsigned(VdiFormat.BLOCK_BYTES_OFFSET);
        if (Long.bitCount(blockBytes) != 1) {
            throw new MalformedDiskException(
                    VdiFormat.BLOCK_BYTES_OFFSET,
                    "vdi: a block size of %d bytes is not a power of two".formatted(blockBytes));
        }
        if (blockBytes < DiskInfo.SECTOR_BYTES) {
            throw new UnsupportedDiskException(
                    VdiFormat.BLOCK_BYTES_OFFSET,
                    "vdi: blocks of %d bytes, less than a sector, are not supported".formatted(blockBytes));
        }
        // VirtualBox would skip these bytes, QEMU takes them for the disk's. Nobody writes any.
        long extraBytes = unsigned(VdiFormat.BLOCK_EXTRA_BYTES_OFFSET);
        if (extraBytes != 0) {
            throw new UnsupportedDiskException(
                    VdiFormat.BLOCK_EXTRA_BYTES_OFFSET,
                    "vdi: blocks with %d extra bytes each are not supported".formatted(extraBytes));
        }
        return blockBytes;
    }

    private long checkBlocks() throws MalformedDiskException {
        long blocks = unsigned(VdiFormat.BLOCKS_OFFSET);
        long allocated = unsigned(VdiFormat.BLOCKS_ALLOCATED_OFFSET);
        if (allocated > blocks) {
            throw new MalformedDiskException(
                    VdiFormat.BLOCKS_ALLOCATED_OFFSET,
                    "vdi: %d blocks are said to be allocated, but the disk has only %d".formatted(allocated, blocks));
        }
        return blocks;
    }

    /** VirtualBox makes disks of any number of bytes; as in QEMU, what is left of the last sector is the block's. */
    private long virtualSize(long blocks, long blockBytes) throws MalformedDiskException {
        long bytes = header.getLong(VdiFormat.VIRTUAL_SIZE_OFFSET);
        if (bytes == 0) {
            throw new MalformedDiskException(VdiFormat.VIRTUAL_SIZE_OFFSET, "vdi: the virtual size is 0");
        }
        // Below 2^63.
        long mapped = blocks * blockBytes;
        if (bytes < 0 || bytes > mapped) {
            throw new MalformedDiskException(
                    VdiFormat.BLOCKS_OFFSET,
                    "vdi: %d blocks of %d bytes are too few for a disk of %s bytes"
                            .formatted(blocks, blockBytes, Long.toUnsignedString(bytes)));
        }
        return Math.ceilDiv(bytes, DiskInfo.SECTOR_BYTES) * DiskInfo.SECTOR_BYTES;
    }

    private long checkMap(long blocks) throws MalformedDiskException {
        long offset = unsigned(VdiFormat.MAP_OFFSET_OFFSET);
        if (offset < VdiFormat.HEADER_BYTES) {
            throw new MalformedDiskException(
                    VdiFormat.MAP_OFFSET_OFFSET, "vdi: the block map at 0x%x overlaps the header".formatted(offset));
        }
        if (blocks * VdiFormat.MAP_ENTRY_BYTES > fileLengthBytes - offset) {
            throw new MalformedDiskException(
                    VdiFormat.MAP_OFFSET_OFFSET,
                    "vdi: the block map of %d entries at 0x%x does not lie inside the file of %d bytes; is the file cut short?"
                            .formatted(blocks, offset, fileLengthBytes));
        }
        return offset;
    }

    /** As QEMU does; nobody writes such. */
    private static void refuseUnaligned(int field, String what, long offset) throws UnsupportedDiskException {
        if (offset % DiskInfo.SECTOR_BYTES != 0) {
            throw new UnsupportedDiskException(
                    field,
                    "vdi: %s at 0x%x does not begin at a sector, which is not supported".formatted(what, offset));
        }
    }

    private long unsigned(int field) {
        return Integer.toUnsignedLong(header.getInt(field));
    }
}
