package io.virtualimage.disk.vhdx;

import static io.virtualimage.disk.vhdx.VhdxFormat.*;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.MemoryByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.zip.CRC32C;

/**
 * A dynamic VHDX image of 5 MiB and a sector, to be spoiled field by field: 1 MiB each of header section, log, BAT and
 * metadata, then two blocks of 1 MiB, which are the disk's first and third. Checksums are put in at the end.
 */
final class CraftedVhdx {
    static final int MIB = 1 << 20;
    static final int LOG = MIB;
    static final int BAT = 2 * MIB;
    static final int METADATA = 3 * MIB;
    static final int FIRST_BLOCK = 4 * MIB;
    static final int SECOND_BLOCK = 5 * MIB;
    static final int LENGTH = 6 * MIB;
    static final int VIRTUAL_SIZE = 5 * MIB + 512;
    static final byte FIRST_FILL = 0x11;
    static final byte SECOND_FILL = 0x22;

    static final UUID LOG_GUID = UUID.fromString("0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0");
    static final UUID UNKNOWN_GUID = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");

    // The items' places in the table, and their offsets in the file
    static final int FILE_PARAMETERS_ENTRY = METADATA + 32;
    static final int VIRTUAL_SIZE_ENTRY = FILE_PARAMETERS_ENTRY + 32;
    static final int DISK_ID_ENTRY = VIRTUAL_SIZE_ENTRY + 32;
    static final int LOGICAL_SECTOR_ENTRY = DISK_ID_ENTRY + 32;
    static final int PHYSICAL_SECTOR_ENTRY = LOGICAL_SECTOR_ENTRY + 32;
    static final int SPARE_ENTRY = PHYSICAL_SECTOR_ENTRY + 32;
    static final int ITEMS = METADATA + METADATA_TABLE_BYTES;
    static final int FILE_PARAMETERS_ITEM = ITEMS;
    static final int VIRTUAL_SIZE_ITEM = ITEMS + 8;
    static final int DISK_ID_ITEM = ITEMS + 16;
    static final int LOGICAL_SECTOR_ITEM = ITEMS + 32;
    static final int PHYSICAL_SECTOR_ITEM = ITEMS + 36;

    private final List<Integer> spoiled = new ArrayList<>();
    private ByteBuffer image = ByteBuffer.allocate(LENGTH).order(ByteOrder.LITTLE_ENDIAN);

    CraftedVhdx() {
        u64(0, FILE_SIGNATURE);
        header(HEADER_1_OFFSET, 7);
        header(HEADER_2_OFFSET, 8);
        for (int table : new int[] {REGION_TABLE_1_OFFSET, REGION_TABLE_2_OFFSET}) {
            u32(table, REGION_TABLE_SIGNATURE);
        }
        region(0, BAT_REGION, BAT, MIB, 1)
                .region(1, METADATA_REGION, METADATA, MIB, 1)
                .regions(2);
        u64(METADATA, METADATA_SIGNATURE).u16(METADATA + METADATA_COUNT_OFFSET, 5);
        item(FILE_PARAMETERS_ENTRY, FILE_PARAMETERS, FILE_PARAMETERS_ITEM, 8, 4);
        item(VIRTUAL_SIZE_ENTRY, VIRTUAL_DISK_SIZE, VIRTUAL_SIZE_ITEM, 8, 6);
        item(DISK_ID_ENTRY, VIRTUAL_DISK_ID, DISK_ID_ITEM, 16, 6);
        item(LOGICAL_SECTOR_ENTRY, LOGICAL_SECTOR_SIZE, LOGICAL_SECTOR_ITEM, 4, 6);
        item(PHYSICAL_SECTOR_ENTRY, PHYSICAL_SECTOR_SIZE, PHYSICAL_SECTOR_ITEM, 4, 6);
        u32(FILE_PARAMETERS_ITEM, MIB);
        u64(VIRTUAL_SIZE_ITEM, VIRTUAL_SIZE);
        guid(DISK_ID_ITEM, UNKNOWN_GUID);
        u32(LOGICAL_SECTOR_ITEM, 512).u32(PHYSICAL_SECTOR_ITEM, 512);
        bat(0, FIRST_BLOCK | BLOCK_FULLY_PRESENT).bat(2, SECOND_BLOCK | BLOCK_FULLY_PRESENT);
        Arrays.fill(image.array(), FIRST_BLOCK, SECOND_BLOCK, FIRST_FILL);
        Arrays.fill(image.array(), SECOND_BLOCK, LENGTH, SECOND_FILL);
    }

    private void header(int offset, long sequenceNumber) {
        u32(offset, HEADER_SIGNATURE).u64(offset + HEADER_SEQUENCE_NUMBER_OFFSET, sequenceNumber);
        u16(offset + HEADER_VERSION_OFFSET, 1);
        u32(offset + HEADER_LOG_LENGTH_OFFSET, MIB).u64(offset + HEADER_LOG_OFFSET_OFFSET, LOG);
    }

    CraftedVhdx u8(int offset, int value) {
        image.put(offset, (byte) value);
        return this;
    }

    CraftedVhdx u16(int offset, int value) {
        image.putShort(offset, (short) value);
        return this;
    }

    CraftedVhdx u32(int offset, long value) {
        image.putInt(offset, (int) value);
        return this;
    }

    CraftedVhdx u64(int offset, long value) {
        image.putLong(offset, value);
        return this;
    }

    CraftedVhdx guid(int offset, UUID guid) {
        put(image, offset, guid);
        return this;
    }

    CraftedVhdx bytes(int offset, byte[] bytes) {
        image.put(offset, bytes);
        return this;
    }

