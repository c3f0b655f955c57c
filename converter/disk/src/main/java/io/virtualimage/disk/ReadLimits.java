package io.virtualimage.disk;

/**
 * What reading an image may cost.
 *
 * @param tableCacheBytes memory for the pieces of tables that were read last, in bytes; at least 64 KiB
 */
public record ReadLimits(int tableCacheBytes) {
    public static final ReadLimits DEFAULT = new ReadLimits(4 << 20);

    public ReadLimits {
        if (tableCacheBytes < 64 << 10) {
            throw new IllegalArgumentException("a cache of at least 64 KiB is needed, not of " + tableCacheBytes);
        }
    }
}
