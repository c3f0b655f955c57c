package io.virtualimage.oci.layer;

/**
 * What searching one image may take.
 *
 * @param maxEntries headers of all kinds, in all layers
 * @param maxHeaderBytes of one extended header or long name, which is held in memory
 * @param maxUnpackedBytes what compressed layers may unpack to, in all, while they are searched
 */
public record ScanLimits(long maxEntries, int maxHeaderBytes, long maxUnpackedBytes) {

    /** A million entries, 1 MiB, 2 TiB. */
    public static final ScanLimits DEFAULTS = new ScanLimits(1_000_000, 1 << 20, 2L << 40);

    public ScanLimits {
        if (maxEntries < 1 || maxHeaderBytes < TarFormat.BLOCK_BYTES || maxUnpackedBytes < TarFormat.BLOCK_BYTES) {
            throw new IllegalArgumentException("limits are an entry and a block at least: " + maxEntries + " entries, "
                    + maxHeaderBytes + " and " + maxUnpackedBytes + " bytes");
        }
    }
}
