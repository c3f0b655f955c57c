package io.virtualimage.disk.qcow2;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.ReadLimits;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.Deflater;
import java.util.zip.DeflaterInputStream;

/**
 * An empty qcow2 image, version 3, as large as two L2 tables can tell (1 GiB with clusters of 64 KiB), to be spoiled field
 * by field: header, refcount table, refcount block, L1 table, a cluster each. No program would write most of what comes
 * out.
 */
public final class CraftedQcow2 {
    public static final int CLUSTER_BYTES = 1 << 16;
    private static final int L1_CLUSTER = 3;
    private static final int L2_CLUSTER = 4;

    private final int clusterBytes;
    private ByteBuffer image;
    private int extensionsEnd = Qcow2Format.HEADER_V3_BYTES;

    /** With clusters of 64 KiB. */
    public CraftedQcow2() {
        this(16);
    }

    public CraftedQcow2(int clusterBits) {
        this.clusterBytes = 1 << clusterBits;
        this.image = ByteBuffer.allocate(4 * clusterBytes);
        u32(Qcow2Format.MAGIC_OFFSET, Qcow2Format.MAGIC);
        u32(Qcow2Format.VERSION_OFFSET, 3);
        u32(Qcow2Format.CLUSTER_BITS_OFFSET, clusterBits);
        u64(Qcow2Format.VIRTUAL_SIZE_OFFSET, 2L * clusterBytes / Qcow2Format.L2_ENTRY_BYTES * clusterBytes);
        u32(Qcow2Format.L1_ENTRIES_OFFSET, 2);
        u64(Qcow2Format.L1_TABLE_OFFSET_OFFSET, at(L1_CLUSTER));
        u64(Qcow2Format.REFCOUNT_TABLE_OFFSET_OFFSET, clusterBytes);
        u32(Qcow2Format.REFCOUNT_TABLE_CLUSTERS_OFFSET, 1);
        u32(Qcow2Format.REFCOUNT_ORDER_OFFSET, 4);
        u32(Qcow2Format.HEADER_LENGTH_OFFSET, Qcow2Format.HEADER_V3_BYTES);
        u64(clusterBytes, at(2));
        for (int i = 0; i < 4; i++) {
            image.putShort(2 * clusterBytes + i * Short.BYTES, (short) 1);
        }
    }

    /** Makes an image of version 2 of it: the header ends after 72 bytes, and extensions begin there. */
    public CraftedQcow2 version2() {
        for (int offset = Qcow2Format.HEADER_V2_BYTES; offset < Qcow2Format.HEADER_V3_BYTES; offset += Long.BYTES) {
            u64(offset, 0);
        }
        extensionsEnd = Qcow2Format.HEADER_V2_BYTES;
        return u32(Qcow2Format.VERSION_OFFSET, 2);
    }

    /** Makes L2 entries be extended, each twice as long; the L1 table gets as many entries as that needs. */
    public CraftedQcow2 extendedL2() {
        return incompatible(Qcow2Format.EXTENDED_L2_BIT).u32(Qcow2Format.L1_ENTRIES_OFFSET, 4);
    }

    /** Sets an entry of the L1 table. */
    public CraftedQcow2 l1(int index, long entry) {
        return u64(L1_CLUSTER * clusterBytes + index * Qcow2Format.L1_ENTRY_BYTES, entry);
    }

    /** Makes cluster 4 the first L2 table. */
    public CraftedQcow2 table() {
        return l1(0, at(L2_CLUSTER) | Qcow2Format.COPIED_FLAG).clusters(L2_CLUSTER + 1);
    }

    /** Sets a standard entry of the first L2 table. */
    public CraftedQcow2 l2(int index, long entry) {
        return u64(l2Position(index), entry);
    }

    /** Sets an extended entry of the first L2 table. */
    public CraftedQcow2 l2(int index, long entry, long bitmap) {
        int position = L2_CLUSTER * clusterBytes + index * Qcow2Format.EXTENDED_L2_ENTRY_BYTES;
        return u64(position, entry).u64(position + Qcow2Format.L2_ENTRY_BYTES, bitmap);
    }

    /** Where a standard entry of the first L2 table stands, in bytes. */
    public int l2Position(int index) {
        return L2_CLUSTER * clusterBytes + index * Qcow2Format.L2_ENTRY_BYTES;
    }

    /** Where a cluster of the file begins, in bytes. */
    public long at(int cluster) {
        return (long) cluster * clusterBytes;
    }

    /** Makes the file as long as so many clusters, if it is shorter. */
    public CraftedQcow2 clusters(int count) {
        int bytes = count * clusterBytes;
        return bytes > image.capacity() ? length(bytes) : this;
    }

    /** Puts bytes anywhere; the file has to be long enough. */
    public CraftedQcow2 put(long offset, byte[] bytes) {
        image.put((int) offset, bytes);
        return this;
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

    /** A stream as compressed clusters have it. */
    public static byte[] deflate(byte[] plain) throws IOException {
        Deflater deflater = new Deflater(9, true);
        try (InputStream packed = new DeflaterInputStream(new ByteArrayInputStream(plain), deflater)) {
            return packed.readAllBytes();
        } finally {
            deflater.end();
        }
    }

    public Qcow2Disk open() throws IOException, DiskException {
        return Qcow2Disk.open(source(), ReadLimits.DEFAULT);
    }

    /** An L2 entry of a compressed cluster, as it is with clusters of 64 KiB. */
    public static long packed(long host, long moreSectors) {
        return Qcow2Format.COMPRESSED_FLAG | moreSectors << Qcow2Format.packedOffsetBits(16) | host;
    }
}
