package io.virtualimage.disk.cli;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.content.DiskContent;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code vdisk compare}: whether a guest sees the same, in the words and with the codes of {@code qemu-img compare}. */
final class CompareCommand {
    private static final int IDENTICAL = 0;
    private static final int DIFFERENT = 1;
    private static final int NOT_OPENED = 2;
    private static final int NO_MAP = 3;
    /** Also for all that is not foreseen. */
    static final int NOT_READ = 4;

    private static final int WINDOW_BYTES = 1 << 20;

    private final ImageFile one;
    private final ImageFile other;
    private final PrintStream out;

    private CompareCommand(ImageFile one, ImageFile other, PrintStream out) {
        this.one = one;
        this.other = other;
        this.out = out;
    }

    static int run(List<String> given, PrintStream out) throws UsageException, FailureException {
        Arguments arguments = Arguments.parse(given, Set.of("-f", "-F"), Set.of("-s"));
        List<String> files = arguments.files(2, "two images");
        try (ImageFile one = ImageFile.open(files.getFirst(), arguments.value("-f"), NOT_OPENED);
                ImageFile other = ImageFile.open(files.getLast(), arguments.value("-F"), NOT_OPENED)) {
            return new CompareCommand(one, other, out).compare(arguments.has("-s"));
        }
    }

    private int compare(boolean strictly) throws FailureException {
        long size = one.info().virtualSizeBytes();
        long otherSize = other.info().virtualSizeBytes();
        if (strictly && size != otherSize) {
            out.println("Strict mode: Image size mismatch!");
            return DIFFERENT;
        }
        long allocation = strictly ? allocationMismatch() : -1;
        long common = allocation < 0 ? Math.min(size, otherSize) : allocation;
        long content = contentMismatch(0, common);
        if (content < 0 && size != otherSize) {
            out.println("Warning: Image size mismatch!");
            content = contentMismatch(common, Math.max(size, otherSize));
        }
        if (content >= 0) {
            out.println("Content mismatch at offset " + content + "!");
            return DIFFERENT;
        }
        if (allocation >= 0) {
            out.println("Strict mode: Offset " + allocation + " block status mismatch!");
            return DIFFERENT;
        }
        out.println("Images are identical.");
        return IDENTICAL;
    }

    /** Where the two of equal size are not allocated in the same way; -1 if nowhere. */
    private long allocationMismatch() throws FailureException {
        MapWalk walk = new MapWalk(one.disk(), false);
        MapWalk otherWalk = new MapWalk(other.disk(), false);
        MapEntry entry = next(one, walk);
        MapEntry otherEntry = next(other, otherWalk);
        while (entry != null && otherEntry != null) {
            if (!entry.isLike(otherEntry)) {
                return Math.max(entry.start(), otherEntry.start());
            }
            long end = Math.min(entry.end(), otherEntry.end());
            entry = entry.end() == end ? next(one, walk) : entry;
            otherEntry = otherEntry.end() == end ? next(other, otherWalk) : otherEntry;
        }
        return -1;
    }

    private static @Nullable MapEntry next(ImageFile image, MapWalk walk) throws FailureException {
        try {
            return walk.next();
        } catch (IOException e) {
            throw FailureException.of(NO_MAP, image.name(), e);
        } catch (DiskException e) {
            throw FailureException.of(NO_MAP, image.name(), e);
        }
    }

    /**
     * The first sector that differs, as its offset in bytes; -1 if there is none. A disk that is over reads as zeros.
     *
     * @param from where to begin
     * @param end where to end
     */
    private long contentMismatch(long from, long end) throws FailureException {
        try (DiskContent content = new DiskContent(one.disk());
                DiskContent otherContent = new DiskContent(other.disk())) {
            ByteBuffer bytes = ByteBuffer.allocateDirect(WINDOW_BYTES);
            ByteBuffer otherBytes = ByteBuffer.allocateDirect(WINDOW_BYTES);
            long position = from;
            while (position < end) {
                long zeros = Math.min(
                        knownZeros(one, content, position, end), knownZeros(other, otherContent, position, end));
                if (zeros > 0) {
                    position += zeros;
                    continue;
                }
                int count = (int) Math.min(WINDOW_BYTES, end - position);
                read(one, content, position, bytes.clear().limit(count));
                read(other, otherContent, position, otherBytes.clear().limit(count));
                int mismatch = bytes.flip().mismatch(otherBytes.flip());
                if (mismatch >= 0) {
                    long offset = position + mismatch;
                    return offset - offset % DiskInfo.SECTOR_BYTES;
                }
                position += count;
            }
            return -1;
        }
    }

    private static long knownZeros(ImageFile image, ByteSource content, long offset, long end) throws FailureException {
        if (offset >= content.lengthBytes()) {
            return end - offset;
        }
        try {
            return content.knownZeroBytes(offset, end - offset);
        } catch (IOException e) {
            throw FailureException.of(NO_MAP, image.name(), e);
        }
    }

    private static void read(ImageFile image, ByteSource content, long offset, ByteBuffer target)
            throws FailureException {
        long left = content.lengthBytes() - offset;
        int limit = target.limit();
        try {
            if (left > 0) {
                content.read(offset, target.limit((int) Math.min(limit, left)));
                target.limit(limit);
            }
        } catch (IOException e) {
            throw FailureException.of(NOT_READ, image.name(), e);
        }
        while (target.hasRemaining()) {
            target.put((byte) 0);
        }
    }
}
