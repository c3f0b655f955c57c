package io.virtualimage.disk.vmdk;

/**
 * Constants of VMDK. Numbers in a file are little-endian, except that magic numbers are given here as they are read
 * big-endian. Places and sizes are in sectors of 512 bytes, unless said otherwise.
 *
 * @see <a href="https://www.vmware.com/support/developer/vddk/vmdk_50_technote.pdf">Virtual Disk Format 5.0</a>
 * @see <a href="https://github.com/libyal/libvmdk/blob/main/documentation/VMWare%20Virtual%20Disk%20Format%20(VMDK).asciidoc">What
 *     is known beyond it</a>
 */
public final class VmdkFormat {
    public static final int SECTOR_BYTES = 512;

    /** Hosted sparse extent: {@code KDMV}. */
    public static final int SPARSE_MAGIC = 0x4b444d56;

    /** ESX sparse extent: {@code COWD}. */
    public static final int COWD_MAGIC = 0x434f5744;

    /** seSparse extent: {@code 0x00000000cafebabe}, little-endian, and its only version. */
    public static final long SE_SPARSE_MAGIC = 0xbebafeca_00000000L;

    public static final long SE_SPARSE_VERSION = 0x01000000_02000000L;

    // Hosted sparse extent: header fields, by offset in bytes. None is aligned from the descriptor's size on.
    public static final int VERSION_OFFSET = 4;
    public static final int FLAGS_OFFSET = 8;
    public static final int CAPACITY_OFFSET = 12;
    public static final int GRAIN_SIZE_OFFSET = 20;
    public static final int DESCRIPTOR_OFFSET_OFFSET = 28;
    public static final int DESCRIPTOR_SIZE_OFFSET = 36;
    public static final int TABLE_ENTRIES_OFFSET = 44;
    public static final int REDUNDANT_DIRECTORY_OFFSET_OFFSET = 48;
    public static final int DIRECTORY_OFFSET_OFFSET = 56;
    public static final int OVERHEAD_OFFSET = 64;
    /** A byte. */
    public static final int UNCLEAN_SHUTDOWN_OFFSET = 72;
    /** Four bytes. */
    public static final int NEWLINE_TEST_OFFSET = 73;
    /** Two bytes. */
    public static final int COMPRESSION_OFFSET = 77;

    public static final int HEADER_BYTES = SECTOR_BYTES;

    /** 2 came with zeroed grains, 3 with compressed ones and with the tracking of changes. */
    public static final int MAX_VERSION = 3;

    // Flags
    /** The newline test is there. */
    public static final int NEWLINE_TEST_FLAG = 1;
    /** There is a redundant grain directory, with grain tables of its own. */
    public static final int REDUNDANT_FLAG = 1 << 1;
    /** A grain table's entry of 1 stands for zeros. */
    public static final int ZEROED_GRAIN_FLAG = 1 << 2;
    /** Grains are compressed. */
    public static final int COMPRESSED_FLAG = 1 << 16;
    /** Grains begin with a marker. */
    public static final int MARKERS_FLAG = 1 << 17;
    /** Of these, a reader must know all that are set; of the others it need not. */
    public static final int INCOMPATIBLE_FLAGS = 0xffff_0000;

    /** Line feed, space, carriage return, line feed: whoever takes the file for text changes one of them. */
    public static final int NEWLINE_TEST = 0x0a_20_0d_0a;

    public static final int COMPRESSION_NONE = 0;
    /** RFC 1950, though the specification names RFC 1951. */
    public static final int COMPRESSION_DEFLATE = 1;

    /** Place of a grain directory that the footer tells. */
    public static final long DIRECTORY_AT_END = -1;

    /** 4 KiB: the specification says more than 8 sectors, but 8 are written. */
    public static final int MIN_GRAIN_BYTES = 8 * SECTOR_BYTES;
    /** Our limit; all known programs write 64 KiB. */
    public static final int MAX_GRAIN_BYTES = 2 << 20;

    /** A table that fills a sector. */
    public static final int MIN_TABLE_ENTRIES = 128;
    /** What all known programs write, and QEMU's limit. */
    public static final int MAX_TABLE_ENTRIES = 512;

    /** Of grain directories and of grain tables: a place in the file, in 4 bytes. 0: there is nothing. */
    public static final int ENTRY_BYTES = 4;
    /** Of grain tables, with {@link #ZEROED_GRAIN_FLAG}. */
    public static final int ZEROED_GRAIN = 1;

    // The descriptor inside a hosted sparse extent
    /** Where every program puts it, and where QEMU looks for it whatever the header says. */
    public static final int DESCRIPTOR_SECTOR = 1;
    /** What every program keeps free for it, and what QEMU looks at whatever the header says. */
    public static final int USUAL_DESCRIPTOR_BYTES = 20 * SECTOR_BYTES;
    /** Our limit. */
    public static final int MAX_DESCRIPTOR_BYTES = 64 << 10;
    /** Our limit. */
    public static final int MAX_DESCRIPTOR_LINES = 1024;
    /** Of a disk that is no difference to another. */
    public static final String NO_PARENT_CID = "ffffffff";

    // Markers, in front of compressed grains, and, a sector long, of what else a streamed file has
    public static final int MARKER_VALUE_OFFSET = 0;
    /** Of the compressed grain that follows, in bytes; 0 if the marker is for something else. */
    public static final int MARKER_SIZE_OFFSET = 8;
    /** Where a grain's bytes begin. */
    public static final int GRAIN_MARKER_BYTES = 12;
    /** Only there if the size is 0. */
    public static final int MARKER_TYPE_OFFSET = 12;

    public static final int MARKER_END_OF_STREAM = 0;
    public static final int MARKER_GRAIN_TABLE = 1;
    public static final int MARKER_GRAIN_DIRECTORY = 2;
    public static final int MARKER_FOOTER = 3;

    /** A streamed file ends in a marker, the footer, which is a header, and the marker of the end: a sector each. */
    public static final int TRAILER_BYTES = 3 * SECTOR_BYTES;

    // ESX sparse extent: header fields of 4 bytes, by offset in bytes
    public static final int COWD_VERSION_OFFSET = 4;
    public static final int COWD_FLAGS_OFFSET = 8;
    public static final int COWD_CAPACITY_OFFSET = 12;
    public static final int COWD_GRAIN_SIZE_OFFSET = 16;
    public static final int COWD_DIRECTORY_OFFSET_OFFSET = 20;
    public static final int COWD_DIRECTORY_ENTRIES_OFFSET = 24;
    /** The geometry of a disk that stands for itself; or, of a difference, the other file's name. */
    public static final int COWD_CYLINDERS_OFFSET = 32;

    public static final int COWD_HEADS_OFFSET = 36;
    public static final int COWD_SECTORS_OFFSET = 40;
    public static final int COWD_PARENT_NAME_BYTES = 1024;
    public static final int COWD_UNCLEAN_SHUTDOWN_OFFSET = 1648;
    /** Unused by ESX; Workstation 3 has the number of files here that make up the disk. */
    public static final int COWD_FILES_OFFSET = 1652;

    public static final int COWD_HEADER_BYTES = 4 * SECTOR_BYTES;
    public static final int COWD_VERSION = 1;
    public static final int COWD_FLAGS = 3;
    public static final int COWD_TABLE_ENTRIES = 4096;

    private VmdkFormat() {}
}
