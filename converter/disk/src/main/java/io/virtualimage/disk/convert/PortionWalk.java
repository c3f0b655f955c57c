package io.virtualimage.disk.convert;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.ExtentBudget;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The portions of a disk in order, where the new file is the disk itself. So a disk's map is read by one thread at a time,
 * and not much earlier than it is needed.
 */
final class PortionWalk implements Portions {
    private final VirtualDisk disk;
    private final long size;
    private final ExtentBudget budget;
    private final PortionBuilder builder = new PortionBuilder();
    private long position;

    PortionWalk(VirtualDisk disk) {
        this.disk = disk;
        this.size = disk.info().virtualSizeBytes();
        this.budget = new ExtentBudget(disk);
    }

    @Override
    public synchronized @Nullable Portion next() throws IOException, DiskException {
        while (position < size) {
            budget.take();
            Extent extent = withoutKnownZeros(disk.extentAt(position));
            boolean full;
            if (extent instanceof Extent.Zero) {
                position = extent.end();
                full = !builder.isEmpty();
            } else {
                position = builder.add(extent);
                full = position < extent.end();
            }
            if (full) {
                return builder.take();
            }
        }
        return builder.isEmpty() ? null : builder.take();
    }

    private Extent withoutKnownZeros(Extent extent) throws IOException {
        if (!(extent instanceof Extent.Data data)) {
            return extent;
        }
        long zeros = disk.source().knownZeroBytes(data.sourceOffset(), data.lengthBytes());
        return zeros > 0 ? new Extent.Zero(data.offset(), zeros, true) : extent;
    }

    @Override
    public synchronized void stop() {
        position = size;
    }
}
