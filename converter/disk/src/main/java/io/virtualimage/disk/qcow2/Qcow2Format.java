package io.virtualimage.disk.qcow2;

/**
 * Constants of qcow2. All numbers in a file are big-endian.
 *
 * @see <a href="https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.rst">The qcow2 format</a>
 */
public final class Qcow2Format {
    /** {@code QFI\xfb}. */
    public static final int MAGIC = 0x514649fb;

    public static final int VERSION_2 = 2;
    public static final int VERSION_3 = 3;

    // Header fields, by offset in bytes
    public static final int MAGIC_OFFSET = 0;
    public static final int VERSION_OFFSET = 4;
    public static final int BACKING_FILE_OFFSET_OFFSET = 8;
    public static final int BACKING_FILE_LENGTH_OFFSET = 16;
    public static final int CLUSTER_BITS_OFFSET = 20;
    public static final int VIRTUAL_SIZE_OFFSET = 24;
    public static final int CRYPT_METHOD_OFFSET = 32;
    public static final int L1_ENTRIES_OFFSET = 36;
    public static final int L1_TABLE_OFFSET_OFFSET = 40;
    public static final int REFCOUNT_TABLE_OFFSET_OFFSET = 48;
    public static final int REFCOUNT_TABLE_CLUSTERS_OFFSET = 56;
    public static final int SNAPSHOT_COUNT_OFFSET = 60;
    public static final int SNAPSHOT_TABLE_OFFSET_OFFSET = 64;
    // From here on only in version 3
    public static final int INCOMPATIBLE_FEATURES_OFFSET = 72;
    public static final int COMPATIBLE_FEATURES_OFFSET = 80;
    public static final int AUTOCLEAR_FEATURES_OFFSET = 88;
    public static final int REFCOUNT_ORDER_OFFSET = 96;
    public static final int HEADER_LENGTH_OFFSET = 100;
    /** Only there if the header is longer than this. */
    public static final int COMPRESSION_TYPE_OFFSET = 104;

    public static final int HEADER_V2_BYTES = 72;
    public static final int HEADER_V3_MIN_BYTES = 104;
    /** What QEMU writes today: with the compression type, padded to a multiple of 8. */
    public static final int HEADER_V3_BYTES = 112;

    public static final int MIN_CLUSTER_BITS = 9;
    /** QEMU's limit of 2 MiB; the format has none. */
    public static final int MAX_CLUSTER_BITS = 21;

    public static final int MAX_CLUSTER_BYTES = 1 << MAX_CLUSTER_BITS;
    /** Clusters of at least 16 KiB, so that one of 32 subclusters is a sector or more. */
    public static final int EXTENDED_L2_MIN_CLUSTER_BITS = 14;

    public static final int MAX_BACKING_FILE_NAME_BYTES = 1023;

    public static final int REFCOUNT_ORDER_V2 = 4;
    public static final int MAX_REFCOUNT_ORDER = 6;

    public static final int L1_ENTRY_BYTES = 8;
    public static final int L2_ENTRY_BYTES = 8;
    public static final int EXTENDED_L2_ENTRY_BYTES = 16;
    public static final int REFCOUNT_TABLE_ENTRY_BYTES = 8;
    /** A snapshot's entry without its extra data and its names. */
    public static final int SNAPSHOT_MIN_BYTES = 40;

    /** In L1 and L2 entries: the cluster is referred to exactly once. */
    public static final long COPIED_FLAG = 1L << 63;

    /** In L2 entries: the cluster is compressed. */
    public static final long COMPRESSED_FLAG = 1L << 62;

    /** In standard L2 entries of version 3: the cluster reads as zeros. */
    public static final long ZERO_FLAG = 1;

    /** In L1 and L2 entries: where the table or the cluster is, bits 9 to 55. */
    public static final long OFFSET_MASK = 0x00ff_ffff_ffff_fe00L;

    /** No table and no cluster begins at or behind this, for want of bits. */
    public static final long MAX_CLUSTER_END = 1L << 56;

    /** In L1 entries: bits 0 to 8 and 56 to 62. */
    public static final long L1_RESERVED = ~(COPIED_FLAG | OFFSET_MASK);

    /** In L2 entries of clusters that are not compressed: bits 1 to 8 and 56 to 61. */
    public static final long L2_RESERVED = ~(COPIED_FLAG | COMPRESSED_FLAG | OFFSET_MASK | ZERO_FLAG);

    /** Each cluster has so many, if L2 entries are extended. */
    public static final int SUBCLUSTERS = 32;

    /** The length of a compressed cluster is told in these. */
    public static final int PACKED_SECTOR_BYTES = 512;

    /**
     * In L2 entries of compressed clusters: how many bits, from bit 0 on, hold the offset; the ones up to bit 61 hold the
     * number of sectors after the first.
     */
    public static int packedOffsetBits(int clusterBits) {
        return 62 - (clusterBits - 8);
    }

    // Limits of QEMU, which are ours too
    public static final long MAX_L1_TABLE_BYTES = 32L << 20;
    public static final long MAX_REFCOUNT_TABLE_BYTES = 8L << 20;
    public static final int MAX_SNAPSHOTS = 65_536;

    // Incompatible features, by bit
    public static final int DIRTY_BIT = 0;
    public static final int CORRUPT_BIT = 1;
    public static final int EXTERNAL_DATA_FILE_BIT = 2;
    public static final int COMPRESSION_TYPE_BIT = 3;
    public static final int EXTENDED_L2_BIT = 4;
    /** Bits from here on are reserved. */
    public static final int FIRST_UNKNOWN_BIT = 5;

    /** Auto-clear feature: the bitmaps extension is consistent. */
    public static final int BITMAPS_AUTOCLEAR_BIT = 0;

    public static final int COMPRESSION_ZLIB = 0;
    public static final int COMPRESSION_ZSTD = 1;

    // Header extensions: type and length of 4 bytes each, then the data, padded to a multiple of 8
    public static final int EXTENSION_HEADER_BYTES = 8;
    public static final int EXTENSION_ALIGNMENT_BYTES = 8;
    public static final int EXTENSION_END = 0;
    public static final int EXTENSION_BACKING_FORMAT = 0xe2792aca;
    public static final int EXTENSION_FEATURE_NAMES = 0x6803f857;
    public static final int EXTENSION_BITMAPS = 0x23852875;
    public static final int EXTENSION_ENCRYPTION = 0x0537be77;
    public static final int EXTENSION_DATA_FILE = 0x44415441;

    // Feature name table: type, bit, name
    public static final int FEATURE_NAME_ENTRY_BYTES = 48;
    public static final int FEATURE_NAME_BYTES = 46;
    public static final int FEATURE_TYPE_INCOMPATIBLE = 0;

    // Bitmaps extension
    public static final int BITMAPS_EXTENSION_BYTES = 24;
    public static final int BITMAPS_DIRECTORY_LENGTH_OFFSET = 8;
    public static final int BITMAPS_DIRECTORY_OFFSET_OFFSET = 16;

    private Qcow2Format() {}
}
