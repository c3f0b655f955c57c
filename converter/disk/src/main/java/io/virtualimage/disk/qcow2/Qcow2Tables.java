package io.virtualimage.disk.qcow2;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.CachedSource;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.ReadLimits;
import java.io.IOException;

/**
 * The L1 table and the L2 tables of an image, and what is known of where in the file things must not be.
 *
 * <p>An L2 table or a data cluster that overlaps the first cluster (the header), the L1 table or the refcount table is
 * refused. That two of them overlap, or lie over a refcount block, is not looked for: it would take a map of the whole
 * file, and gives away nothing but the file's own bytes. As each look-up is one L1 entry and one L2 entry, no table that
 * refers to itself can make it endless.
 */
final class Qcow2Tables {
    private final CachedSource tables;
    private final Qcow2Header header;
    private final int clusterBytes;
    private final int entryBytes;
    private final long l1End;
    private final long refcountTableEnd;

    Qcow2Tables(ByteSource source, ReadLimits limits, Qcow2Header header) {
        this.tables = new CachedSource(source, limits);
        this.header = header;
        this.clusterBytes = header.clusterBytes();
        this.entryBytes = header.extendedL2() ? Qcow2Format.EXTENDED_L2_ENTRY_BYTES : Qcow2Format.L2_ENTRY_BYTES;
        this.l1End = header.l1TableOffset() + (long) header.l1Entries() * Qcow2Format.L1_ENTRY_BYTES;
        this.refcountTableEnd = header.refcountTableOffset() + (long) header.refcountTableClusters() * clusterBytes;
    }

    /** Where in the file the L2 table of an L1 entry begins, in bytes; 0 if there is none. */
    long l2TableOf(long l1Index) throws IOException, MalformedDiskException {
        long position = header.l1TableOffset() + l1Index * Qcow2Format.L1_ENTRY_BYTES;
        long entry = tables.longAt(position);
        if ((entry & Qcow2Format.L1_RESERVED) != 0) {
            throw new MalformedDiskException(
                    position,
                    "qcow2: the L1 entry 0x%016x has bits set that must be 0: 0x%x"
                            .formatted(entry, entry & Qcow2Format.L1_RESERVED));
        }
        long table = entry & Qcow2Format.OFFSET_MASK;
        if (table != 0) {
            requireAligned(position, "L2 table", table);
            requireFree(position, "L2 table", table, clusterBytes);
            if (table > tables.lengthBytes() - clusterBytes) {
                throw new MalformedDiskException(
                        position,
                        "qcow2: the L2 table of %d bytes at 0x%x does not lie inside the file of %d bytes;"
                                        .formatted(clusterBytes, table, tables.lengthBytes())
                                + " is the file cut short?");
            }
        }
        return table;
    }

    /** How many L1 entries from the given one on have no L2 table: at least 1, which is known, and at most {@code max}. */
    int countUnmapped(long l1Index, int max) throws IOException {
        long position = header.l1TableOffset() + l1Index * Qcow2Format.L1_ENTRY_BYTES;
        int count = 1;
        while (count < max
                && (tables.longAt(position + (long) count * Qcow2Format.L1_ENTRY_BYTES) & ~Qcow2Format.COPIED_FLAG)
                        == 0) {
            count++;
        }
        return count;
    }

    /** Where the entry stands that is {@code index} entries behind {@code start}, in bytes. */
    long entryPosition(long start, int index) {
        return start + (long) index * entryBytes;
    }

    Qcow2L2Entry entryAt(long position) throws IOException, MalformedDiskException {
        long entry = tables.longAt(position);
        return header.extendedL2()
                ? Qcow2L2Entry.extended(header, position, entry, tables.longAt(position + Qcow2Format.L2_ENTRY_BYTES))
                : Qcow2L2Entry.standard(header, position, entry);
    }

    /**
     * How many clusters, from the one whose entry is given on, are the same and stand in the file one after the other, or
     * nowhere.
     *
     * @param status of all subclusters of the clusters that follow
     * @param max the answer is not above this, unless this is below 1; so many have entries in the same table, and are
     *     where they may be
     */
    int countContiguous(long position, Qcow2L2Entry first, Qcow2L2Entry.Status status, int max) throws IOException {
        long step = first.hostOffset() == 0 ? 0 : clusterBytes;
        long bitmap = Qcow2L2Entry.uniformBitmap(status);
        int count = 1;
        while (count < max && says(entryPosition(position, count), first.descriptor() + count * step, bitmap)) {
            count++;
        }
        return count;
    }

    private boolean says(long position, long descriptor, long bitmap) throws IOException {
        long entry = tables.longAt(position);
        if ((entry & ~Qcow2Format.COPIED_FLAG) != descriptor) {
            return false;
        }
        return header.extendedL2()
                ? tables.longAt(position + Qcow2Format.L2_ENTRY_BYTES) == bitmap
                : entry != Qcow2Format.COPIED_FLAG;
    }

    void requireAligned(long position, String what, long offset) throws MalformedDiskException {
        if (offset % clusterBytes != 0) {
            throw new MalformedDiskException(
                    position,
                    "qcow2: the %s at 0x%x does not begin at a boundary of clusters of %d bytes"
                            .formatted(what, offset, clusterBytes));
        }
    }

    void requireFree(long position, String what, long offset, int lengthBytes) throws MalformedDiskException {
        requireApart(position, what, offset, lengthBytes, "first cluster", 0, clusterBytes);
        requireApart(position, what, offset, lengthBytes, "L1 table", header.l1TableOffset(), l1End);
        requireApart(
                position, what, offset, lengthBytes, "refcount table", header.refcountTableOffset(), refcountTableEnd);
    }

    /** Up to where clusters may follow the one at {@code offset}, whose place is good: a table, or the end of the file. */
    long endOfFree(long offset) {
        long end = tables.lengthBytes();
        if (header.l1TableOffset() > offset) {
            end = Math.min(end, header.l1TableOffset());
        }
        if (header.refcountTableOffset() > offset) {
            end = Math.min(end, header.refcountTableOffset());
        }
        return end;
    }

    private static void requireApart(
            long position, String what, long offset, int lengthBytes, String other, long otherStart, long otherEnd)
            throws MalformedDiskException {
        if (offset < otherEnd && offset + lengthBytes > otherStart) {
            throw new MalformedDiskException(
                    position,
                    "qcow2: the %s at 0x%x lies over the %s at 0x%x".formatted(what, offset, other, otherStart));
        }
    }
}