    /** In both headers. */
    CraftedVhdx headers16(int field, int value) {
        return u16(HEADER_1_OFFSET + field, value).u16(HEADER_2_OFFSET + field, value);
    }

    CraftedVhdx headers32(int field, long value) {
        return u32(HEADER_1_OFFSET + field, value).u32(HEADER_2_OFFSET + field, value);
    }

    CraftedVhdx headers64(int field, long value) {
        return u64(HEADER_1_OFFSET + field, value).u64(HEADER_2_OFFSET + field, value);
    }

    /** How many regions there are, in both tables. */
    CraftedVhdx regions(int count) {
        return u32(REGION_TABLE_1_OFFSET + REGION_COUNT_OFFSET, count)
                .u32(REGION_TABLE_2_OFFSET + REGION_COUNT_OFFSET, count);
    }

    /** In both region tables. */
    CraftedVhdx region(int index, UUID guid, long offset, long lengthBytes, int flags) {
        for (int table : new int[] {REGION_TABLE_1_OFFSET, REGION_TABLE_2_OFFSET}) {
            int entry = table + REGION_TABLE_HEADER_BYTES + index * REGION_ENTRY_BYTES;
            guid(entry, guid).u64(entry + REGION_OFFSET_OFFSET, offset);
            u32(entry + REGION_LENGTH_OFFSET, lengthBytes).u32(entry + REGION_FLAGS_OFFSET, flags);
        }
        return this;
    }

    /** @param at the item's offset in the file, which need not lie in the metadata region */
    CraftedVhdx item(int entry, UUID id, int at, int lengthBytes, int flags) {
        guid(entry, id).u32(entry + METADATA_ITEM_OFFSET_OFFSET, at - METADATA);
        return u32(entry + METADATA_ITEM_LENGTH_OFFSET, lengthBytes).u32(entry + METADATA_FLAGS_OFFSET, flags);
    }

    /** One more item than the five. */
    CraftedVhdx spareItem(UUID id, int at, int lengthBytes, int flags) {
        return u16(METADATA + METADATA_COUNT_OFFSET, 6).item(SPARE_ENTRY, id, at, lengthBytes, flags);
    }

    CraftedVhdx bat(int index, long entry) {
        return u64(BAT + index * BAT_ENTRY_BYTES, entry);
    }

    /** Names the log in both headers, so that its entries count. */
    CraftedVhdx withLog() {
        return guid(HEADER_1_OFFSET + HEADER_LOG_GUID_OFFSET, LOG_GUID)
                .guid(HEADER_2_OFFSET + HEADER_LOG_GUID_OFFSET, LOG_GUID);
    }

    /** Puts an entry into the log, which may go over its end. */
    CraftedVhdx log(int sector, CraftedLogEntry entry) {
        withLog();
        int logBytes = image.getInt(HEADER_1_OFFSET + HEADER_LOG_LENGTH_OFFSET);
        byte[] bytes = entry.bytes();
        for (int i = 0; i < bytes.length; i += LOG_SECTOR_BYTES) {
            image.put(LOG + (sector * LOG_SECTOR_BYTES + i) % logBytes, bytes, i, LOG_SECTOR_BYTES);
        }
        return this;
    }

    /** Flips a byte once the checksums are in. */
    CraftedVhdx spoil(int offset) {
        spoiled.add(offset);
        return this;
    }

    /** Cuts the file, or appends zeros to it. */
    CraftedVhdx length(int bytes) {
        image = ByteBuffer.wrap(Arrays.copyOf(image.array(), bytes)).order(ByteOrder.LITTLE_ENDIAN);
        return this;
    }

    /** The 4 KiB that begin at {@code offset}, as they are by now, with one number changed. */
    byte[] sectorWith(int offset, int within, long value) {
        byte[] sector = Arrays.copyOfRange(image.array(), offset, offset + LOG_SECTOR_BYTES);
        ByteBuffer.wrap(sector).order(ByteOrder.LITTLE_ENDIAN).putLong(within, value);
        return sector;
    }

    byte[] bytes() {
        ByteBuffer sealed = ByteBuffer.wrap(image.array().clone()).order(ByteOrder.LITTLE_ENDIAN);
        if (sealed.limit() >= HEADER_SECTION_BYTES) {
            seal(sealed, HEADER_1_OFFSET, HEADER_BYTES);
            seal(sealed, HEADER_2_OFFSET, HEADER_BYTES);
            seal(sealed, REGION_TABLE_1_OFFSET, REGION_TABLE_BYTES);
            seal(sealed, REGION_TABLE_2_OFFSET, REGION_TABLE_BYTES);
        }
        spoiled.forEach(offset -> sealed.put(offset, (byte) ~sealed.get(offset)));
        return sealed.array();
    }

    ByteSource source() {
        return new MemoryByteSource(bytes());
    }

    static void seal(ByteBuffer bytes, int offset, int lengthBytes) {
        bytes.putInt(offset + CHECKSUM_OFFSET, 0);
        CRC32C sum = new CRC32C();
        sum.update(bytes.slice(offset, lengthBytes));
        bytes.putInt(offset + CHECKSUM_OFFSET, (int) sum.getValue());
    }

    static void put(ByteBuffer bytes, int offset, UUID guid) {
        long high = guid.getMostSignificantBits();
        bytes.putInt(offset, (int) (high >>> 32));
        bytes.putShort(offset + 4, (short) (high >>> 16)).putShort(offset + 6, (short) high);
        bytes.putLong(offset + 8, Long.reverseBytes(guid.getLeastSignificantBits()));
    }
}
