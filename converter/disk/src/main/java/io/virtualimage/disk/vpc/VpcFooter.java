package io.virtualimage.disk.vpc;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A footer with a good checksum, or its copy.
 *
 * @param offset where it is, in bytes from the start of the file
 * @param type fixed, dynamic, differencing, or a number without meaning
 * @param dataOffset as the footer says; without meaning in a fixed disk
 * @param virtualSizeBytes above 0, whole sectors, and at most 2040 GiB
 */
record VpcFooter(long offset, int type, long dataOffset, long virtualSizeBytes) {
    private static final String NAME = "footer";

    /** Whether there is one at the start of the bytes. */
    static boolean matches(ByteBuffer bytes) {
        return bytes.remaining() >= Long.BYTES && bytes.getLong(bytes.position()) == VpcFormat.FOOTER_COOKIE;
    }

    /** How long the footer is in which the bytes end, 512 or 511; 0 if there is none. */
    static int lengthAtEndOf(ByteBuffer tail) {
        for (int lengthBytes : new int[] {VpcFormat.FOOTER_BYTES, VpcFormat.OLD_FOOTER_BYTES}) {
            int offset = tail.remaining() - lengthBytes;
            if (offset >= 0 && matches(tail.slice(tail.position() + offset, lengthBytes))) {
                return lengthBytes;
            }
        }
        return 0;
    }

    /** Reads a footer that has its cookie and lies inside the source. */
    static VpcFooter read(ByteSource source, long offset, int lengthBytes) throws IOException, DiskException {
        ByteBuffer footer = source.read(offset, lengthBytes);
        VpcStructure.checkChecksum(NAME, footer, offset, VpcFormat.CHECKSUM_OFFSET);
        VpcStructure.checkVersion(NAME, footer, offset, VpcFormat.VERSION_OFFSET);
        return new VpcFooter(
                offset,
                footer.getInt(VpcFormat.TYPE_OFFSET),
                footer.getLong(VpcFormat.DATA_OFFSET_OFFSET),
                virtualSize(footer, offset));
    }

    /**
     * Virtual PC and old versions of QEMU let the geometry decide, which cannot express every size, and everybody else
     * the size. The same choice as QEMU's since version 10; before, it went by the geometry for more programs, and cut
     * off the ends of their disks.
     */
    private static long virtualSize(ByteBuffer footer, long offset) throws DiskException {
        long geometrySectors = (long) Short.toUnsignedInt(footer.getShort(VpcFormat.GEOMETRY_OFFSET))
                * Byte.toUnsignedInt(footer.get(VpcFormat.GEOMETRY_OFFSET + 2))
                * Byte.toUnsignedInt(footer.get(VpcFormat.GEOMETRY_OFFSET + 3));
        int creator = footer.getInt(VpcFormat.CREATOR_OFFSET);
        boolean byGeometry = (creator == VpcFormat.CREATOR_VIRTUAL_PC || creator == VpcFormat.CREATOR_QEMU)
                && geometrySectors != VpcFormat.MAX_GEOMETRY_SECTORS;
        long field = offset + (byGeometry ? VpcFormat.GEOMETRY_OFFSET : VpcFormat.CURRENT_SIZE_OFFSET);
        // Unsigned; a part of a sector at the end is dropped, as in QEMU.
        long sectors = byGeometry
                ? geometrySectors
                : footer.getLong(VpcFormat.CURRENT_SIZE_OFFSET)
                        >>> Integer.numberOfTrailingZeros(DiskInfo.SECTOR_BYTES);
        if (sectors == 0) {
            throw new MalformedDiskException(field, "vpc: the virtual size is 0");
        }
        if (sectors > VpcFormat.MAX_SECTORS) {
            throw new DiskLimitException(
                    field, "vpc: a disk of %d sectors is over the limit of 2040 GiB".formatted(sectors));
        }
        return sectors * DiskInfo.SECTOR_BYTES;
    }
}
