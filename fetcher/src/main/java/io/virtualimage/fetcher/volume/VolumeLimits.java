package io.virtualimage.fetcher.volume;

import io.virtualimage.stage.process.Settings;

/**
 * What a volume may be.
 *
 * @param segmentBytes length of a segment of a volume that nobody has begun to read
 * @param maxBytes the largest volume that is read
 */
public record VolumeLimits(int segmentBytes, long maxBytes) {
    /** As large as the largest disk that is converted. */
    private static final long DEFAULT_MAX_BYTES = 64L << 40;

    public VolumeLimits {
        if (segmentBytes < 1 || maxBytes < 1) {
            throw new IllegalArgumentException(
                    "volumes of %d bytes in segments of %d".formatted(maxBytes, segmentBytes));
        }
    }

    /** Reads {@code MAX_VOLUME_SIZE} ({@code 64Ti}). */
    public static long maxBytes(Settings settings) {
        return settings.bytes("MAX_VOLUME_SIZE", DEFAULT_MAX_BYTES, 1, 1L << 50);
    }
}
