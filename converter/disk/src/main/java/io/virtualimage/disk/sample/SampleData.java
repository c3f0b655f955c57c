package io.virtualimage.disk.sample;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * Bytes that do not compress, from SplitMix64: each block follows from seed and number alone, so blocks can be made in
 * any order. Several gigabytes a second.
 *
 * @see <a href="https://doi.org/10.1145/2660193.2660195">Steele, Lea, Flood: Fast splittable pseudorandom number
 *     generators</a>
 */
final class SampleData {
    private static final VarHandle LONGS = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;
    private static final int PARTITION_TABLE_OFFSET = 446;
    private static final int BOOT_SIGNATURE_OFFSET = 510;
    private static final int SECTOR_BYTES = 512;

    private SampleData() {}

    /** Fills a block, whose length must be a multiple of 8. */
    static void fill(long seed, long block, byte[] target) {
        long state = mix(mix(seed) + block);
        for (int i = 0; i < target.length; i += Long.BYTES) {
            state += GOLDEN_GAMMA;
            LONGS.set(target, i, mix(state));
        }
    }

    /** The same for a cluster of a disk: the first one begins with a master boot record, or disks would look odd. */
    static void fillDiskCluster(long seed, long guestCluster, byte[] target) {
        fill(seed, guestCluster, target);
        if (guestCluster == 0) {
            Arrays.fill(target, 0, SECTOR_BYTES, (byte) 0);
            target[PARTITION_TABLE_OFFSET] = (byte) 0x80; // active
            target[PARTITION_TABLE_OFFSET + 4] = (byte) 0x83; // Linux
            target[PARTITION_TABLE_OFFSET + 8] = 1; // first sector
            target[PARTITION_TABLE_OFFSET + 12] = 127; // number of sectors
            target[BOOT_SIGNATURE_OFFSET] = 0x55;
            target[BOOT_SIGNATURE_OFFSET + 1] = (byte) 0xaa;
        }
    }

    private static long mix(long value) {
        long z = value;
        z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
        z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
        return z ^ (z >>> 31);
    }
}
