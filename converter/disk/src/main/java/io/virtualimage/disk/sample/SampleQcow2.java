package io.virtualimage.disk.sample;

import io.virtualimage.disk.qcow2.Qcow2Format;
import io.virtualimage.disk.qcow2.Qcow2Header;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * A qcow2 file in one pass. In the file are, in clusters and in this order: the header, the refcount table, refcount
 * blocks, the L1 table, L2 tables, data. Each cluster is used once, so all reference counts are 1.
 */
final class SampleQcow2 {
    private static final int CLUSTER_BYTES = SampleLayout.CLUSTER_BYTES;
    private static final int L2_ENTRIES = CLUSTER_BYTES / Qcow2Format.L2_ENTRY_BYTES;
    private static final int REFCOUNTS_IN_BLOCK = CLUSTER_BYTES / Short.BYTES;
    private static final int BLOCKS_IN_TABLE_CLUSTER = CLUSTER_BYTES / Qcow2Format.REFCOUNT_TABLE_ENTRY_BYTES;

    private final SampleLayout layout;
    private final long seed;
    private final long l1Entries;
    private final long refcountTableClusters;
    private final long refcountBlocks;
    private final long l1Clusters;
    private final long l2Tables;
    private final long totalClusters;

    SampleQcow2(SampleLayout layout, long seed) {
        this.layout = layout;
        this.seed = seed;
        this.l1Entries = Qcow2Header.l1EntriesFor(layout.virtualSizeBytes(), SampleLayout.CLUSTER_BITS, false);
        this.l1Clusters = Math.ceilDiv(l1Entries * Qcow2Format.L1_ENTRY_BYTES, CLUSTER_BYTES);
        this.l2Tables = countL2Tables();
        long others = 1 + l1Clusters + l2Tables + layout.dataClusters();
        long blocks = 0;
        long tableClusters = 0;
        // Refcount blocks count themselves too: raise until they suffice.
        while (blocks * REFCOUNTS_IN_BLOCK < others + blocks + tableClusters) {
            blocks = Math.ceilDiv(others + blocks + tableClusters, REFCOUNTS_IN_BLOCK);
            tableClusters = Math.ceilDiv(blocks, BLOCKS_IN_TABLE_CLUSTER);
        }
        this.refcountBlocks = blocks;
        this.refcountTableClusters = tableClusters;
        this.totalClusters = others + blocks + tableClusters;
    }

    long lengthBytes() {
        return totalClusters * CLUSTER_BYTES;
    }

    void writeTo(OutputStream target) throws IOException {
        Clusters clusters = new Clusters(target);
        writeHeader(clusters);
        for (long block = 0; block < refcountBlocks; block++) {
            clusters.putLong((1 + refcountTableClusters + block) * CLUSTER_BYTES);
        }
        clusters.pad();
        for (long cluster = 0; cluster < totalClusters; cluster++) {
            clusters.putShort((short) 1);
        }
        clusters.pad();
        writeL1(clusters);
        writeL2(clusters);
        byte[] data = new byte[CLUSTER_BYTES];
        for (long i = 0; i < layout.dataClusters(); i++) {
            SampleData.fillDiskCluster(seed, layout.guestCluster(i), data);
            target.write(data);
        }
    }

    private void writeHeader(Clusters clusters) throws IOException {
        ByteBuffer header = ByteBuffer.allocate(CLUSTER_BYTES)
                .putInt(Qcow2Format.MAGIC_OFFSET, Qcow2Format.MAGIC)
                .putInt(Qcow2Format.VERSION_OFFSET, Qcow2Format.VERSION_3)
                .putInt(Qcow2Format.CLUSTER_BITS_OFFSET, SampleLayout.CLUSTER_BITS)
                .putLong(Qcow2Format.VIRTUAL_SIZE_OFFSET, layout.virtualSizeBytes())
                .putInt(Qcow2Format.L1_ENTRIES_OFFSET, (int) l1Entries)
                .putLong(Qcow2Format.L1_TABLE_OFFSET_OFFSET, l1Cluster() * CLUSTER_BYTES)
                .putLong(Qcow2Format.REFCOUNT_TABLE_OFFSET_OFFSET, CLUSTER_BYTES)
                .putInt(Qcow2Format.REFCOUNT_TABLE_CLUSTERS_OFFSET, (int) refcountTableClusters)
                .putInt(Qcow2Format.REFCOUNT_ORDER_OFFSET, Qcow2Format.REFCOUNT_ORDER_V2)
                .putInt(Qcow2Format.HEADER_LENGTH_OFFSET, Qcow2Format.HEADER_V3_BYTES);
        // Zeros behind the header end the list of extensions.
        while (header.hasRemaining()) {
            clusters.putLong(header.getLong());
        }
    }

    private void writeL1(Clusters clusters) throws IOException {
        long data = 0;
        long table = 0;
        for (long entry = 0; entry < l1Entries; entry++) {
            boolean used = data < layout.dataClusters() && l1Index(data) == entry;
            clusters.putLong(used ? (l1Cluster() + l1Clusters + table) * CLUSTER_BYTES | Qcow2Format.COPIED_FLAG : 0);
            if (used) {
                table++;
                data = endOfTable(data);
            }
        }
        clusters.pad();
    }

    private void writeL2(Clusters clusters) throws IOException {
        long firstData = totalClusters - layout.dataClusters();
        long data = 0;
        while (data < layout.dataClusters()) {
            long end = endOfTable(data);
            long firstGuest = l1Index(data) * L2_ENTRIES;
            for (long guest = firstGuest; guest < firstGuest + L2_ENTRIES; guest++) {
                boolean used = data < end && layout.guestCluster(data) == guest;
                clusters.putLong(used ? (firstData + data) * CLUSTER_BYTES | Qcow2Format.COPIED_FLAG : 0);
                if (used) {
                    data++;
                }
            }
        }
    }

    private long countL2Tables() {
        long tables = 0;
        for (long data = 0; data < layout.dataClusters(); data = endOfTable(data)) {
            tables++;
        }
        return tables;
    }

    /** The first cluster of data that another L2 table describes than {@code data}. */
    private long endOfTable(long data) {
        long table = l1Index(data);
        long end = data + 1;
        while (end < layout.dataClusters() && l1Index(end) == table) {
            end++;
        }
        return end;
    }

    private long l1Index(long data) {
        return layout.guestCluster(data) / L2_ENTRIES;
    }

    private long l1Cluster() {
        return 1 + refcountTableClusters + refcountBlocks;
    }

    /** Collects big-endian numbers into whole clusters. */
    private static final class Clusters {
        private final OutputStream target;
        private final ByteBuffer cluster = ByteBuffer.allocate(CLUSTER_BYTES);

        Clusters(OutputStream target) {
            this.target = target;
        }

        void putLong(long value) throws IOException {
            cluster.putLong(value);
            writeIfFull();
        }

        void putShort(short value) throws IOException {
            cluster.putShort(value);
            writeIfFull();
        }

        /** Fills the cluster that was begun, if one was, with zeros. */
        void pad() throws IOException {
            if (cluster.position() > 0) {
                Arrays.fill(cluster.array(), cluster.position(), CLUSTER_BYTES, (byte) 0);
                cluster.position(CLUSTER_BYTES);
                writeIfFull();
            }
        }

        private void writeIfFull() throws IOException {
            if (!cluster.hasRemaining()) {
                target.write(cluster.array());
                cluster.clear();
            }
        }
    }
}
