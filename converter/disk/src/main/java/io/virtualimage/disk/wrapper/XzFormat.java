package io.virtualimage.disk.wrapper;

import java.nio.ByteBuffer;

/**
 * Constants of xz. All numbers in a file are little-endian.
 *
 * @see <a href="https://tukaani.org/xz/xz-file-format.txt">The .xz File Format</a>
 */
final class XzFormat {
    private static final byte[] MAGIC = {(byte) 0xfd, '7', 'z', 'X', 'Z', 0};

    // Block headers: a byte for the length in units of 4 bytes less one, a byte of flags
    static final int MAX_BLOCK_HEADER_BYTES = 1024;
    static final int FILTERS_MASK = 3;
    static final int PACKED_SIZE_FLAG = 1 << 6;
    static final int PLAIN_SIZE_FLAG = 1 << 7;

    static final int FILTER_LZMA2 = 0x21;
    /** The property of LZMA2 that stands for a dictionary of 4 GiB less a byte. */
    static final int MAX_DICTIONARY_PROPERTY = 40;

    private XzFormat() {}

    static boolean matches(ByteBuffer head) {
        return head.limit() >= MAGIC.length && head.slice(0, MAGIC.length).equals(ByteBuffer.wrap(MAGIC));
    }
}
