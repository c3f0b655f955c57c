package io.virtualimage.sandbox.simulator;

import io.virtualimage.disk.qcow2.Qcow2Format;
import java.nio.ByteBuffer;

/**
 * The smallest qcow2 images there are: clusters of 512 bytes. In the file are, a cluster each: header, refcount table,
 * refcount block, L1 table, L2 table; then data.
 */
final class TinyQcow2 {
    private static final int CLUSTER = 512;
    private static final int TABLES = 5;

    /** What one L2 table describes. */
    private static final int MOST_CLUSTERS = CLUSTER / Long.BYTES;

    private TinyQcow2() {}

    /** The length that is nearest to one that was asked for, in bytes: at least one cluster of data. */
    static int lengthFor(int wantedBytes) {
        return (TABLES + Math.clamp(wantedBytes / CLUSTER - TABLES, 1, MOST_CLUSTERS)) * CLUSTER;
    }

    /** An image of which the last clusters are the data's: {@code bytes} has a {@link #lengthFor} and is filled in. */
    static byte[] around(byte[] bytes) {
        int clusters = bytes.length / CLUSTER - TABLES;
        ByteBuffer image = ByteBuffer.wrap(bytes);
        image.put(new byte[TABLES * CLUSTER]);
        image.putInt(Qcow2Format.MAGIC_OFFSET, Qcow2Format.MAGIC)
                .putInt(Qcow2Format.VERSION_OFFSET, Qcow2Format.VERSION_3)
                .putInt(Qcow2Format.CLUSTER_BITS_OFFSET, Qcow2Format.MIN_CLUSTER_BITS)
                .putLong(Qcow2Format.VIRTUAL_SIZE_OFFSET, (long) clusters * CLUSTER)
                .putInt(Qcow2Format.L1_ENTRIES_OFFSET, 1)
                .putLong(Qcow2Format.L1_TABLE_OFFSET_OFFSET, 3 * CLUSTER)
                .putLong(Qcow2Format.REFCOUNT_TABLE_OFFSET_OFFSET, CLUSTER)
                .putInt(Qcow2Format.REFCOUNT_TABLE_CLUSTERS_OFFSET, 1)
                .putInt(Qcow2Format.REFCOUNT_ORDER_OFFSET, Qcow2Format.REFCOUNT_ORDER_V2)
                .putInt(Qcow2Format.HEADER_LENGTH_OFFSET, Qcow2Format.HEADER_V3_BYTES)
                .putLong(CLUSTER, 2 * CLUSTER)
                .putLong(3 * CLUSTER, 4 * CLUSTER | Qcow2Format.COPIED_FLAG);
        for (int i = 0; i < TABLES + clusters; i++) {
            image.putShort(2 * CLUSTER + i * Short.BYTES, (short) 1);
        }
        for (int i = 0; i < clusters; i++) {
            image.putLong(4 * CLUSTER + i * Long.BYTES, (long) (TABLES + i) * CLUSTER | Qcow2Format.COPIED_FLAG);
        }
        return bytes;
    }
}
