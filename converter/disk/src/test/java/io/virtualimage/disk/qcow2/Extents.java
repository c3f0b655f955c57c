package io.virtualimage.disk.qcow2;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.ExtentWalk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Short names for extents, and all of a disk's. */
final class Extents {
    private Extents() {}

    static Extent data(long offset, long lengthBytes, long sourceOffset) {
        return new Extent.Data(offset, lengthBytes, sourceOffset);
    }

    static Extent zero(long offset, long lengthBytes) {
        return new Extent.Zero(offset, lengthBytes, true);
    }

    static Extent unallocated(long offset, long lengthBytes) {
        return new Extent.Zero(offset, lengthBytes, false);
    }

    static List<Extent> walk(VirtualDisk disk) throws IOException, DiskException {
        List<Extent> extents = new ArrayList<>();
        ExtentWalk walk = new ExtentWalk(disk);
        for (Extent extent = walk.next(); extent != null; extent = walk.next()) {
            extents.add(extent);
        }
        return extents;
    }
}
