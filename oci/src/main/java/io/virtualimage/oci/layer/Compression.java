package io.virtualimage.oci.layer;

/** How a layer's archive is packed. */
public enum Compression {
    NONE,
    /** RFC 1952; one member or more. */
    GZIP,
    /** RFC 8878; one frame or more, skippable ones among them. */
    ZSTD;

    /** How many bytes {@link #of} looks at. */
    static final int MAGIC_BYTES = 4;

    /**
     * What a layer's first bytes say. Container runtimes go by these, whatever the media type says, and images are made
     * that only they can read.
     */
    static Compression of(byte[] first) {
        int length = first.length;
        if (length >= 3 && is(first, 0x1f, 0x8b, 0x08)) {
            return GZIP;
        }
        if (length >= MAGIC_BYTES && is(first, 0x28, 0xb5, 0x2f, 0xfd)) {
            return ZSTD;
        }
        boolean skippable = length >= MAGIC_BYTES
                && (first[0] & 0xf0) == 0x50
                && first[1] == 0x2a
                && first[2] == 0x4d
                && first[3] == 0x18;
        return skippable ? ZSTD : NONE;
    }

    private static boolean is(byte[] first, int... magic) {
        for (int i = 0; i < magic.length; i++) {
            if ((first[i] & 0xff) != magic[i]) {
                return false;
            }
        }
        return true;
    }

    @Override
    public String toString() {
        return switch (this) {
            case NONE -> "uncompressed";
            case GZIP -> "gzip";
            case ZSTD -> "zstd";
        };
    }
}
