package io.virtualimage.disk.vhdx;

import java.nio.ByteBuffer;
import java.util.UUID;

/**
 * Constants of VHDX. All numbers in a file are little-endian; signatures are given as the number that their letters make
 * in that order.
 *
 * @see <a href="https://learn.microsoft.com/en-us/openspecs/windows_protocols/ms-vhdx/">[MS-VHDX]: Virtual Hard Disk v2
 *     (VHDX) File Format</a>
 */
public final class VhdxFormat {
    /** Log, regions and blocks begin at multiples of this, and the first of them is reserved for the header section. */
    public static final int ALIGNMENT_BYTES = 1 << 20;

    public static final int HEADER_SECTION_BYTES = ALIGNMENT_BYTES;

    // File type identifier (section 2.2.1)
    /** {@code vhdxfile}. */
    public static final long FILE_SIGNATURE = 0x656c_6966_7864_6876L;

    // Headers (2.2.2)
    public static final int HEADER_1_OFFSET = 64 << 10;
    public static final int HEADER_2_OFFSET = 128 << 10;
    public static final int HEADER_BYTES = 4096;
    /** What of a header is not reserved. */
    public static final int HEADER_FIELDS_BYTES = 80;
    /** {@code head}. */
    public static final int HEADER_SIGNATURE = 0x6461_6568;

    public static final int HEADER_SEQUENCE_NUMBER_OFFSET = 8;
    public static final int HEADER_LOG_GUID_OFFSET = 48;
    public static final int HEADER_LOG_VERSION_OFFSET = 64;
    public static final int HEADER_VERSION_OFFSET = 66;
    public static final int HEADER_LOG_LENGTH_OFFSET = 68;
    public static final int HEADER_LOG_OFFSET_OFFSET = 72;
    public static final int VERSION = 1;
    public static final int LOG_VERSION = 0;

    /** Headers, region tables and log entries have their CRC-32C here. */
    public static final int CHECKSUM_OFFSET = 4;

    // Region tables (2.2.3)
    public static final int REGION_TABLE_1_OFFSET = 192 << 10;
    public static final int REGION_TABLE_2_OFFSET = 256 << 10;
    public static final int REGION_TABLE_BYTES = 64 << 10;
    /** {@code regi}. */
    public static final int REGION_TABLE_SIGNATURE = 0x6967_6572;

    public static final int REGION_COUNT_OFFSET = 8;
    public static final int REGION_TABLE_HEADER_BYTES = 16;
    public static final int REGION_ENTRY_BYTES = 32;
    public static final int MAX_REGIONS = 2047;
    public static final int REGION_OFFSET_OFFSET = 16;
    public static final int REGION_LENGTH_OFFSET = 24;
    public static final int REGION_FLAGS_OFFSET = 28;
    public static final int REGION_REQUIRED_FLAG = 1;
    public static final UUID BAT_REGION = UUID.fromString("2dc27766-f623-4200-9d64-115e9bfd4a08");
    public static final UUID METADATA_REGION = UUID.fromString("8b7ca206-4790-4b9a-b8fe-575f050f886e");

    // Log (2.3)
    public static final int LOG_SECTOR_BYTES = 4096;
    /** {@code loge}. */
    public static final int LOG_ENTRY_SIGNATURE = 0x6567_6f6c;

    public static final int LOG_ENTRY_HEADER_BYTES = 64;
    public static final int LOG_ENTRY_LENGTH_OFFSET = 8;
    public static final int LOG_ENTRY_TAIL_OFFSET = 12;
    public static final int LOG_ENTRY_SEQUENCE_NUMBER_OFFSET = 16;
    public static final int LOG_ENTRY_DESCRIPTORS_OFFSET = 24;
    public static final int LOG_ENTRY_GUID_OFFSET = 32;
    public static final int LOG_ENTRY_FLUSHED_FILE_OFFSET = 48;
    public static final int LOG_ENTRY_LAST_FILE_OFFSET = 56;

    public static final int LOG_DESCRIPTOR_BYTES = 32;
    /** {@code desc}. */
    public static final int LOG_DATA_DESCRIPTOR_SIGNATURE = 0x6373_6564;
    /** {@code zero}. */
    public static final int LOG_ZERO_DESCRIPTOR_SIGNATURE = 0x6f72_657a;

    public static final int LOG_DESCRIPTOR_TRAILING_OFFSET = 4;
    /** The first 8 bytes of the sector in a data descriptor, the length to be zeroed in a zero descriptor. */
    public static final int LOG_DESCRIPTOR_LEADING_OFFSET = 8;

    public static final int LOG_DESCRIPTOR_FILE_OFFSET = 16;
    public static final int LOG_DESCRIPTOR_SEQUENCE_NUMBER_OFFSET = 24;
    /** {@code data}. */
    public static final int LOG_DATA_SECTOR_SIGNATURE = 0x6174_6164;

