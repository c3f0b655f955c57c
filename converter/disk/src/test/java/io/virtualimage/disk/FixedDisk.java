package io.virtualimage.disk;

import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** A disk of the extents that a test gives; what they leave out reads as zeros. */
public class FixedDisk implements VirtualDisk {
    private final NavigableMap<Long, Extent> extents = new TreeMap<>();
    private final long virtualSizeBytes;
    private final ByteSource source;

    public FixedDisk(long virtualSizeBytes, ByteSource source, Extent... extents) {
        this.virtualSizeBytes = virtualSizeBytes;
        this.source = source;
        for (Extent extent : extents) {
            this.extents.put(extent.offset(), extent);
        }
    }

    @Override
    public DiskInfo info() {
        return new DiskInfo(DiskFormat.RAW, virtualSizeBytes, false);
    }

    @Override
    public ByteSource source() {
        return source;
    }

    @Override
    public Extent extentAt(long offset) {
        Map.Entry<Long, Extent> before = extents.floorEntry(offset);
        if (before != null && before.getValue().end() > offset) {
            Extent extent = before.getValue();
            return offset == extent.offset() ? extent : extent.from(offset);
        }
        Long next = extents.higherKey(offset);
        return new Extent.Zero(offset, (next == null ? virtualSizeBytes : next) - offset, false);
    }
}
