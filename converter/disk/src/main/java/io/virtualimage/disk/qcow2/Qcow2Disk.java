package io.virtualimage.disk.qcow2;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.CachedSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.VirtualDisk;
import java.io.IOException;

/** A qcow2 image. Internal snapshots are ignored: what is seen is the disk's present state. */
public final class Qcow2Disk implements VirtualDisk {
    private final ByteSource source;
    private final CachedSource tables;
    private final Qcow2Header header;
    private final DiskInfo info;

    private Qcow2Disk(ByteSource source, ReadLimits limits, Qcow2Header header) {
        this.source = source;
        this.tables = new CachedSource(source, limits);
        this.header = header;
        this.info = new DiskInfo(DiskFormat.QCOW2, header.virtualSizeBytes(), false);
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
        int clusterBytes = header.clusterBytes();
        long size = info.virtualSizeBytes();
        long tableSpan = (long) header.l2Entries() * clusterBytes;
        long l1Index = offset / tableSpan;
        long l1Position = header.l1TableOffset() + l1Index * Qcow2Format.L1_ENTRY_BYTES;
        long table = tables.longAt(l1Position) & Qcow2Format.OFFSET_MASK;
        if (table == 0) {
            return new Extent.Zero(offset, Math.min(size, (l1Index + 1) * tableSpan) - offset, false);
        }
        if (table % clusterBytes != 0 || table > source.lengthBytes() - clusterBytes) {
            throw new MalformedDiskException(
                    l1Position, "qcow2: the L2 table at 0x%x does not lie in the file".formatted(table));
        }
        long start = offset - offset % clusterBytes;
        long end = Math.min(size, start + clusterBytes);
        int entryBytes = header.extendedL2() ? Qcow2Format.EXTENDED_L2_ENTRY_BYTES : Qcow2Format.L2_ENTRY_BYTES;
        long position = table + offset % tableSpan / clusterBytes * entryBytes;
        long entry = tables.longAt(position);
        if ((entry & Qcow2Format.COMPRESSED_FLAG) != 0) {
            return packed(offset, start, end, entry);
        }
        long cluster = entry & Qcow2Format.OFFSET_MASK;
        boolean zero = !header.extendedL2() && (entry & Qcow2Format.ZERO_FLAG) != 0;
        if (cluster == 0 || zero) {
            return new Extent.Zero(offset, end - offset, zero);
        }
        if (cluster % clusterBytes != 0 || cluster > source.lengthBytes() - (end - start)) {
            throw new MalformedDiskException(
                    position, "qcow2: the data cluster at 0x%x does not lie in the file".formatted(cluster));
        }
        return new Extent.Data(offset, end - offset, cluster + offset - start);
    }

    private Extent packed(long offset, long start, long end, long entry) {
        int offsetBits = 62 - (header.clusterBits() - 8);
        long at = entry & ((1L << offsetBits) - 1);
        long sectors = ((entry & ~(3L << 62)) >>> offsetBits) + 1;
        int packedBytes = (int) Math.min(sectors * 512 - at % 512, source.lengthBytes() - at);
        PackedUnit.Codec codec = switch (header.compression()) {
            case ZLIB -> PackedUnit.Codec.DEFLATE;
            case ZSTD -> PackedUnit.Codec.ZSTD;
        };
        PackedUnit unit = new PackedUnit(codec, at, packedBytes, (int) (end - start));
        return new Extent.Packed(offset, end - offset, unit, (int) (offset - start));
    }
}
