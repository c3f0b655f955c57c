package io.virtualimage.disk.vdi;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.CachedSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.VirtualDisk;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A VDI image, dynamic or static: both have a block map, a static one's just has no holes at first. Blocks never written
 * read as zeros. Runs that the source knows to be zeros are told as such.
 */
public final class VdiDisk implements VirtualDisk {
    private final ByteSource source;
    private final CachedSource tables;
    private final VdiHeader header;
    private final DiskInfo info;

    private VdiDisk(ByteSource source, ReadLimits limits, VdiHeader header) {
        this.source = source;
        this.tables = new CachedSource(source, limits);
        this.header = header;
        this.info = new DiskInfo(DiskFormat.VDI, header.virtualSizeBytes(), false);
    }

    /** Whether the bytes, an image's first ones, are a VDI's of any version. */
    public static boolean matches(ByteBuffer head) {
        return VdiHeaderReader.matches(head);
    }

    /** Reads the header, and nothing else, of a source that {@linkplain #matches matches}. */
    public static VdiDisk open(ByteSource source, ReadLimits limits) throws IOException, DiskException {
        return new VdiDisk(source, limits, VdiHeaderReader.read(source));
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
        long blockBytes = header.blockBytes();
        long within = offset % blockBytes;
        long start = offset - within;
        long end = Math.min(info.virtualSizeBytes(), start + blockBytes);
        long position = header.mapOffset() + offset / blockBytes * VdiFormat.MAP_ENTRY_BYTES;
        int entry = Integer.reverseBytes(tables.intAt(position));
        if (entry == VdiFormat.BLOCK_FREE || entry == VdiFormat.BLOCK_ZERO) {
            return new Extent.Zero(offset, end - offset, entry == VdiFormat.BLOCK_ZERO);
        }
        // At most 2^32 - 3 blocks of 2^31 bytes, behind less than 2^32 bytes: no overflow.
        long block = header.dataOffset() + Integer.toUnsignedLong(entry) * blockBytes;
        // The file may end in the last block, but not before the disk does.
        if (block > source.lengthBytes() - (end - start)) {
            throw new MalformedDiskException(
                    position,
                    "vdi: the block %s at 0x%x does not lie inside the file of %d bytes; is the file cut short?"
                            .formatted(Integer.toUnsignedString(entry), block, source.lengthBytes()));
        }
        long zeros = source.knownZeroBytes(block + within, end - offset);
        return zeros > 0 ? new Extent.Zero(offset, zeros, true) : new Extent.Data(offset, end - offset, block + within);
    }
}
