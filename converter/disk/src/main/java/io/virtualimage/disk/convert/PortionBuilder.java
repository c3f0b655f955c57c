package io.virtualimage.disk.convert;

import io.virtualimage.disk.Extent;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Collects runs until they are a portion. For one thread. */
final class PortionBuilder {
    private List<Extent> extents = new ArrayList<>();
    private long lengthBytes;

    /**
     * Takes as much of the run as there is room for; compressed units are not split, so that each is unpacked once.
     *
     * @param extent begins where the one before ended, or there is none yet
     * @return where the part that was taken ends
     */
    long add(Extent extent) {
        long room = Portion.MAX_BYTES - lengthBytes;
        Extent taken = extent;
        if (extent.lengthBytes() > room) {
            if (room == 0 || (extent instanceof Extent.Packed && lengthBytes > 0)) {
                return extent.offset();
            }
            if (extent instanceof Extent.Data) {
                taken = extent.until(extent.offset() + room);
            }
        }
        Extent joined = extents.isEmpty() ? null : join(extents.getLast(), taken);
        if (joined == null) {
            extents.add(taken);
        } else {
            extents.set(extents.size() - 1, joined);
        }
        lengthBytes += taken.lengthBytes();
        return taken.end();
    }

    /** Clusters that stand one after the other in the image are read at once. */
    private static @Nullable Extent join(Extent one, Extent next) {
        return one instanceof Extent.Data data
                        && next instanceof Extent.Data more
                        && more.sourceOffset() == data.sourceOffset() + data.lengthBytes()
                ? new Extent.Data(data.offset(), data.lengthBytes() + more.lengthBytes(), data.sourceOffset())
                : null;
    }

    boolean isEmpty() {
        return extents.isEmpty();
    }

    /** What was collected; the next portion begins. */
    Portion take() {
        Portion portion = new Portion(extents);
        extents = new ArrayList<>();
        lengthBytes = 0;
        return portion;
    }
}
