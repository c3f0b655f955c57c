package io.virtualimage.disk.vhdx;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.CachedSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.vhdx.VhdxRegions.Region;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A VHDX image, fixed or dynamic. If its log has updates that may not be in place, its tables are seen as they would be
 * once these are; what extents refer to is always the file as it is.
 */
public final class VhdxDisk implements VirtualDisk {
    private final ByteSource source;
    private final VhdxOverlay file;
    private final CachedSource tables;
    private final VhdxRegions regions;
    private final VhdxMetadata metadata;
    private final long batOffset;
    private final DiskInfo info;

    private VhdxDisk(
            ByteSource source,
            ReadLimits limits,
            VhdxOverlay file,
            VhdxRegions regions,
            VhdxMetadata metadata,
            long batOffset) {
        this.source = source;
        this.file = file;
        this.tables = new CachedSource(file, limits);
        this.regions = regions;
        this.metadata = metadata;
        this.batOffset = batOffset;
        this.info = new DiskInfo(DiskFormat.VHDX, metadata.virtualSizeBytes(), false);
    }

    /** Whether the bytes, an image's first ones, begin like VHDX. */
    public static boolean matches(ByteBuffer head) {
        return head.remaining() >= Long.BYTES
                && Long.reverseBytes(head.getLong(head.position())) == VhdxFormat.FILE_SIGNATURE;
    }

    /**
     * Reads the headers, the region table and the metadata of a source that begins with the signature; and the log, if
     * it is not empty.
     */
    public static VhdxDisk open(ByteSource source, ReadLimits limits) throws IOException, DiskException {
        VhdxHeader header = VhdxHeaderReader.read(source);
        VhdxOverlay file = VhdxLog.replay(source, header, limits);
        VhdxRegions regions = VhdxRegions.read(file, header);
        VhdxMetadata metadata = VhdxMetadataReader.read(file, regions.metadata());
        Region bat = regions.bat();
        if (metadata.batEntries() > bat.lengthBytes() / VhdxFormat.BAT_ENTRY_BYTES) {
            throw new MalformedDiskException(
                    bat.offset(),
                    "vhdx: the BAT of %d bytes is too short for the %d entries of a disk of %d bytes"
                            .formatted(bat.lengthBytes(), metadata.batEntries(), metadata.virtualSizeBytes()));
        }
        return new VhdxDisk(source, limits, file, regions, metadata, bat.offset());
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
        long block = offset / metadata.blockBytes();
        long start = block * metadata.blockBytes();
        long end = Math.min(info.virtualSizeBytes(), start + metadata.blockBytes());
        long position = batOffset + (block + block / metadata.chunkRatio()) * VhdxFormat.BAT_ENTRY_BYTES;
        // Tables are read as big-endian.
        long entry = Long.reverseBytes(tables.longAt(position));
        int state = (int) (entry & VhdxFormat.BAT_STATE_MASK);
        return switch (state) {
            case VhdxFormat.BLOCK_ZERO -> new Extent.Zero(offset, end - offset, true);
            // Their content is not defined, or need not be kept; zeros give nothing away.
            case VhdxFormat.BLOCK_NOT_PRESENT,
                    VhdxFormat.BLOCK_UNDEFINED,
                    VhdxFormat.BLOCK_UNMAPPED,
                    VhdxFormat.BLOCK_UNMAPPED_DRAFT -> new Extent.Zero(offset, end - offset, false);
            case VhdxFormat.BLOCK_FULLY_PRESENT -> {
                long at = entry & VhdxFormat.BAT_OFFSET_MASK;
                checkBlock(at, end - start, position);
                yield present(offset, end, at + offset - start, position);
            }
            case VhdxFormat.BLOCK_PARTIALLY_PRESENT ->
                throw new MalformedDiskException(
                        position,
                        "vhdx: the block at 0x%x is partly in a parent that the image does not have".formatted(start));
            default ->
                throw new MalformedDiskException(
                        position, "vhdx: the state %d of the block at 0x%x is reserved".formatted(state, start));
        };
    }

    /**
     * @param at offset of the block in the file
     * @param neededBytes what of the block belongs to the disk; fixed images may end with that
     */
    private void checkBlock(long at, long neededBytes, long position) throws MalformedDiskException {
        if (at >= 0 && at < VhdxFormat.HEADER_SECTION_BYTES) {
            throw new MalformedDiskException(
                    position, "vhdx: the data block at 0x%x lies in the header section".formatted(at));
        }
        if (at < 0 || at > file.lengthBytes() - neededBytes) {
            throw new MalformedDiskException(
                    position,
                    "vhdx: the data block at 0x%x does not lie inside the file of %d bytes; is the file cut short?"
                            .formatted(at, file.lengthBytes()));
        }
        Region other = regions.overlapping(at, metadata.blockBytes());
        if (other != null) {
            throw new MalformedDiskException(
                    position,
                    "vhdx: the data block at 0x%x overlaps the %s at 0x%x".formatted(at, other.name(), other.offset()));
        }
    }

    /** The run at {@code at} in the file, if the log leaves it alone, or makes zeros of it. */
    private Extent present(long offset, long end, long at, long position) throws MalformedDiskException {
        VhdxOverlay.Piece piece = file.pieceAt(at);
        long lengthBytes = Math.min(end - offset, piece.end() - at);
        return switch (piece.kind()) {
            case FILE -> new Extent.Data(offset, lengthBytes, at);
            case ZERO -> new Extent.Zero(offset, lengthBytes, true);
            case UPDATE ->
                throw new MalformedDiskException(
                        position,
                        "vhdx: the log writes over the disk's own data at 0x%x, which it is not for".formatted(at));
        };
    }
}
