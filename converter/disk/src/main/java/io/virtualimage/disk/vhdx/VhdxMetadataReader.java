package io.virtualimage.disk.vhdx;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.vhdx.VhdxRegions.Region;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;

/** Reads the metadata table and the items that matter, and refuses images that have a parent. */
final class VhdxMetadataReader {
    /** Items that every image has, by what they are called in messages, and how long they are. */
    private static final Map<UUID, Known> KNOWN = Map.of(
            VhdxFormat.FILE_PARAMETERS, new Known("file parameters", VhdxFormat.FILE_PARAMETERS_BYTES),
            VhdxFormat.VIRTUAL_DISK_SIZE, new Known("virtual disk size", VhdxFormat.VIRTUAL_DISK_SIZE_BYTES),
            VhdxFormat.VIRTUAL_DISK_ID, new Known("virtual disk ID", VhdxFormat.VIRTUAL_DISK_ID_BYTES),
            VhdxFormat.LOGICAL_SECTOR_SIZE, new Known("logical sector size", VhdxFormat.SECTOR_SIZE_BYTES),
            VhdxFormat.PHYSICAL_SECTOR_SIZE, new Known("physical sector size", VhdxFormat.SECTOR_SIZE_BYTES));

    private final ByteSource file;
    private final Region region;
    private final Map<UUID, Item> items = new HashMap<>();

    private record Known(String name, int lengthBytes) {}

    /** @param offset of the item's first byte in the file */
    private record Item(long offset, ByteBuffer bytes) {}

    private VhdxMetadataReader(ByteSource file, Region region) {
        this.file = file;
        this.region = region;
    }

    /** @param file with the log's updates; holds all of the region */
    static VhdxMetadata read(ByteSource file, Region region) throws IOException, DiskException {
        return new VhdxMetadataReader(file, region).read();
    }

    private VhdxMetadata read() throws IOException, DiskException {
        readTable();
        Item parameters = item(VhdxFormat.FILE_PARAMETERS);
        if ((parameters.bytes.getInt(VhdxFormat.FILE_PARAMETERS_FLAGS_OFFSET) & VhdxFormat.HAS_PARENT_FLAG) != 0) {
            throw parentRefused(parameters.offset + VhdxFormat.FILE_PARAMETERS_FLAGS_OFFSET);
        }
        long blockBytes = Integer.toUnsignedLong(parameters.bytes.getInt(0));
        if (blockBytes < VhdxFormat.MIN_BLOCK_BYTES
                || blockBytes > VhdxFormat.MAX_BLOCK_BYTES
                || Long.bitCount(blockBytes) != 1) {
            throw new MalformedDiskException(
                    parameters.offset,
                    "vhdx: a block size of %d bytes is not a power of two from 1 MiB to 256 MiB".formatted(blockBytes));
        }
        if (sectorBytes(VhdxFormat.LOGICAL_SECTOR_SIZE) != VhdxFormat.SMALL_SECTOR_BYTES) {
            // Guests would look for the partition table at the wrong place.
            throw new UnsupportedDiskException(
                    item(VhdxFormat.LOGICAL_SECTOR_SIZE).offset,
                    "vhdx: disks with logical sectors of 4096 bytes are not supported, only those with 512 are");
        }
        sectorBytes(VhdxFormat.PHYSICAL_SECTOR_SIZE);
        item(VhdxFormat.VIRTUAL_DISK_ID);
        return new VhdxMetadata((int) blockBytes, virtualSize());
    }

    private void readTable() throws IOException, DiskException {
        if (region.lengthBytes() < VhdxFormat.METADATA_TABLE_BYTES) {
            throw new MalformedDiskException(
                    region.offset(),
                    "vhdx: the metadata region of %d bytes has no room for its table".formatted(region.lengthBytes()));
        }
        ByteBuffer table = VhdxStructure.read(file, region.offset(), VhdxFormat.METADATA_TABLE_BYTES);
        if (table.getLong(0) != VhdxFormat.METADATA_SIGNATURE) {
            throw new MalformedDiskException(
                    region.offset(), "vhdx: the metadata table does not begin with its signature");
        }
        int count = Short.toUnsignedInt(table.getShort(VhdxFormat.METADATA_COUNT_OFFSET));
        if (count > VhdxFormat.MAX_METADATA_ENTRIES) {
            throw new MalformedDiskException(
                    region.offset() + VhdxFormat.METADATA_COUNT_OFFSET,
                    "vhdx: %d metadata items are more than the %d that the table has room for"
                            .formatted(count, VhdxFormat.MAX_METADATA_ENTRIES));
        }
        for (int i = 0; i < count; i++) {
            int entry = VhdxFormat.METADATA_TABLE_HEADER_BYTES + i * VhdxFormat.METADATA_ENTRY_BYTES;
            readEntry(
                    table.slice(entry, VhdxFormat.METADATA_ENTRY_BYTES).order(table.order()), region.offset() + entry);
        }
    }

