package io.virtualimage.disk.qcow2;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.VirtualDisk;
import java.io.IOException;
import java.util.Objects;

/**
 * A qcow2 image. Internal snapshots, bitmaps and reference counts are ignored: what is seen is the disk's present state,
 * also if the image was not closed (is dirty).
 *
 * <p>A data cluster has to begin inside the file. What it has behind the end of the file reads as zeros: QEMU writes no
 * more of the last cluster than was written to. That is the price for not knowing a file whose very last cluster was cut.
 */
public final class Qcow2Disk implements VirtualDisk {
    /** So many entries are looked at for one run: few enough for those who read a disk a few sectors at a time. */
    private static final int MAX_RUN_ENTRIES = 512;

    private final ByteSource source;
    private final Qcow2Header header;
    private final Qcow2Tables tables;
    private final DiskInfo info;
    private final int clusterBytes;
    private final int subclusterBytes;

    private Qcow2Disk(ByteSource source, ReadLimits limits, Qcow2Header header) {
        this.source = source;
        this.header = header;
        this.tables = new Qcow2Tables(source, limits, header);
        this.info = new DiskInfo(DiskFormat.QCOW2, header.virtualSizeBytes(), false);
        this.clusterBytes = header.clusterBytes();
        this.subclusterBytes = header.extendedL2() ? clusterBytes / Qcow2Format.SUBCLUSTERS : clusterBytes;
    }

    /** Reads the header, and nothing else. */
    public static Qcow2Disk open(ByteSource source, ReadLimits limits) throws IOException, DiskException {
        return new Qcow2Disk(source, limits, Qcow2HeaderReader.read(source));
    }

    @Override
    public DiskInfo info() {
        return info;
    }

    @Override
    public ByteSource source() {
        return source;
    }

    @Override
    public Extent extentAt(long offset) throws IOException, DiskException {
        Objects.checkIndex(offset, info.virtualSizeBytes());
        long tableSpan = (long) header.l2Entries() * clusterBytes;
        long l1Index = offset / tableSpan;
        long table = tables.l2TableOf(l1Index);
        if (table == 0) {
            long entriesLeft = Math.ceilDiv(info.virtualSizeBytes(), tableSpan) - l1Index;
            int count = tables.countUnmapped(l1Index, (int) Math.min(entriesLeft, MAX_RUN_ENTRIES));
            return zero(offset, endOnDisk(l1Index * tableSpan, count, tableSpan), false);
        }
        int index = (int) (offset % tableSpan / clusterBytes);
        long position = tables.entryPosition(table, index);
        Qcow2L2Entry entry = tables.entryAt(position);
        if (entry.isCompressed()) {
            return packed(offset, position, entry);
        }
        if (entry.hostOffset() != 0) {
            tables.requireAligned(position, "data cluster", entry.hostOffset());
        }
        return run(offset, index, position, entry);
    }

    private Extent run(long offset, int index, long position, Qcow2L2Entry entry) throws IOException, DiskException {
        long clusterStart = offset - offset % clusterBytes;
        long host = entry.hostOffset();
        int subcluster = (int) (offset % clusterBytes / subclusterBytes);
        Qcow2L2Entry.Status status = entry.statusOf(subcluster);
        boolean data = status == Qcow2L2Entry.Status.DATA;
        if (data) {
            requireData(position, host);
        }
        long endInCluster = (long) entry.endOfSame(subcluster) * subclusterBytes;
        long end = endInCluster < clusterBytes
                ? endOnDisk(clusterStart, 1, endInCluster)
                : endOnDisk(clusterStart, countClusters(clusterStart, index, position, entry, status), clusterBytes);
        if (!data) {
            return zero(offset, end, status == Qcow2L2Entry.Status.ZERO);
        }
        long sourceOffset = host + offset - clusterStart;
        long present = source.lengthBytes() - sourceOffset;
        return present > 0
                ? new Extent.Data(offset, Math.min(end - offset, present), sourceOffset)
                : zero(offset, end, true);
    }

    /** How many clusters the run has that begins, maybe with a part, in the one at {@code clusterStart}. */
    private int countClusters(
            long clusterStart, int index, long position, Qcow2L2Entry entry, Qcow2L2Entry.Status status)
            throws IOException {
        long most = Math.min(MAX_RUN_ENTRIES, header.l2Entries() - index);
        most = Math.min(most, Math.ceilDiv(info.virtualSizeBytes() - clusterStart, clusterBytes));
        long host = entry.hostOffset();
        if (host != 0) {
            long hostEnd = status == Qcow2L2Entry.Status.DATA ? tables.endOfFree(host) : Qcow2Format.MAX_CLUSTER_END;
            most = Math.min(most, (hostEnd - host) / clusterBytes);
        }
        return tables.countContiguous(position, entry, status, (int) most);
    }

    private void requireData(long position, long host) throws MalformedDiskException {
        tables.requireFree(position, "data cluster", host, clusterBytes);
        requireBeginInFile(position, "data cluster", host);
    }

    private Extent packed(long offset, long position, Qcow2L2Entry entry) throws MalformedDiskException {
        int offsetBits = Qcow2Format.packedOffsetBits(header.clusterBits());
        long host = entry.descriptor() & (1L << offsetBits) - 1;
        tables.requireFree(position, "compressed cluster", host, 1);
        requireBeginInFile(position, "compressed cluster", host);
        // At most 8192 sectors, 4 MiB.
        long sectors = ((entry.descriptor() & ~Qcow2Format.COMPRESSED_FLAG) >>> offsetBits) + 1;
        long packedBytes = sectors * Qcow2Format.PACKED_SECTOR_BYTES - host % Qcow2Format.PACKED_SECTOR_BYTES;
        PackedUnit.Codec codec = switch (header.compression()) {
            case ZLIB -> PackedUnit.Codec.DEFLATE;
            case ZSTD -> PackedUnit.Codec.ZSTD;
        };
        // QEMU ends the file with the stream, inside a sector. The stream holds all of the cluster, even where the disk
        // ends inside it.
        PackedUnit unit =
                new PackedUnit(codec, host, (int) Math.min(packedBytes, source.lengthBytes() - host), clusterBytes);
        int unitOffset = (int) (offset % clusterBytes);
        long end = endOnDisk(offset - unitOffset, 1, clusterBytes);
        return new Extent.Packed(offset, end - offset, unit, unitOffset);
    }

    private void requireBeginInFile(long position, String what, long host) throws MalformedDiskException {
        if (host >= source.lengthBytes()) {
            throw new MalformedDiskException(
                    position,
                    "qcow2: the %s at 0x%x begins behind the end of the file of %d bytes; is the file cut short?"
                            .formatted(what, host, source.lengthBytes()));
        }
    }

    /** {@code start + count * lengthBytes}, but not behind the end of the disk, and without overflow. */
    private long endOnDisk(long start, int count, long lengthBytes) {
        long left = info.virtualSizeBytes() - start;
        return lengthBytes > left / count ? info.virtualSizeBytes() : start + count * lengthBytes;
    }

    private static Extent zero(long offset, long end, boolean allocated) {
        return new Extent.Zero(offset, end - offset, allocated);
    }
}
