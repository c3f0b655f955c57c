package io.virtualimage.disk.vpc;

/**
 * Constants of VHD. All numbers in a file are big-endian.
 *
 * <p>A fixed disk is the disk itself and a footer. A dynamic one is a copy of the footer, the dynamic header, the block
 * allocation table, blocks in any order, and the footer.
 *
 * @see <a href="https://www.microsoft.com/en-us/download/details.aspx?id=23850">Virtual Hard Disk Image Format
 *     Specification, version 1.0</a>
 */
public final class VpcFormat {
    /** {@code conectix}. */
    public static final long FOOTER_COOKIE = 0x636f6e65_63746978L;
    /** {@code cxsparse}. */
    public static final long DYNAMIC_COOKIE = 0x63787370_61727365L;

    /** Of footers and dynamic headers: the major version in the upper half; minor ones add what may be ignored. */
    public static final int VERSION_1_0 = 0x0001_0000;

    // Fields of the footer, by offset in bytes
    public static final int COOKIE_OFFSET = 0;
    public static final int VERSION_OFFSET = 12;
    /** Where the dynamic header is; without meaning in a fixed disk. */
    public static final int DATA_OFFSET_OFFSET = 16;

    public static final int CREATOR_OFFSET = 28;
    public static final int CURRENT_SIZE_OFFSET = 48;
    /** Cylinders in 2 bytes, heads in one, sectors of a track in one. */
    public static final int GEOMETRY_OFFSET = 56;

    public static final int TYPE_OFFSET = 60;
    public static final int CHECKSUM_OFFSET = 64;

    public static final int FOOTER_BYTES = 512;
    /** Virtual PC before 2004 left out the last byte. */
    public static final int OLD_FOOTER_BYTES = 511;

    public static final int TYPE_FIXED = 2;
    public static final int TYPE_DYNAMIC = 3;
    public static final int TYPE_DIFFERENCING = 4;

    /** {@code vpc }: Virtual PC. */
    public static final int CREATOR_VIRTUAL_PC = 0x76706320;
    /** {@code qemu}: QEMU, unless it is told to keep to the size exactly; then it calls itself {@code qem2}. */
    public static final int CREATOR_QEMU = 0x71656d75;

    /** The largest geometry, of 127 GiB: disks with it may be larger. */
    public static final long MAX_GEOMETRY_SECTORS = 65_535L * 16 * 255;
    /** 2040 GiB. */
    public static final long MAX_SECTORS = 0xff00_0000L;

    // Fields of the dynamic header, by offset in bytes
    public static final int TABLE_OFFSET_OFFSET = 16;
    public static final int DYNAMIC_VERSION_OFFSET = 24;
    public static final int TABLE_ENTRIES_OFFSET = 28;
    public static final int BLOCK_BYTES_OFFSET = 32;
    public static final int DYNAMIC_CHECKSUM_OFFSET = 36;
    /** In UTF-16, of 512 bytes; ends at a zero. */
    public static final int PARENT_NAME_OFFSET = 64;

    public static final int PARENT_NAME_BYTES = 512;
    public static final int PARENT_LOCATORS_OFFSET = 576;

    public static final int DYNAMIC_HEADER_BYTES = 1024;
    public static final int PARENT_LOCATORS = 8;
    /** A platform code of 4 bytes, zeros if there is no locator, and where the name is. */
    public static final int PARENT_LOCATOR_BYTES = 24;

    /** An entry of the block allocation table is a sector of the file, where a bitmap and then the block begin. */
    public static final int TABLE_ENTRY_BYTES = 4;
    /** Never written. */
    public static final int BLOCK_FREE = 0xffff_ffff;

    /** Blocks whose bitmap fills a byte. */
    public static final int MIN_BLOCK_BYTES = 4096;

    private VpcFormat() {}
}
