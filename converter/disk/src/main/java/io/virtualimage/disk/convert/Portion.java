package io.virtualimage.disk.convert;

import io.virtualimage.disk.Extent;
import java.util.List;

/**
 * What is copied at once: neighbouring runs of the new file, none of which is known to be zeros.
 *
 * @param extents at least one, each beginning where the one before ends; their offsets are in the new file
 */
record Portion(List<Extent> extents) {
    /** Portions are not longer, but for a single compressed unit: small enough to be written out of a core's cache. */
    static final int MAX_BYTES = 1 << 20;

    long offset() {
        return extents.getFirst().offset();
    }

    int lengthBytes() {
        return (int) (extents.getLast().end() - offset());
    }
}
