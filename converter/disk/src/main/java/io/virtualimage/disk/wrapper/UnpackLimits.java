package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.zstd.ZstdFormat;

/**
 * What unpacking may cost.
 *
 * @param maxPlainBytes a file that unpacks to more is refused, in bytes
 * @param maxRatio how many times as many bytes may come out as went in; blocks of 64 KiB that are zeros don't count, for
 *     they cost nothing later, and an empty disk may well pack to a thousandth; nor do the first 64 MiB
 * @param maxXzMemoryBytes memory for unpacking xz, its dictionary above all; and if several blocks are unpacked at once,
 *     for all of them, and for what was unpacked in advance
 * @param maxZstdWindowBytes memory for the window of zstd, at most 1 GiB
 */
public record UnpackLimits(long maxPlainBytes, int maxRatio, int maxXzMemoryBytes, int maxZstdWindowBytes) {
    /** What {@code xz -9} and {@code zstd -19} need is there. */
    public static final UnpackLimits DEFAULT =
            new UnpackLimits(2L << 40, 200, 80 << 20, ZstdFormat.RECOMMENDED_WINDOW_BYTES);

    private static final int MAX_ZSTD_WINDOW_BYTES = 1 << 30;

    public UnpackLimits {
        if (maxPlainBytes < 1 || maxRatio < 1) {
            throw new IllegalArgumentException("at least a byte, and a ratio of 1, not %d bytes and a ratio of %d"
                    .formatted(maxPlainBytes, maxRatio));
        }
        if (maxXzMemoryBytes < 1 << 20 || maxZstdWindowBytes < 1 << 20) {
            throw new IllegalArgumentException("at least 1 MiB of memory is needed, not %d and %d bytes"
                    .formatted(maxXzMemoryBytes, maxZstdWindowBytes));
        }
        if (maxZstdWindowBytes > MAX_ZSTD_WINDOW_BYTES) {
            throw new IllegalArgumentException(
                    "a window of zstd is at most 1 GiB, not %d bytes".formatted(maxZstdWindowBytes));
        }
    }
}
