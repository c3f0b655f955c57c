package io.virtualimage.disk.cli;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.ExtentWalk;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** The map of a disk, entry by entry; neighbours differ. */
final class MapWalk {
    private final VirtualDisk disk;
    private final ExtentWalk extents;
    private @Nullable MapEntry ahead;

    MapWalk(VirtualDisk disk) {
        this.disk = disk;
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
        Extent extent = extents.next();
        return extent == null ? null : MapEntry.of(extent, disk.info());
    }
}
