package io.virtualimage.disk.vpc;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.CachedSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.VirtualDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A VHD image, fixed or dynamic. Runs that the source knows to be zeros are told as such.
 *
 * <p>As in QEMU, the bitmaps of dynamic disks are ignored: a block that is there is there wholly.
 */
public final class VpcDisk implements VirtualDisk {
    private final ByteSource source;
    private final CachedSource tables;
    private final @Nullable VpcDynamicHeader dynamic;
    private final DiskInfo info;

    /** @param dynamic null for a fixed disk */
    private VpcDisk(ByteSource source, ReadLimits limits, VpcFooter footer, @Nullable VpcDynamicHeader dynamic) {
        this.source = source;
        this.tables = new CachedSource(source, limits);
        this.dynamic = dynamic;
        this.info = new DiskInfo(DiskFormat.VPC, footer.virtualSizeBytes(), false);
    }

    /**
     * Whether an image begins with the copy of a footer, or ends in a footer.
     *
     * @param head first bytes of the image
     * @param tail last 512 bytes of it or more, or all if it has fewer
     */
    public static boolean matches(ByteBuffer head, ByteBuffer tail) {
        return VpcFooter.matches(head) || VpcFooter.lengthAtEndOf(tail) > 0;
    }

    /**
     * Reads a footer and, of dynamic disks, the dynamic header, and nothing else. As in QEMU, a footer at the start
     * means a dynamic disk, of which no other footer is looked at; only without one that at the end is, and must be a
     * fixed disk's.
     *
     * @param source one that {@linkplain #matches matches}
     */
    public static VpcDisk open(ByteSource source, ReadLimits limits) throws IOException, DiskException {
        long length = source.lengthBytes();
        int headBytes = (int) Math.min(length, VpcFormat.FOOTER_BYTES);
        if (VpcFooter.matches(source.read(0, headBytes))) {
            if (headBytes < VpcFormat.FOOTER_BYTES) {
                throw new MalformedDiskException(
                        length, "vpc: the file ends after %d bytes, inside the footer of 512".formatted(length));
            }
            VpcFooter footer = VpcFooter.read(source, 0, headBytes);
            requireType(source, footer, VpcFormat.TYPE_DYNAMIC);
            return new VpcDisk(source, limits, footer, VpcDynamicHeader.read(source, footer));
        }
        int footerBytes = VpcFooter.lengthAtEndOf(source.read(length - headBytes, headBytes));
        if (footerBytes == 0) {
            throw new MalformedDiskException(0, "vpc: there is no footer, neither at the end nor its copy in front");
        }
        VpcFooter footer = VpcFooter.read(source, length - footerBytes, footerBytes);
        requireType(source, footer, VpcFormat.TYPE_FIXED);
        if (footer.virtualSizeBytes() > footer.offset()) {
            throw new MalformedDiskException(
                    footer.offset(),
                    "vpc: the disk has %d bytes, but in front of the footer are only %d"
                            .formatted(footer.virtualSizeBytes(), footer.offset()));
        }
        return new VpcDisk(source, limits, footer, null);
    }

    private static void requireType(ByteSource source, VpcFooter footer, int required)
            throws IOException, DiskException {
        if (footer.type() == required) {
            return;
        }
        long field = footer.offset() + VpcFormat.TYPE_OFFSET;
        throw switch (footer.type()) {
            case VpcFormat.TYPE_DIFFERENCING -> VpcParent.refusal(source, footer);
            case VpcFormat.TYPE_FIXED ->
                new MalformedDiskException(
                        field, "vpc: there is a footer in front of the disk, which says that the disk is fixed");
            case VpcFormat.TYPE_DYNAMIC ->
                new MalformedDiskException(
                        field,
                        "vpc: the disk is dynamic, but does not begin with a copy of the footer; is it damaged?");
            default ->
                new UnsupportedDiskException(
                        field,
                        "vpc: disks of the type %s are not supported"
                                .formatted(Integer.toUnsignedString(footer.type())));
        };
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
        return dynamic == null ? stored(offset, info.virtualSizeBytes(), offset, false) : extentAt(offset, dynamic);
    }

    private Extent extentAt(long offset, VpcDynamicHeader header) throws IOException, DiskException {
        long blockBytes = header.blockBytes();
        long within = offset % blockBytes;
        long end = Math.min(info.virtualSizeBytes(), offset - within + blockBytes);
        long position = header.tableOffset() + offset / blockBytes * VpcFormat.TABLE_ENTRY_BYTES;
        int entry = tables.intAt(position);
        if (entry == VpcFormat.BLOCK_FREE) {
            return new Extent.Zero(offset, end - offset, false);
        }
        long block = Integer.toUnsignedLong(entry) * DiskInfo.SECTOR_BYTES + header.bitmapBytes();
        if (block > source.lengthBytes() - blockBytes) {
            throw new MalformedDiskException(
                    position,
                    "vpc: the block of %d bytes at 0x%x does not lie inside the file of %d bytes; is the file cut short?"
                            .formatted(blockBytes, block, source.lengthBytes()));
        }
        return stored(offset, end, block + within, true);
    }

    private Extent stored(long offset, long end, long sourceOffset, boolean allocated) throws IOException {
        long zeros = source.knownZeroBytes(sourceOffset, end - offset);
        return zeros > 0
                ? new Extent.Zero(offset, zeros, allocated)
                : new Extent.Data(offset, end - offset, sourceOffset);
    }
}
