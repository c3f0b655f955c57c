package io.virtualimage.disk.vdi;

/**
 * Constants of VDI. All numbers in a file are little-endian. A file is a header, the block map, and the blocks in the
 * order in which they were first written.
 *
 * @see <a href="https://forums.virtualbox.org/viewtopic.php?t=8046">All about VDIs</a>
 * @see <a href="https://www.virtualbox.org/browser/vbox/trunk/src/VBox/Storage/VDICore.h">VirtualBox's definition</a>
 */
public final class VdiFormat {
    public static final int SIGNATURE = 0xbeda107f;
    /** The major version in the upper half, the minor one in the lower. */
    public static final int VERSION_1_1 = 0x0001_0001;

    // Header fields, by offset in bytes. In front of the signature is text for people.
    public static final int SIGNATURE_OFFSET = 64;
    public static final int VERSION_OFFSET = 68;
    /** Counts from here on. */
    public static final int HEADER_LENGTH_OFFSET = 72;

    public static final int TYPE_OFFSET = 76;
    public static final int MAP_OFFSET_OFFSET = 340;
    public static final int DATA_OFFSET_OFFSET = 344;
    public static final int SECTOR_BYTES_OFFSET = 360;
    public static final int VIRTUAL_SIZE_OFFSET = 368;
    public static final int BLOCK_BYTES_OFFSET = 376;
    public static final int BLOCK_EXTRA_BYTES_OFFSET = 380;
    public static final int BLOCKS_OFFSET = 384;
    public static final int BLOCKS_ALLOCATED_OFFSET = 388;
    /** The parent's identifier, of 16 bytes; zeros if there is none. */
    public static final int LINK_UUID_OFFSET = 424;
    /** What the parent was when it was last changed, of 16 bytes. */
    public static final int PARENT_UUID_OFFSET = 440;

    /** The least that the header length can say; VirtualBox writes 16 bytes more today, for another geometry. */
    public static final int MIN_HEADER_LENGTH = 384;
    /** Up to the end of the last field that is looked at. */
    public static final int HEADER_BYTES = HEADER_LENGTH_OFFSET + MIN_HEADER_LENGTH;

    public static final int TYPE_DYNAMIC = 1;
    public static final int TYPE_STATIC = 2;
    public static final int TYPE_UNDO = 3;
    public static final int TYPE_DIFFERENCING = 4;

    /** An entry of the block map is the number of a block in the file, or one of the two below. */
    public static final int MAP_ENTRY_BYTES = 4;
    /** Never written. */
    public static final int BLOCK_FREE = 0xffff_ffff;
    /** Written with zeros, or discarded. */
    public static final int BLOCK_ZERO = 0xffff_fffe;

    private VdiFormat() {}
}
