package io.virtualimage.disk.vhdx;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What the region table lists, and the log: pieces of the file that do not overlap, and are no payload. */
final class VhdxRegions {
    private final NavigableMap<Long, Region> byOffset = new TreeMap<>();
    private @Nullable Region bat;
    private @Nullable Region metadata;

    /**
     * A piece of the file that is not empty.
     *
     * @param offset in bytes; a multiple of 1 MiB, not below 1 MiB
     * @param lengthBytes above 0, a multiple of 1 MiB
     */
    record Region(String name, long offset, long lengthBytes) {}

    private VhdxRegions() {}

    /**
     * Reads the first region table, or the second, its copy, if the first is damaged.
     *
     * @param file with the log's updates
     */
    static VhdxRegions read(ByteSource file, VhdxHeader header) throws IOException, DiskException {
        int offset = VhdxFormat.REGION_TABLE_1_OFFSET;
        ByteBuffer table = intact(file, offset);
        if (table == null) {
            offset = VhdxFormat.REGION_TABLE_2_OFFSET;
            table = intact(file, offset);
        }
        if (table == null) {
            throw new MalformedDiskException(
                    VhdxFormat.REGION_TABLE_1_OFFSET,
                    "vhdx: both region tables, at 0x%x and 0x%x, are damaged"
                            .formatted(VhdxFormat.REGION_TABLE_1_OFFSET, VhdxFormat.REGION_TABLE_2_OFFSET));
        }
        VhdxRegions regions = new VhdxRegions();
        regions.add(
                new Region("log", header.logOffset(), header.logLengthBytes()),
                header.offset() + VhdxFormat.HEADER_LOG_OFFSET_OFFSET);
        regions.parse(table, offset, file.lengthBytes());
        return regions;
    }

    Region bat() throws MalformedDiskException {
        return listed(bat, "BAT");
    }

    Region metadata() throws MalformedDiskException {
        return listed(metadata, "metadata region");
    }

    /** The region or the log that has bytes in common with the range, if one has; neither number is negative. */
    @Nullable
    Region overlapping(long offset, long lengthBytes) {
        Map.Entry<Long, Region> before = byOffset.floorEntry(offset);
        if (before != null && before.getValue().lengthBytes() > offset - before.getKey()) {
            return before.getValue();
        }
        Map.Entry<Long, Region> behind = byOffset.higherEntry(offset);
        return behind != null && lengthBytes > behind.getKey() - offset ? behind.getValue() : null;
    }

    private static @Nullable ByteBuffer intact(ByteSource file, int offset) throws IOException {
        ByteBuffer table = VhdxStructure.read(file, offset, VhdxFormat.REGION_TABLE_BYTES);
        return table.getInt(0) == VhdxFormat.REGION_TABLE_SIGNATURE && VhdxStructure.isIntact(table) ? table : null;
    }

    private static Region listed(@Nullable Region region, String name) throws MalformedDiskException {
        if (region == null) {
            throw new MalformedDiskException(
                    VhdxFormat.REGION_TABLE_1_OFFSET, "vhdx: the region table does not list the %s".formatted(name));
        }
        return region;
    }

    private void parse(ByteBuffer table, int tableOffset, long fileLengthBytes) throws DiskException {
        long count = Integer.toUnsignedLong(table.getInt(VhdxFormat.REGION_COUNT_OFFSET));
        if (count > VhdxFormat.MAX_REGIONS) {
            throw new MalformedDiskException(
                    tableOffset + VhdxFormat.REGION_COUNT_OFFSET,
                    "vhdx: %d regions are more than the %d that the table has room for"
                            .formatted(count, VhdxFormat.MAX_REGIONS));
        }
        for (int i = 0; i < count; i++) {
            int entry = VhdxFormat.REGION_TABLE_HEADER_BYTES + i * VhdxFormat.REGION_ENTRY_BYTES;
            parseEntry(
                    table.slice(entry, VhdxFormat.REGION_ENTRY_BYTES).order(table.order()),
                    tableOffset + entry,
                    fileLengthBytes);
        }
    }

    private void parseEntry(ByteBuffer entry, int position, long fileLengthBytes) throws DiskException {
        UUID guid = VhdxFormat.guidAt(entry, 0);
        boolean isBat = guid.equals(VhdxFormat.BAT_REGION);
        boolean isMetadata = guid.equals(VhdxFormat.METADATA_REGION);
        if (!isBat
                && !isMetadata
                && (entry.getInt(VhdxFormat.REGION_FLAGS_OFFSET) & VhdxFormat.REGION_REQUIRED_FLAG) != 0) {
            throw new UnsupportedDiskException(
                    position, "vhdx: the image needs the region %s, which is not supported".formatted(guid));
        }
        if ((isBat && bat != null) || (isMetadata && metadata != null)) {
            throw new MalformedDiskException(position, "vhdx: the region %s is listed twice".formatted(guid));
        }
        Region region = new Region(
                isBat ? "BAT" : isMetadata ? "metadata region" : "region " + guid,
                entry.getLong(VhdxFormat.REGION_OFFSET_OFFSET),
                Integer.toUnsignedLong(entry.getInt(VhdxFormat.REGION_LENGTH_OFFSET)));
        if (region.offset < VhdxFormat.HEADER_SECTION_BYTES
                || region.offset % VhdxFormat.ALIGNMENT_BYTES != 0
                || region.lengthBytes % VhdxFormat.ALIGNMENT_BYTES != 0) {
            throw new MalformedDiskException(
                    position,
                    "vhdx: the %s of %d bytes at 0x%x is not whole units of 1 MiB behind the header section"
                            .formatted(region.name, region.lengthBytes, region.offset));
        }
        if (region.lengthBytes > fileLengthBytes - region.offset) {
            throw new MalformedDiskException(
                    position,
                    "vhdx: the %s of %d bytes at 0x%x does not lie inside the file of %d bytes; is the file cut short?"
                            .formatted(region.name, region.lengthBytes, region.offset, fileLengthBytes));
        }
        add(region, position);
        if (isBat) {
            bat = region;
        } else if (isMetadata) {
            metadata = region;
        }
    }

    private void add(Region region, int position) throws MalformedDiskException {
        if (region.lengthBytes == 0) {
            return;
        }
        Region other = overlapping(region.offset, region.lengthBytes);
        if (other != null) {
            throw new MalformedDiskException(
                    position,
                    "vhdx: the %s at 0x%x overlaps the %s at 0x%x"
                            .formatted(region.name, region.offset, other.name, other.offset));
        }
        byOffset.put(region.offset, region);
    }
}
