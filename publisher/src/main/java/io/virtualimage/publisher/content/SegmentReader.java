package io.virtualimage.publisher.content;

import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Reads segments, verified, and keeps those that were used last. It can be told which one is next, and reads that one
 * meanwhile: that is one more in memory. For one thread.
 */
public final class SegmentReader implements AutoCloseable {
    private final StagingStore staging;
    private final int kept;
    private final @Nullable Executor readAhead;
    private final Map<SegmentKey, byte[]> known = new LinkedHashMap<>(8, 0.75f, true);
    private @Nullable Ahead ahead;

    /**
     * A reader.
     *
     * @param kept how many segments are kept, at least 1
     * @param readAhead where to read what is needed next; null: nothing is read before it is needed
     */
    public SegmentReader(StagingStore staging, int kept, @Nullable Executor readAhead) {
        this.staging = staging;
        this.kept = kept;
        this.readAhead = readAhead;
    }

    /**
     * A segment as it should be.
     *
     * @param session the stream that must have written it; null if none did
     */
    record Segment(SegmentKey key, @Nullable String session, int lengthBytes) {}

    private record Ahead(SegmentKey key, FutureTask<byte[]> bytes) {}

    byte[] read(Segment segment) throws SegmentLostException, StagingUnavailableException, InterruptedException {
        byte[] found = known.get(segment.key());
        if (found != null) {
            return found;
        }
        while (known.size() >= kept) {
            known.remove(known.keySet().iterator().next()); // before the next one is in memory
        }
        byte[] bytes = take(segment);
        known.put(segment.key(), bytes);
        return bytes;
    }

    private byte[] take(Segment segment)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        Ahead coming = ahead;
        ahead = null;
        if (coming != null && coming.key().equals(segment.key())) {
            return await(coming.bytes());
        }
        if (coming != null) {
            coming.bytes().cancel(true);
        }
        return fetch(segment);
    }

    /** Says that this segment, which is staged, will be asked for next. */
    void expect(Segment segment) {
        if (readAhead != null && ahead == null && !known.containsKey(segment.key())) {
            FutureTask<byte[]> bytes = new FutureTask<>(() -> fetch(segment));
            ahead = new Ahead(segment.key(), bytes);
            readAhead.execute(bytes);
        }
    }

    private byte[] fetch(Segment segment)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        return staging.read(segment.key(), segment.session(), segment.lengthBytes());
    }

    private static byte[] await(FutureTask<byte[]> bytes)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        try {
            return bytes.get();
        } catch (ExecutionException e) {
            switch (e.getCause()) {
                case SegmentLostException lost -> throw lost;
                case StagingUnavailableException unavailable -> throw unavailable;
                case InterruptedException interrupt -> throw interrupt;
                case Error error -> throw error;
                case null, default -> throw new IllegalStateException("a segment could not be read ahead", e);
            }
        }
    }

    @Override
    public void close() {
        if (ahead != null) {
            ahead.bytes().cancel(true);
        }
    }
}
