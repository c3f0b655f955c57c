package io.virtualimage.disk.wrapper;

import java.nio.ByteBuffer;

/**
 * Constants of gzip. All numbers in a file are little-endian.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc1952">RFC 1952</a>
 */
final class GzipFormat {
    static final int MAGIC_1 = 0x1f;
    static final int MAGIC_2 = 0x8b;
    static final int METHOD_DEFLATE = 8;

    // Flags
    static final int HEADER_CHECKSUM_FLAG = 1 << 1;
    static final int EXTRA_FLAG = 1 << 2;
    static final int NAME_FLAG = 1 << 3;
    static final int COMMENT_FLAG = 1 << 4;
    /** One of them meant encryption once. */
    static final int RESERVED_FLAGS = 0xe0;

    /** Time, hints, operating system. */
    static final int IGNORED_BYTES = 6;

    private GzipFormat() {}

    static boolean matches(ByteBuffer head) {
        return head.limit() >= 3
                && (head.get(0) & 0xff) == MAGIC_1
                && (head.get(1) & 0xff) == MAGIC_2
                && head.get(2) == METHOD_DEFLATE;
    }
}