    private void readEntry(ByteBuffer entry, long position) throws IOException, DiskException {
        UUID id = VhdxFormat.guidAt(entry, 0);
        int flags = entry.getInt(VhdxFormat.METADATA_FLAGS_OFFSET);
        if (id.equals(VhdxFormat.PARENT_LOCATOR)) {
            throw parentRefused(position);
        }
        Known known = KNOWN.get(id);
        if (known == null) {
            if ((flags & VhdxFormat.METADATA_REQUIRED_FLAG) != 0) {
                throw new UnsupportedDiskException(
                        position, "vhdx: the image needs the metadata item %s, which is not supported".formatted(id));
            }
            return;
        }
        // Some readers look at this flag, and some do not, so they would see two disks.
        if ((flags & VhdxFormat.METADATA_USER_FLAG) != 0) {
            throw new MalformedDiskException(
                    position, "vhdx: the %s is marked as the user's own metadata".formatted(known.name));
        }
        long offset = Integer.toUnsignedLong(entry.getInt(VhdxFormat.METADATA_ITEM_OFFSET_OFFSET));
        long lengthBytes = Integer.toUnsignedLong(entry.getInt(VhdxFormat.METADATA_ITEM_LENGTH_OFFSET));
        if (lengthBytes != known.lengthBytes) {
            throw new MalformedDiskException(
                    position,
                    "vhdx: the %s is said to have %d bytes, not %d"
                            .formatted(known.name, lengthBytes, known.lengthBytes));
        }
        if (offset < VhdxFormat.METADATA_TABLE_BYTES || lengthBytes > region.lengthBytes() - offset) {
            throw new MalformedDiskException(
                    position,
                    "vhdx: the %s at 0x%x does not lie behind the table in the metadata region of %d bytes"
                            .formatted(known.name, offset, region.lengthBytes()));
        }
        long at = region.offset() + offset;
        if (items.put(id, new Item(at, VhdxStructure.read(file, at, known.lengthBytes))) != null) {
            throw new MalformedDiskException(position, "vhdx: the %s is listed twice".formatted(known.name));
        }
    }

    private Item item(UUID id) throws MalformedDiskException {
        Item item = items.get(id);
        if (item == null) {
            Known known = KNOWN.get(id);
            throw new MalformedDiskException(
                    region.offset(), "vhdx: the metadata lack the %s".formatted(known == null ? id : known.name));
        }
        return item;
    }

    private int sectorBytes(UUID id) throws MalformedDiskException {
        Item item = item(id);
        int bytes = item.bytes.getInt(0);
        if (bytes != VhdxFormat.SMALL_SECTOR_BYTES && bytes != VhdxFormat.LARGE_SECTOR_BYTES) {
            throw new MalformedDiskException(
                    item.offset,
                    "vhdx: a sector size of %s bytes is neither 512 nor 4096"
                            .formatted(Integer.toUnsignedString(bytes)));
        }
        return bytes;
    }

    private long virtualSize() throws MalformedDiskException {
        Item item = item(VhdxFormat.VIRTUAL_DISK_SIZE);
        long bytes = item.bytes.getLong(0);
        if (bytes == 0) {
            throw new MalformedDiskException(item.offset, "vhdx: the virtual size is 0");
        }
        if (bytes < 0 || bytes > VhdxFormat.MAX_VIRTUAL_SIZE_BYTES) {
            throw new MalformedDiskException(
                    item.offset,
                    "vhdx: a virtual size of %s bytes is above 64 TiB, the most that the format allows"
                            .formatted(Long.toUnsignedString(bytes)));
        }
        if (bytes % VhdxFormat.SMALL_SECTOR_BYTES != 0) {
            throw new MalformedDiskException(
                    item.offset,
                    "vhdx: the virtual size of %d bytes is not a multiple of the sector size of 512".formatted(bytes));
        }
        return bytes;
    }

    private static UnsupportedDiskException parentRefused(long offset) {
        return new UnsupportedDiskException(
                offset,
                "vhdx: this is a differencing disk, which holds only what was changed in another image; "
                        + UnsupportedDiskException.OTHER_FILES);
    }
}
