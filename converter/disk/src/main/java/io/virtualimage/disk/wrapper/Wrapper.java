package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.zstd.ZstdFormat;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;

/** What an image can be packed in, by the names that the files end in. */
public enum Wrapper {
    /** RFC 1952. */
    GZIP("gz"),
    /** The .xz file format, version 1.2.1. */
    XZ("xz"),
    /** RFC 8878. */
    ZSTD("zst");

    /** So many of the first bytes are enough to tell a wrapper, in bytes. */
    public static final int HEAD_BYTES = 512;

    private final String wireName;

    Wrapper(String wireName) {
        this.wireName = wireName;
    }

    /** The name in events and in the status; a contract. */
    public String wireName() {
        return wireName;
    }

    /**
     * The wrapper that begins so; empty if it is none that is known here.
     *
     * @param head the first {@link #HEAD_BYTES} bytes of the file from position to limit, or all if there are fewer
     */
    public static Optional<Wrapper> of(ByteBuffer head) {
        ByteBuffer bytes = head.slice().order(ByteOrder.LITTLE_ENDIAN);
        if (GzipFormat.matches(bytes)) {
            return Optional.of(GZIP);
        }
        if (XzFormat.matches(bytes)) {
            return Optional.of(XZ);
        }
        return isZstd(bytes) ? Optional.of(ZSTD) : Optional.empty();
    }

    /** Frames to be skipped may come first, as pzstd writes them; but they alone may be LZ4's as well. */
    private static boolean isZstd(ByteBuffer bytes) {
        long at = 0;
        while (at <= bytes.limit() - ZstdFormat.SKIPPABLE_HEADER_BYTES
                && (bytes.getInt((int) at) & ZstdFormat.SKIPPABLE_MASK) == ZstdFormat.SKIPPABLE_MAGIC) {
            at += ZstdFormat.SKIPPABLE_HEADER_BYTES
                    + Integer.toUnsignedLong(bytes.getInt((int) at + ZstdFormat.MAGIC_BYTES));
        }
        return at <= bytes.limit() - ZstdFormat.MAGIC_BYTES && bytes.getInt((int) at) == ZstdFormat.MAGIC;
    }
}
