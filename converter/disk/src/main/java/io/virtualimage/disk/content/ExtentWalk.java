package io.virtualimage.disk.content;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * All extents of a disk in order, from its first byte to its last; neighbours that are one run are told as one. Ends with
 * a {@link io.virtualimage.disk.DiskLimitException} where there are more of them than an {@link ExtentBudget} allows.
 */
public final class ExtentWalk {
    private final VirtualDisk disk;
    private final long size;
    private final ExtentBudget budget;
    private long position;
    private @Nullable Extent ahead;

    public ExtentWalk(VirtualDisk disk) {
        this.disk = disk;
        this.size = disk.info().virtualSizeBytes();
        this.budget = new ExtentBudget(disk);
    }

    /** The next extent; null at the end of the disk. */
    public @Nullable Extent next() throws IOException, DiskException {
        Extent run = take();
        if (run == null) {
            return null;
        }
        Extent next = take();
        while (next != null) {
            Extent joined = join(run, next);
            if (joined == null) {
                ahead = next;
                return run;
            }
            run = joined;
            next = take();
        }
        return run;
    }

    private @Nullable Extent take() throws IOException, DiskException {
        if (ahead != null) {
            Extent taken = ahead;
            ahead = null;
            return taken;
        }
        if (position == size) {
            return null;
        }
        budget.take();
        Extent extent = disk.extentAt(position);
        if (extent.offset() != position || extent.end() > size) {
            throw new IllegalStateException("asked for what is at %d of %d, got %s".formatted(position, size, extent));
        }
        position = extent.end();
        return extent;
    }

    private static @Nullable Extent join(Extent one, Extent next) {
        return switch (one) {
            case Extent.Zero zero ->
                next instanceof Extent.Zero more && more.allocated() == zero.allocated()
                        ? new Extent.Zero(zero.offset(), zero.lengthBytes() + more.lengthBytes(), zero.allocated())
                        : null;
            case Extent.Data data ->
                next instanceof Extent.Data more && more.sourceOffset() == data.sourceOffset() + data.lengthBytes()
                        ? new Extent.Data(data.offset(), data.lengthBytes() + more.lengthBytes(), data.sourceOffset())
                        : null;
            case Extent.Packed packed ->
                next instanceof Extent.Packed more
                                && more.unit().equals(packed.unit())
                                && more.unitOffset() == packed.unitOffset() + packed.lengthBytes()
                        ? new Extent.Packed(
                                packed.offset(),
                                packed.lengthBytes() + more.lengthBytes(),
                                packed.unit(),
                                packed.unitOffset())
                        : null;
        };
    }
}
