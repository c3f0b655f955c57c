package io.virtualimage.disk;

/**
 * A cluster or grain that is compressed on its own.
 *
 * @param sourceOffset where its stream begins in the image file, in bytes
 * @param packedBytes the stream lies within so many bytes; what follows its end is ignored
 * @param plainBytes the unit is the first so many bytes of what the stream unpacks to; a stream with fewer is malformed
 */
public record PackedUnit(Codec codec, long sourceOffset, int packedBytes, int plainBytes) {
    /** No unit is larger than this, packed or not: the largest cluster of qcow2, and some overhead of compression. */
    public static final int MAX_BYTES = 4 << 20;

    /** How a unit is compressed. */
    public enum Codec {
        /** RFC 1951, without any wrapper. */
        DEFLATE,
        /** RFC 1950: deflate with a header and a checksum. */
        ZLIB,
        /** RFC 8878. */
        ZSTD
    }

    public PackedUnit {
        if (sourceOffset < 0
                || packedBytes < 1
                || packedBytes > MAX_BYTES
                || plainBytes < 1
                || plainBytes > MAX_BYTES) {
            throw new IllegalArgumentException(
                    "a unit of %d bytes, packed %d at %d".formatted(plainBytes, packedBytes, sourceOffset));
        }
    }
}
