package io.virtualimage.disk.iso;

/**
 * Constants of ISO 9660, and of the volume recognition sequence that UDF shares with it. Offsets and lengths in bytes.
 *
 * @see <a href="https://ecma-international.org/publications-and-standards/standards/ecma-119/">ECMA-119 (ISO 9660)</a>
 * @see <a href="https://ecma-international.org/publications-and-standards/standards/ecma-167/">ECMA-167 (UDF's base)</a>
 */
public final class IsoFormat {
    public static final int SECTOR_BYTES = 2048;
    /** The system area, 16 sectors, may hold anything: an MBR, say, in an image that boots from a stick too. */
    public static final int SYSTEM_AREA_BYTES = 16 * SECTOR_BYTES;

    // Every volume descriptor: type, identifier of 5 characters, version
    public static final int TYPE_OFFSET = 0;
    public static final int IDENTIFIER_OFFSET = 1;
    public static final int IDENTIFIER_BYTES = 5;
    public static final int VERSION_OFFSET = 6;

    /** Identifier of ISO 9660's descriptors. */
    public static final String ISO_9660 = "CD001";
    /** Begins the descriptors of an ECMA-167 volume. */
    public static final String EXTENDED_AREA_BEGIN = "BEA01";

    public static final String EXTENDED_AREA_END = "TEA01";
    public static final String BOOT = "BOOT2";
    public static final String ECMA_168 = "CDW02";
    /** UDF 1.x. */
    public static final String NSR_2 = "NSR02";
    /** UDF 2.x. */
    public static final String NSR_3 = "NSR03";

    public static final int TYPE_PRIMARY = 1;
    public static final int TYPE_TERMINATOR = 255;

    // Primary volume descriptor. Numbers stand there twice, little-endian and then big-endian.
    public static final int VOLUME_ID_BYTES = 32;
    public static final int VOLUME_BLOCKS_OFFSET = 80;
    public static final int BLOCK_BYTES_OFFSET = 128;

    /** The sequence steps by 2048 bytes, or by the sector size if that is larger: 4096 on some UDF media. */
    public static final int LARGE_SECTOR_BYTES = 4096;
    /** Real discs have fewer than ten descriptors. */
    public static final int MAX_DESCRIPTORS = 64;

    /** No descriptor that is looked at ends beyond this. */
    public static final int RECOGNITION_END = SYSTEM_AREA_BYTES + MAX_DESCRIPTORS * LARGE_SECTOR_BYTES;

    private IsoFormat() {}
}
