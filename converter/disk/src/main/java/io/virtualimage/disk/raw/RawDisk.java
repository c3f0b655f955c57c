package io.virtualimage.disk.raw;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.NotAnImageException;
import io.virtualimage.disk.VirtualDisk;
import java.io.IOException;

/**
 * An image that is the disk itself: raw, or an optical disc's. A length that is not whole sectors is rounded up; what is
 * added reads as zeros. Runs that the source knows to be zeros are told as such.
 */
public final class RawDisk implements VirtualDisk {
    private final ByteSource source;
    private final DiskInfo info;

    private RawDisk(ByteSource source, DiskInfo info) {
        this.source = source;
        this.info = info;
    }

    /**
     * Takes all of the source for the disk.
     *
     * @param format {@link DiskFormat#RAW} or {@link DiskFormat#ISO}
     */
    public static RawDisk open(ByteSource source, DiskFormat format) throws NotAnImageException, DiskLimitException {
        long length = source.lengthBytes();
        if (length == 0) {
            throw new NotAnImageException(format.wireName() + ": the file is empty");
        }
        if (length > Long.MAX_VALUE - (DiskInfo.SECTOR_BYTES - 1)) {
            throw new DiskLimitException(0, format.wireName() + ": the size of 8 EiB is over the limit");
        }
        long size = Math.ceilDiv(length, DiskInfo.SECTOR_BYTES) * DiskInfo.SECTOR_BYTES;
        return new RawDisk(source, new DiskInfo(format, size, format == DiskFormat.ISO));
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
    public Extent extentAt(long offset) throws IOException {
        long left = source.lengthBytes() - offset;
        if (left <= 0) {
            return new Extent.Zero(offset, info.virtualSizeBytes() - offset, false);
        }
        long zeros = source.knownZeroBytes(offset, left);
        if (zeros > 0) {
            return new Extent.Zero(offset, zeros, false);
        }
        long data = source.bytesBeforeKnownZeros(offset, left);
        return new Extent.Data(offset, data > 0 ? data : left, offset);
    }
}
