package io.virtualimage.disk.cli;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.ExtentWalk;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The map of a disk, entry by entry; neighbours differ. */
final class MapWalk {
    private final VirtualDisk disk;
    private final boolean tellsHoles;
    private final ExtentWalk extents;
    private @Nullable MapEntry ahead;
    private @Nullable Extent rest;

    /** @param tellsHoles whether stored bytes are told apart of which the image file has a hole */
    MapWalk(VirtualDisk disk, boolean tellsHoles) {
        this.disk = disk;
        this.tellsHoles = tellsHoles;
        this.extents = new ExtentWalk(disk);
    }

    /** The next entry; null at the end of the disk. */
    @Nullable
    MapEntry next() throws IOException, DiskException {
        MapEntry entry = ahead == null ? take() : ahead;
        ahead = null;
        while (entry != null) {
            MapEntry next = take();
            MapEntry joined = next == null ? null : entry.join(next);
            if (joined == null) {
                ahead = next;
                return entry;
            }
            entry = joined;
        }
        return null;
    }

    private @Nullable MapEntry take() throws IOException, DiskException {
        Extent extent = rest == null ? extents.next() : rest;
        rest = null;
        if (extent == null) {
            return null;
        }
        if (!tellsHoles || !(extent instanceof Extent.Data data)) {
            return MapEntry.of(extent, disk.info());
        }
        ByteSource source = disk.source();
        long zeros = source.knownZeroBytes(data.sourceOffset(), data.lengthBytes());
        long length = zeros > 0 ? zeros : source.bytesBeforeKnownZeros(data.sourceOffset(), data.lengthBytes());
        if (length > 0 && length < data.lengthBytes()) {
            rest = data.from(data.offset() + length);
            data = data.until(rest.offset());
        }
        MapEntry entry = MapEntry.of(data, disk.info());
        return zeros > 0 ? entry.withZeros() : entry;
    }
}
