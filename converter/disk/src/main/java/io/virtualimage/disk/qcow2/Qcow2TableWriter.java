package io.virtualimage.disk.qcow2;

import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.recipe.Piece;
import io.virtualimage.disk.recipe.PieceMerger;
import java.io.IOException;
import java.nio.ByteBuffer;

/** The tables of a file that is being written, and the numbering of its clusters, from 1 on. */
final class Qcow2TableWriter {
    static final int CLUSTER_BITS = 16;
    static final int CLUSTER_BYTES = 1 << CLUSTER_BITS;
    private static final int L2_ENTRIES = CLUSTER_BYTES / Qcow2Format.L2_ENTRY_BYTES;
    /** What one L2 table describes of the disk. */
    static final long SPAN_BYTES = (long) L2_ENTRIES * CLUSTER_BYTES;

    private static final int REFCOUNTS_IN_BLOCK = CLUSTER_BYTES / Short.BYTES;
    private static final int BLOCKS_IN_TABLE_CLUSTER = CLUSTER_BYTES / Qcow2Format.REFCOUNT_TABLE_ENTRY_BYTES;
    private static final long MAX_CLUSTERS =
            Qcow2Format.MAX_REFCOUNT_TABLE_BYTES / Qcow2Format.REFCOUNT_TABLE_ENTRY_BYTES * REFCOUNTS_IN_BLOCK;

    private final long virtualSizeBytes;
    private final PieceMerger pieces;
    private final long maxLengthBytes;
    /** Offsets of the L2 tables; 0 where there is none. */
    private final long[] l1;

    private int l1Index = -1;
    private ByteBuffer l2 = ByteBuffer.allocate(0);
    private long nextCluster = 1;

    Qcow2TableWriter(long virtualSizeBytes, PieceMerger pieces, long maxLengthBytes) throws DiskLimitException {
        long entries = Qcow2Header.l1EntriesFor(virtualSizeBytes, CLUSTER_BITS, false);
        if (entries > Qcow2Format.MAX_L1_TABLE_BYTES / Qcow2Format.L1_ENTRY_BYTES) {
            throw new DiskLimitException(
                    0,
                    "qcow2: to rewrite a disk of %d bytes takes an L1 table over the limit of 32 MiB"
                            .formatted(virtualSizeBytes));
        }
        this.virtualSizeBytes = virtualSizeBytes;
        this.pieces = pieces;
        this.maxLengthBytes = maxLengthBytes;
        this.l1 = new long[(int) entries];
    }

    /**
     * Maps clusters of the disk to the next ones of the file, whose bytes have to be put after this. Clusters come in the
     * order of the disk; those of one call are in one span.
     */
    void map(long guestCluster, int count) throws IOException, DiskLimitException {
        int index = (int) (guestCluster / L2_ENTRIES);
        if (index != l1Index) {
            endSpan();
            l1Index = index;
            l2 = ByteBuffer.allocate(CLUSTER_BYTES);
        }
        int first = (int) (guestCluster % L2_ENTRIES);
        long cluster = take(count);
        for (int i = 0; i < count; i++) {
            l2.putLong(
                    (first + i) * Qcow2Format.L2_ENTRY_BYTES, (cluster + i) * CLUSTER_BYTES | Qcow2Format.COPIED_FLAG);
        }
    }

