package io.virtualimage.disk.vmdk;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.CachedSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.VirtualDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A sparse VMDK image in one file. The primary grain directory is the one that is read; the redundant one is for repairs.
 */
public final class VmdkDisk implements VirtualDisk {
    private final ByteSource source;
    private final CachedSource tables;
    private final VmdkHeader header;
    private final DiskInfo info;
    private final ByteBuffer marker =
            ByteBuffer.allocate(VmdkFormat.GRAIN_MARKER_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    private boolean directoryChecked;

    private VmdkDisk(ByteSource source, ReadLimits limits, VmdkHeader header) {
        this.source = source;
        this.tables = new CachedSource(source, limits);
        this.header = header;
        this.info = new DiskInfo(DiskFormat.VMDK, header.virtualSizeBytes(), false);
    }

    /** Whether the bytes, an image's first ones, begin like a file with an extent of a VMDK disk, supported or not. */
    public static boolean matches(ByteBuffer head) {
        int at = head.position();
        if (head.remaining() < Integer.BYTES) {
            return false;
        }
        int magic = head.getInt(at);
        return magic == VmdkFormat.SPARSE_MAGIC || magic == VmdkFormat.COWD_MAGIC || isSeSparse(head);
    }

    private static boolean isSeSparse(ByteBuffer head) {
        int at = head.position();
        return head.remaining() >= 2 * Long.BYTES
                && head.getLong(at) == VmdkFormat.SE_SPARSE_MAGIC
                && head.getLong(at + Long.BYTES) == VmdkFormat.SE_SPARSE_VERSION;
    }

    /** Reads the header, the descriptor and the footer of a source that {@link #matches}; no grain directory yet. */
    public static VmdkDisk open(ByteSource source, ReadLimits limits) throws IOException, DiskException {
        ByteBuffer head = source.read(0, (int) Math.min(source.lengthBytes(), 2 * Long.BYTES));
        if (isSeSparse(head)) {
            throw new UnsupportedDiskException(
                    0,
                    "vmdk: a seSparse file is a part of a disk whose descriptor is another file; "
                            + UnsupportedDiskException.OTHER_FILES);
        }
        VmdkHeader header =
                head.getInt(0) == VmdkFormat.COWD_MAGIC ? CowdHeaderReader.read(source) : VmdkHeaderReader.read(source);
        return new VmdkDisk(source, limits, header);
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
        checkDirectory();
        long size = info.virtualSizeBytes();
        long tableIndex = offset / header.tableSpanBytes();
        long tableStart = tableIndex * header.tableSpanBytes();
        long directoryPosition = header.directoryOffset() + tableIndex * VmdkFormat.ENTRY_BYTES;
        long tableSector = sectorAt(directoryPosition);
        if (tableSector == 0) {
            long end = tableStart + Math.min(header.tableSpanBytes(), size - tableStart);
            return new Extent.Zero(offset, end - offset, false);
        }
        long tableBytes = (long) header.tableEntries() * VmdkFormat.ENTRY_BYTES;
        long table = place("grain table", tableSector, tableBytes, directoryPosition);
        int grainBytes = header.grainBytes();
        long start = offset - offset % grainBytes;
        long end = start + Math.min(grainBytes, size - start);
        long position = table + (start - tableStart) / grainBytes * VmdkFormat.ENTRY_BYTES;
        long sector = sectorAt(position);
        boolean zeroed = header.zeroedGrains() && sector == VmdkFormat.ZEROED_GRAIN;
        if (sector == 0 || zeroed) {
            return new Extent.Zero(offset, end - offset, zeroed);
        }
        if (header.compressed()) {
            PackedUnit unit = unit(sector, start, (int) (end - start), position);
            return new Extent.Packed(offset, end - offset, unit, (int) (offset - start));
        }
        long grain = place("grain", sector, end - start, position);
        return new Extent.Data(offset, end - offset, grain + offset - start);
    }

    private void checkDirectory() throws IOException, DiskException {
        if (!directoryChecked && header.streamed()) {
            VmdkHeaderReader.requireMarker(
                    source,
                    "grain directory",
                    header.directoryOffset() - VmdkFormat.SECTOR_BYTES,
                    VmdkFormat.MARKER_GRAIN_DIRECTORY);
        }
        directoryChecked = true;
    }

    /** A grain as its marker announces it. That the marker's own bytes are to be counted is CVE-2026-2243. */
    private PackedUnit unit(long sector, long start, int plainBytes, long position) throws IOException, DiskException {
        long at = place("grain's marker", sector, VmdkFormat.GRAIN_MARKER_BYTES, position);
        source.read(at, marker.clear());
        long lba = marker.getLong(VmdkFormat.MARKER_VALUE_OFFSET);
        long packedBytes = Integer.toUnsignedLong(marker.getInt(VmdkFormat.MARKER_SIZE_OFFSET));
        if (packedBytes == 0) {
            throw new MalformedDiskException(position, "vmdk: there is no compressed grain at 0x%x".formatted(at));
        }
        if (lba != start / VmdkFormat.SECTOR_BYTES) {
            throw new MalformedDiskException(
                    at,
                    "vmdk: the grain for sector %d of the disk says that it is the one for sector %s"
                            .formatted(start / VmdkFormat.SECTOR_BYTES, Long.toUnsignedString(lba)));
        }
        long dataOffset = at + VmdkFormat.GRAIN_MARKER_BYTES;
        if (packedBytes > 2L * header.grainBytes() - VmdkFormat.GRAIN_MARKER_BYTES
                || packedBytes > source.lengthBytes() - dataOffset) {
            throw new MalformedDiskException(
                    at + VmdkFormat.MARKER_SIZE_OFFSET,
                    "vmdk: the compressed grain of %d bytes at 0x%x is longer than a grain can be, or than the file is"
                            .formatted(packedBytes, dataOffset));
        }
        return new PackedUnit(PackedUnit.Codec.ZLIB, dataOffset, (int) packedBytes, plainBytes);
    }

    /** @return the entry of a grain directory or of a grain table, in sectors */
    private long sectorAt(long position) throws IOException {
        return Integer.toUnsignedLong(Integer.reverseBytes(tables.intAt(position)));
    }

    /**
     * Checks that so many bytes at a sector lie in the file, behind the header and the descriptor.
     *
     * @param position of the entry that says so
     * @return where they begin, in bytes
     */
    private long place(String what, long sector, long lengthBytes, long position) throws MalformedDiskException {
        long at = sector * VmdkFormat.SECTOR_BYTES;
        if (at < header.metadataEnd()) {
            throw new MalformedDiskException(
                    position, "vmdk: the %s at 0x%x lies in the header or in the descriptor".formatted(what, at));
        }
        if (lengthBytes > source.lengthBytes() - at) {
            throw new MalformedDiskException(
                    position,
                    "vmdk: the %s of %d bytes at 0x%x does not lie inside the file of %d bytes; is the file cut short?"
                            .formatted(what, lengthBytes, at, source.lengthBytes()));
        }
        return at;
    }
}
