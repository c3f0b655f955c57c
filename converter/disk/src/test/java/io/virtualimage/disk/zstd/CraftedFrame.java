package io.virtualimage.disk.zstd;

import java.io.ByteArrayOutputStream;
import java.util.HexFormat;

/** A frame by hand: a window of 1 KiB times a power of two, no size, no checksum, then block by block. */
final class CraftedFrame {
    static final int RAW = 0;
    static final int RLE = 1;
    static final int COMPRESSED = 2;
    static final int RESERVED = 3;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private CraftedFrame() {}

    static CraftedFrame withWindow(int log) {
        return new CraftedFrame().hex("28b52ffd00").hex("%02x".formatted((log - 10) << 3));
    }

    static CraftedFrame withHeader(String hex) {
        return new CraftedFrame().hex(hex);
    }

    CraftedFrame hex(String digits) {
        bytes.writeBytes(HexFormat.of().parseHex(digits.replace(" ", "")));
        return this;
    }

    CraftedFrame block(int type, int size, String hex) {
        return header(type, size, 0).hex(hex);
    }

    CraftedFrame lastBlock(int type, int size, String hex) {
        return header(type, size, 1).hex(hex);
    }

    private CraftedFrame header(int type, int size, int last) {
        int header = size << 3 | type << 1 | last;
        return hex("%02x%02x%02x".formatted(header & 0xff, header >>> 8 & 0xff, header >>> 16));
    }

    byte[] bytes() {
        return bytes.toByteArray();
    }
}
