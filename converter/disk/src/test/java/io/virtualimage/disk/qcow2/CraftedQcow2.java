package io.virtualimage.disk.qcow2;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.MemoryByteSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * An empty qcow2 image of 1 GiB, version 3, clusters of 64 KiB, to be spoiled field by field: header, refcount table,
 * refcount block, L1 table, a cluster each. No program would write most of what comes out.
 */
public final class CraftedQcow2 {
    public static final int CLUSTER_BYTES = 1 << 16;

    private ByteBuffer image = ByteBuffer.allocate(4 * CLUSTER_BYTES);
    private int extensionsEnd = Qcow2Format.HEADER_V3_BYTES;

    public CraftedQcow2() {
        u32(Qcow2Format.MAGIC_OFFSET, Qcow2Format.MAGIC);
        u32(Qcow2Format.VERSION_OFFSET, 3);
        u32(Qcow2Format.CLUSTER_BITS_OFFSET, 16);
        u64(Qcow2Format.VIRTUAL_SIZE_OFFSET, 1L << 30);
        u32(Qcow2Format.L1_ENTRIES_OFFSET, 2);
        u64(Qcow2Format.L1_TABLE_OFFSET_OFFSET, 3 * CLUSTER_BYTES);
        u64(Qcow2Format.REFCOUNT_TABLE_OFFSET_OFFSET, CLUSTER_BYTES);
        u32(Qcow2Format.REFCOUNT_TABLE_CLUSTERS_OFFSET, 1);
        u32(Qcow2Format.REFCOUNT_ORDER_OFFSET, 4);
        u32(Qcow2Format.HEADER_LENGTH_OFFSET, Qcow2Format.HEADER_V3_BYTES);
        u64(CLUSTER_BYTES, 2 * CLUSTER_BYTES);
        for (int i = 0; i < 4; i++) {
            image.putShort(2 * CLUSTER_BYTES + i * Short.BYTES, (short) 1);
        }
    }

    public CraftedQcow2 u8(int offset, int value) {
        image.put(offset, (byte) value);
        return this;
    }

    public CraftedQcow2 u32(int offset, long value) {
        image.putInt(offset, (int) value);
        return this;
    }

    public CraftedQcow2 u64(int offset, long value) {
        image.putLong(offset, value);
        return this;
    }

    public CraftedQcow2 text(int offset, String text) {
        image.put(offset, text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    public CraftedQcow2 incompatible(int bit) {
        return u64(
                Qcow2Format.INCOMPATIBLE_FEATURES_OFFSET,
                image.getLong(Qcow2Format.INCOMPATIBLE_FEATURES_OFFSET) | 1L << bit);
    }

    /** Appends a header extension. */
    public CraftedQcow2 extension(int type, byte[] data) {
        u32(extensionsEnd, type).u32(extensionsEnd + 4, data.length);
        image.put(extensionsEnd + 8, data);
        extensionsEnd += 8 + Math.ceilDiv(data.length, 8) * 8;
        return this;
    }

    public CraftedQcow2 extension(int type, String text) {
        return extension(type, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Cuts the file, or appends zeros to it. */
    public CraftedQcow2 length(int bytes) {
        image = ByteBuffer.wrap(Arrays.copyOf(image.array(), bytes));
        return this;
    }

    public byte[] bytes() {
        return image.array().clone();
    }

    public ByteSource source() {
        return new MemoryByteSource(bytes());
    }
}