    /** Puts what follows the data. */
    Qcow2Writer.Written finish() throws IOException, DiskLimitException {
        endSpan();
        long l1Clusters = Math.ceilDiv((long) l1.length * Qcow2Format.L1_ENTRY_BYTES, CLUSTER_BYTES);
        long l1Cluster = take(l1Clusters);
        putLongs(l1.length, i -> l1[(int) i]);
        long blocks = 0;
        long tableClusters = 0;
        // Refcount blocks count themselves too: raise until they suffice.
        while (blocks * REFCOUNTS_IN_BLOCK < nextCluster + blocks + tableClusters) {
            blocks = Math.ceilDiv(nextCluster + blocks + tableClusters, REFCOUNTS_IN_BLOCK);
            tableClusters = Math.ceilDiv(blocks, BLOCKS_IN_TABLE_CLUSTER);
        }
        long blockCluster = take(blocks);
        long tableCluster = take(tableClusters);
        putRefcounts(blocks);
        putLongs(blocks, i -> (blockCluster + i) * CLUSTER_BYTES);
        ByteBuffer head = ByteBuffer.allocate(CLUSTER_BYTES)
                .putInt(Qcow2Format.MAGIC_OFFSET, Qcow2Format.MAGIC)
                .putInt(Qcow2Format.VERSION_OFFSET, Qcow2Format.VERSION_3)
                .putInt(Qcow2Format.CLUSTER_BITS_OFFSET, CLUSTER_BITS)
                .putLong(Qcow2Format.VIRTUAL_SIZE_OFFSET, virtualSizeBytes)
                .putInt(Qcow2Format.L1_ENTRIES_OFFSET, l1.length)
                .putLong(Qcow2Format.L1_TABLE_OFFSET_OFFSET, l1Cluster * CLUSTER_BYTES)
                .putLong(Qcow2Format.REFCOUNT_TABLE_OFFSET_OFFSET, tableCluster * CLUSTER_BYTES)
                .putInt(Qcow2Format.REFCOUNT_TABLE_CLUSTERS_OFFSET, (int) tableClusters)
                .putInt(Qcow2Format.REFCOUNT_ORDER_OFFSET, Qcow2Format.REFCOUNT_ORDER_V2)
                .putInt(Qcow2Format.HEADER_LENGTH_OFFSET, Qcow2Format.HEADER_V3_BYTES)
                .put(Qcow2Format.COMPRESSION_TYPE_OFFSET, (byte) Qcow2Format.COMPRESSION_ZLIB);
        // Zeros behind the header end the list of extensions.
        return new Qcow2Writer.Written(new Piece.Inline(head), nextCluster * CLUSTER_BYTES);
    }

    private void endSpan() throws IOException, DiskLimitException {
        if (l1Index >= 0) {
            l1[l1Index] = take(1) * CLUSTER_BYTES | Qcow2Format.COPIED_FLAG;
            pieces.put(new Piece.Inline(l2));
            l1Index = -1;
        }
    }

    /** The first of so many clusters of the file, which are now in use. */
    private long take(long count) throws DiskLimitException {
        long first = nextCluster;
        nextCluster += count;
        if (nextCluster > MAX_CLUSTERS) {
            throw new DiskLimitException(
                    0, "qcow2: to rewrite the disk takes a refcount table over the limit of 8 MiB");
        }
        if (nextCluster > maxLengthBytes / CLUSTER_BYTES) {
            throw new DiskLimitException(
                    0, "qcow2: the rewritten disk would be over the limit of %d bytes".formatted(maxLengthBytes));
        }
        return first;
    }

    private void putRefcounts(long blocks) throws IOException {
        for (long block = 0; block < blocks; block++) {
            int used = (int) Math.min(REFCOUNTS_IN_BLOCK, nextCluster - block * REFCOUNTS_IN_BLOCK);
            ByteBuffer counts = ByteBuffer.allocate(CLUSTER_BYTES);
            for (int i = 0; i < used; i++) {
                counts.putShort((short) 1);
            }
            pieces.put(new Piece.Inline(counts.clear()));
        }
    }

    private interface Longs {
        long at(long index);
    }

    /** Puts a table in whole clusters; a cluster without entries as zeros, so that a sparse disk's L1 table is small. */
    private void putLongs(long count, Longs longs) throws IOException {
        int inCluster = CLUSTER_BYTES / Long.BYTES;
        for (long start = 0; start < count; start += inCluster) {
            ByteBuffer cluster = ByteBuffer.allocate(CLUSTER_BYTES);
            long any = 0;
            for (long i = start; i < Math.min(count, start + inCluster); i++) {
                cluster.putLong(longs.at(i));
                any |= longs.at(i);
            }
            pieces.put(any == 0 ? new Piece.Zeros(CLUSTER_BYTES) : new Piece.Inline(cluster.clear()));
        }
    }
}
