package io.virtualimage.disk.vhdx;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskLimitException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The file with what its log would write to it, which is kept in memory. Where the log makes it longer, it is zero. */
final class VhdxOverlay implements ByteSource {
    static final int MAX_UPDATE_BYTES = 16 << 20;
    /** Updates of 4 KiB, and runs of zeros of whatever length. */
    static final int MAX_RUNS = 1 << 16;

    private final ByteSource file;
    private final NavigableMap<Long, Run> runs = new TreeMap<>();
    private long updateBytes;
    private long lengthBytes;

    /** What stands from one offset to another. */
    enum Kind {
        /** The bytes of the file itself. */
        FILE,
        ZERO,
        /** Bytes of the log. */
        UPDATE
    }

    /** @param kind of the bytes up to {@code end} */
    record Piece(Kind kind, long end) {}

    /** @param update what to read, as many bytes as the run has; null for zeros */
    private record Run(long end, @Nullable ByteBuffer update) {}

    VhdxOverlay(ByteSource file) {
        this.file = file;
        this.lengthBytes = file.lengthBytes();
    }

    @Override
    public long lengthBytes() {
        return lengthBytes;
    }

    void extend(long atLeastBytes) {
        lengthBytes = Math.max(lengthBytes, atLeastBytes);
    }

    /**
     * Writes to the file, in memory.
     *
     * @param offset a multiple of 4 KiB, not negative; so far as to {@code offset + lengthBytes} a file can reach
     * @param lengthBytes above 0, a multiple of 4 KiB
     * @param update the bytes, 4 KiB of them; null for zeros
     * @param position of what asks for it, for messages
     */
    void write(long offset, long lengthBytes, @Nullable ByteBuffer update, long position) throws DiskLimitException {
        long end = offset + lengthBytes;
        cut(offset, end);
        runs.put(offset, new Run(end, update));
        updateBytes += update == null ? 0 : update.limit();
        if (updateBytes > MAX_UPDATE_BYTES || runs.size() > MAX_RUNS) {
            throw new DiskLimitException(
                    position,
                    "vhdx: the log writes more than 16 MiB, or to more than %d places, which is over the limit"
                            .formatted(MAX_RUNS));
        }
        extend(end);
    }

    /** Takes away what was written between the two. Updates are never cut in two: they are as small as writes can be. */
    private void cut(long start, long end) {
        Map.Entry<Long, Run> before = runs.lowerEntry(start);
        if (before != null && before.getValue().end > start) {
            runs.put(before.getKey(), new Run(start, null));
            if (before.getValue().end > end) {
                runs.put(end, new Run(before.getValue().end, null));
            }
        }
        Map.Entry<Long, Run> next = runs.ceilingEntry(start);
        while (next != null && next.getKey() < end) {
            runs.remove(next.getKey());
            ByteBuffer update = next.getValue().update;
            updateBytes -= update == null ? 0 : update.limit();
            if (next.getValue().end > end) {
                runs.put(end, new Run(next.getValue().end, null));
            }
            next = runs.ceilingEntry(start);
        }
    }

    /**
     * What stands at {@code offset}, and how far that goes.
     *
     * @param offset from 0 to below {@link #lengthBytes}
     */
    Piece pieceAt(long offset) {
        Map.Entry<Long, Run> run = runs.floorEntry(offset);
        if (run != null && run.getValue().end > offset) {
            return new Piece(run.getValue().update == null ? Kind.ZERO : Kind.UPDATE, run.getValue().end);
        }
        Long next = runs.higherKey(offset);
        long end = next == null ? lengthBytes : next;
        long fileLength = file.lengthBytes();
        return offset < fileLength ? new Piece(Kind.FILE, Math.min(end, fileLength)) : new Piece(Kind.ZERO, end);
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        checkRange(offset, target.remaining());
        int limit = target.limit();
        long position = offset;
        while (target.position() < limit) {
            Piece piece = pieceAt(position);
            int count = (int) Math.min(piece.end - position, limit - target.position());
            switch (piece.kind) {
                case FILE -> {
                    target.limit(target.position() + count);
                    file.read(position, target);
                    target.limit(limit);
                }
                case ZERO -> target.put(new byte[count]);
                case UPDATE -> {
                    Map.Entry<Long, Run> run = runs.floorEntry(position);
                    ByteBuffer update = Objects.requireNonNull(run.getValue().update);
                    target.put(update.slice((int) (position - run.getKey()), count));
                }
            }
            position += count;
        }
    }
}
