package io.virtualimage.disk.fuzz;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.UntrustedText;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.DiskContent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/**
 * Uses an opened disk as its readers do, and holds it to the contracts of {@link VirtualDisk} and {@link Extent}. Gets
 * the disk twice, opened anew, so that nothing that one has cached helps the other.
 */
final class DiskExercise {
    private static final int MAX_EXTENTS = 4_096;
    /** Of so many extents the content is read, and the map is asked again. */
    private static final int LOOKED_AT = 24;

    private static final int WINDOW_BYTES = 200;

    private final VirtualDisk disk;
    private final VirtualDisk again;
    private final long size;

    DiskExercise(VirtualDisk disk, VirtualDisk again) {
        this.disk = disk;
        this.again = again;
        this.size = disk.info().virtualSizeBytes();
    }

    /** @throws AssertionError if a contract is broken */
    void run() throws IOException, DiskException {
        check(disk.info().equals(again.info()), () -> "opened twice: %s and %s".formatted(disk.info(), again.info()));
        List<Extent> some = new ArrayList<>();
        DiskException bad = null;
        try {
            walk(some);
        } catch (DiskException e) {
            bad = e;
        }
        // What comes before the bad part of a map is still read.
        try (DiskContent one = new DiskContent(disk);
                DiskContent other = new DiskContent(again)) {
            for (Extent extent : some) {
                compare(extent.offset() - WINDOW_BYTES / 2, one, other);
                compare(extent.offset() + extent.lengthBytes() / 2, one, other);
            }
            compare(size - WINDOW_BYTES, one, other);
            compare(size / 2, one, other);
        }
        if (bad != null) {
            throw bad;
        }
    }

    private void walk(List<Extent> some) throws IOException, DiskException {
        long position = 0;
        for (int i = 0; i < MAX_EXTENTS && position < size; i++) {
            long start = position;
            Extent extent = disk.extentAt(start);
            check(extent.offset() == start, () -> "asked for what is at %d, got %s".formatted(start, extent));
            check(extent.end() <= size, () -> "%s reaches over the end of a disk of %d bytes".formatted(extent, size));
            checkInside(extent, disk.source());
            if (i < LOOKED_AT) {
                some.add(extent);
                askAgain(extent);
            }
            position = extent.end();
        }
    }

    private static void checkInside(Extent extent, ByteSource source) {
        long length = source.lengthBytes();
        switch (extent) {
            case Extent.Zero ignored -> {}
            case Extent.Data data ->
                check(
                        data.lengthBytes() <= length && data.sourceOffset() <= length - data.lengthBytes(),
                        () -> "%s lies outside the image of %d bytes".formatted(data, length));
            case Extent.Packed packed ->
                check(
                        packed.unit().sourceOffset() <= length - packed.unit().packedBytes(),
                        () -> "%s lies outside the image of %d bytes".formatted(packed, length));
        }
    }

    /** The same question has the same answer, and the middle of a run is told as the run is. */
    private void askAgain(Extent extent) throws IOException, DiskException {
        Extent same = again.extentAt(extent.offset());
        check(same.equals(extent), () -> "asked twice: %s and %s".formatted(extent, same));
        long middle = extent.offset() + extent.lengthBytes() / 2;
        Extent rest = again.extentAt(middle);
        check(rest.end() <= size, () -> "%s reaches over the end of a disk of %d bytes".formatted(rest, size));
        check(rest.offset() == middle, () -> "asked for what is at %d, got %s".formatted(middle, rest));
        if (extent instanceof Extent.Data data
                && disk.source().knownZeroBytes(data.from(middle).sourceOffset(), 1) > 0) {
            // A hole of the file, which a reader may tell as such, or not.
            return;
        }
        long end = Math.min(rest.end(), extent.end());
        Extent expected = extent.from(middle).until(end);
        Extent found = rest.until(end);
        check(found.equals(expected), () -> "from the middle of %s on there is %s".formatted(extent, rest));
    }

    private void compare(long offset, DiskContent one, DiskContent other) throws IOException {
        long start = Math.clamp(offset, 0, size - 1);
        int count = (int) Math.min(WINDOW_BYTES, size - start);
        Result first = read(one, start, count);
        Result second = read(other, start, count);
        check(first.equals(second), () -> "read twice at %d: %s and %s".formatted(start, first, second));
    }

    /** Either the bytes, or why there are none. */
    private record Result(ByteBuffer bytes, String refusal) {}

    private static Result read(DiskContent content, long offset, int lengthBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(lengthBytes);
        try {
            content.read(offset, bytes);
        } catch (BadContentException e) {
            checkMessage(e.reason());
            return new Result(ByteBuffer.allocate(0), e.reason().getMessage());
        }
        check(!bytes.hasRemaining(), () -> "%d bytes at %d were not read".formatted(bytes.remaining(), offset));
        return new Result(bytes.flip(), "");
    }

    /** Holds a refusal to the contract of {@link DiskException}. */
    static void checkMessage(DiskException refusal) {
        String message = refusal.getMessage();
        check(
                message.codePoints().allMatch(UntrustedText::isPrintable),
                () -> "the message has characters that are not printable: %s"
                        .formatted(Arrays.toString(message.toCharArray())));
        check(refusal.offset() >= 0, () -> "negative offset %d of: %s".formatted(refusal.offset(), message));
    }

    private static void check(boolean holds, Supplier<String> broken) {
        if (!holds) {
            throw new AssertionError(broken.get());
        }
    }
}
