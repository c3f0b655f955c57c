package io.virtualimage.disk.convert;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives out the pieces of a disk in order, to any thread that asks; what is known to be zeros is left out. So a disk's
 * map is read by one thread at a time, and not much earlier than it is needed.
 */
final class PieceWalk {
    private final VirtualDisk disk;
    private final long size;
    private final int pieceBytes;
    private long position;

    /** @param pieceBytes pieces are not longer, but for a single compressed unit */
    PieceWalk(VirtualDisk disk, int pieceBytes) {
        this.disk = disk;
        this.size = disk.info().virtualSizeBytes();
        this.pieceBytes = pieceBytes;
    }

    /** The next piece; null at the end of the disk, or when no more are wanted. */
    synchronized @Nullable Piece next() throws IOException, DiskException {
        List<Extent> extents = new ArrayList<>();
        int room = pieceBytes;
        while (position < size && room > 0) {
            Extent extent = withoutKnownZeros(disk.extentAt(position));
            if (extent instanceof Extent.Zero) {
                position = extent.end();
                if (extents.isEmpty()) {
                    continue;
                }
                break;
            }
            if (extent.lengthBytes() > room) {
                if (extent instanceof Extent.Packed && !extents.isEmpty()) {
                    break; // to be unpacked once
                }
                if (extent instanceof Extent.Data) {
                    extent = extent.until(position + room);
                }
            }
            append(extents, extent);
            position = extent.end();
            room -= (int) extent.lengthBytes();
        }
        return extents.isEmpty() ? null : new Piece(extents);
    }

    private Extent withoutKnownZeros(Extent extent) throws IOException {
        if (!(extent instanceof Extent.Data data)) {
            return extent;
        }
        long zeros = disk.source().knownZeroBytes(data.sourceOffset(), data.lengthBytes());
        return zeros > 0 ? new Extent.Zero(data.offset(), zeros, true) : extent;
    }

    /** Clusters that stand one after the other in the image are read at once. */
    private static void append(List<Extent> extents, Extent extent) {
        if (extent instanceof Extent.Data data
                && !extents.isEmpty()
                && extents.getLast() instanceof Extent.Data last
                && data.sourceOffset() == last.sourceOffset() + last.lengthBytes()) {
            extents.set(
                    extents.size() - 1,
                    new Extent.Data(last.offset(), last.lengthBytes() + data.lengthBytes(), last.sourceOffset()));
        } else {
            extents.add(extent);
        }
    }

    /** No more pieces are wanted. */
    synchronized void stop() {
        position = size;
    }
}
