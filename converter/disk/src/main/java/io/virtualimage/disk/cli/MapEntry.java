package io.virtualimage.disk.cli;

import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A run of a disk in the words of {@code qemu-img map}. Offsets and lengths are in bytes.
 *
 * @param present whether the image says what is there
 * @param zero whether it is known to read as zeros
 * @param data whether bytes are stored for it
 * @param fileOffset where in the file it stands as it is; empty if it doesn't
 */
record MapEntry(
        long start,
        long lengthBytes,
        boolean present,
        boolean zero,
        boolean data,
        boolean compressed,
        OptionalLong fileOffset) {

    static MapEntry of(Extent extent, DiskInfo info) {
        long start = extent.offset();
        long length = extent.lengthBytes();
        boolean isRaw = info.format() == DiskFormat.RAW || info.format() == DiskFormat.ISO;
        return switch (extent) {
            // A raw image has a place for every byte, if only in a hole.
            case Extent.Zero ignored
            when isRaw -> new MapEntry(start, length, true, true, false, false, OptionalLong.of(start));
            case Extent.Zero zero ->
                new MapEntry(start, length, zero.allocated(), true, false, false, OptionalLong.empty());
            case Extent.Data data ->
                new MapEntry(start, length, true, false, true, false, OptionalLong.of(data.sourceOffset()));
            case Extent.Packed ignored -> new MapEntry(start, length, true, false, true, true, OptionalLong.empty());
        };
    }

    /** Both as one, if {@code next} goes on where this ends, and in the same way; otherwise null. */
    @Nullable
    MapEntry join(MapEntry next) {
        boolean isSame = isLike(next)
                && compressed == next.compressed
                && fileOffset.isPresent() == next.fileOffset.isPresent()
                && (fileOffset.isEmpty() || fileOffset.getAsLong() + lengthBytes == next.fileOffset.getAsLong());
        return isSame
                ? new MapEntry(start, lengthBytes + next.lengthBytes, present, zero, data, compressed, fileOffset)
                : null;
    }

    /** Whether the two are allocated in the same way. */
    boolean isLike(MapEntry other) {
        return present == other.present && zero == other.zero && data == other.data;
    }

    long end() {
        return start + lengthBytes;
    }
}