    public static final int LOG_DATA_SEQUENCE_HIGH_OFFSET = 4;
    public static final int LOG_DATA_SEQUENCE_LOW_OFFSET = 4092;
    /** So much of a data sector's end and so much of its start stand in the descriptor. */
    public static final int LOG_DATA_TRAILING_BYTES = 4;

    public static final int LOG_DATA_LEADING_BYTES = 8;

    // Block allocation table (2.5)
    public static final int BAT_ENTRY_BYTES = 8;
    public static final long BAT_STATE_MASK = 7;
    /** The offset in the file, which is in units of 1 MiB, in place. */
    public static final long BAT_OFFSET_MASK = -1L << 20;

    public static final int BLOCK_NOT_PRESENT = 0;
    public static final int BLOCK_UNDEFINED = 1;
    public static final int BLOCK_ZERO = 2;
    public static final int BLOCK_UNMAPPED = 3;
    /** What unmapped was in drafts up to 0.95; reserved since. */
    public static final int BLOCK_UNMAPPED_DRAFT = 5;

    public static final int BLOCK_FULLY_PRESENT = 6;
    public static final int BLOCK_PARTIALLY_PRESENT = 7;
    /** A sector bitmap block covers so many sectors; its entry follows those of the blocks with these sectors. */
    public static final long SECTORS_PER_CHUNK = 1 << 23;

    // Metadata table (2.6.1)
    /** {@code metadata}. */
    public static final long METADATA_SIGNATURE = 0x6174_6164_6174_656dL;

    public static final int METADATA_COUNT_OFFSET = 10;
    public static final int METADATA_TABLE_BYTES = 64 << 10;
    public static final int METADATA_TABLE_HEADER_BYTES = 32;
    public static final int METADATA_ENTRY_BYTES = 32;
    public static final int MAX_METADATA_ENTRIES = 2047;
    public static final int METADATA_ITEM_OFFSET_OFFSET = 16;
    public static final int METADATA_ITEM_LENGTH_OFFSET = 20;
    public static final int METADATA_FLAGS_OFFSET = 24;
    public static final int METADATA_USER_FLAG = 1;
    public static final int METADATA_REQUIRED_FLAG = 4;

    // Metadata items (2.6.2)
    public static final UUID FILE_PARAMETERS = UUID.fromString("caa16737-fa36-4d43-b3b6-33f0aa44e76b");
    public static final int FILE_PARAMETERS_BYTES = 8;
    public static final int FILE_PARAMETERS_FLAGS_OFFSET = 4;
    /** The image is fixed. Says what writers may do; readers need not know. */
    public static final int LEAVE_BLOCKS_ALLOCATED_FLAG = 1;

    public static final int HAS_PARENT_FLAG = 2;
    public static final int MIN_BLOCK_BYTES = 1 << 20;
    public static final int MAX_BLOCK_BYTES = 256 << 20;

    public static final UUID VIRTUAL_DISK_SIZE = UUID.fromString("2fa54224-cd1b-4876-b211-5dbed83bf4b8");
    public static final int VIRTUAL_DISK_SIZE_BYTES = 8;
    public static final long MAX_VIRTUAL_SIZE_BYTES = 64L << 40;

    /** What the disk answers when it is asked for SCSI's page 83. */
    public static final UUID VIRTUAL_DISK_ID = UUID.fromString("beca12ab-b2e6-4523-93ef-c309e000c746");

    public static final int VIRTUAL_DISK_ID_BYTES = 16;

    public static final UUID LOGICAL_SECTOR_SIZE = UUID.fromString("8141bf1d-a96f-4709-ba47-f233a8faab5f");
    public static final UUID PHYSICAL_SECTOR_SIZE = UUID.fromString("cda348c7-445d-4471-9cc9-e9885251c556");
    public static final int SECTOR_SIZE_BYTES = 4;
    public static final int SMALL_SECTOR_BYTES = 512;
    public static final int LARGE_SECTOR_BYTES = 4096;

    public static final UUID PARENT_LOCATOR = UUID.fromString("a8d35f2d-b30b-454d-abf7-d3d84834ab0c");

    public static final UUID NO_GUID = new UUID(0, 0);

    private VhdxFormat() {}

    /**
     * The GUID at {@code offset}: a number of 4 bytes and two of 2 bytes, then 8 bytes in the order in which they are
     * shown.
     *
     * @param structure in little-endian order
     */
    static UUID guidAt(ByteBuffer structure, int offset) {
        long high = Integer.toUnsignedLong(structure.getInt(offset)) << 32
                | Short.toUnsignedLong(structure.getShort(offset + 4)) << 16
                | Short.toUnsignedLong(structure.getShort(offset + 6));
        return new UUID(high, Long.reverseBytes(structure.getLong(offset + 8)));
    }
}
