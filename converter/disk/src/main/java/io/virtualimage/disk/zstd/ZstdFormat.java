package io.virtualimage.disk.zstd;

/**
 * Constants of Zstandard. All numbers in a file are little-endian.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc8878">RFC 8878</a>
 */
public final class ZstdFormat {
    /** {@code 28 b5 2f fd}. */
    public static final int MAGIC = 0xfd2fb528;

    public static final int MAGIC_BYTES = 4;

    /** What skippable frames begin with; the lowest 4 bits are free. Frames of LZ4 may be skipped in the same way. */
    public static final int SKIPPABLE_MAGIC = 0x184d2a50;

    public static final int SKIPPABLE_MASK = ~0xf;
    /** Magic number, and the length of what follows. */
    public static final int SKIPPABLE_HEADER_BYTES = 8;

    /** What version 0.1 wrote; RFC 8878 does not describe it, nor those that came after. */
    static final int LEGACY_MAGIC_1 = 0xfd2fb51e;

    /** What version 0.2 wrote; each until 0.7 added one. */
    static final int LEGACY_MAGIC_2 = 0xfd2fb522;

    static final int LEGACY_MAGIC_7 = 0xfd2fb527;

    // Frame header descriptor
    static final int DICTIONARY_ID_FLAG = 3;
    static final int CHECKSUM_FLAG = 1 << 2;
    static final int RESERVED_FLAG = 1 << 3;
    static final int SINGLE_SEGMENT_FLAG = 1 << 5;
    static final int CONTENT_SIZE_SHIFT = 6;

    static final int MIN_WINDOW_LOG = 10;
    static final int CHECKSUM_BYTES = 4;

    static final int BLOCK_HEADER_BYTES = 3;
    static final int BLOCK_RAW = 0;
    static final int BLOCK_RLE = 1;
    static final int BLOCK_COMPRESSED = 2;
    /** No block is larger, packed or not; where the window is smaller, blocks are no larger than that. */
    static final int MAX_BLOCK_BYTES = 128 << 10;

    static final int LITERALS_RAW = 0;
    static final int LITERALS_RLE = 1;
    static final int LITERALS_COMPRESSED = 2;
    /** Compressed with the tree of the block before. */
    static final int LITERALS_TREELESS = 3;

    /** Three lengths of 2 bytes, in front of four streams. */
    static final int JUMP_TABLE_BYTES = 6;

    static final int MAX_HUFFMAN_BITS = 11;
    static final int MAX_HUFFMAN_SYMBOLS = 256;
    static final int MAX_WEIGHTS_LOG = 6;

    static final int MODE_PREDEFINED = 0;
    static final int MODE_RLE = 1;
    static final int MODE_COMPRESSED = 2;

    static final int MIN_FSE_LOG = 5;

    /** Where windows of this size and less are enough, all decoders shall do (section 3.1.1.1.2), in bytes. */
    public static final int RECOMMENDED_WINDOW_BYTES = 8 << 20;

    /** What {@code zstd} and QEMU take by default, and {@code zstd --long} writes, in bytes. */
    public static final int LONG_WINDOW_BYTES = 128 << 20;

    private ZstdFormat() {}
}
