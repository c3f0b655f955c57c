package io.virtualimage.disk.convert;

import io.virtualimage.disk.Extent;
import java.util.List;

/**
 * Neighbouring extents of a disk, none of which is known to be zeros; a few mebibytes together at most.
 *
 * @param extents at least one, each beginning where the one before ends
 */
record Piece(List<Extent> extents) {
    long offset() {
        return extents.getFirst().offset();
    }

    int lengthBytes() {
        return (int) (extents.getLast().end() - offset());
    }
}
