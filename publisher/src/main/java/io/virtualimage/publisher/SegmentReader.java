package io.virtualimage.publisher;

import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.Task;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;

/**
 * Reads the segments of one source, verified. It can be told which one is next, and reads that one meanwhile: two
 * segments are in memory at most. For one thread.
 */
final class SegmentReader implements AutoCloseable {
    private final StagingStore staging;
    private final Task.PushLayer task;
    private final @Nullable Executor readAhead;
    private @Nullable Ahead ahead;

    /** @param readAhead where to read what is needed next; null: nothing is read before it is needed */
    SegmentReader(StagingStore staging, Task.PushLayer task, @Nullable Executor readAhead) {
        this.staging = staging;
        this.task = task;
        this.readAhead = readAhead;
    }

    private record Ahead(int index, FutureTask<byte[]> bytes) {}

    byte[] read(int index) throws SegmentLostException, StagingUnavailableException, InterruptedException {
        Ahead known = ahead;
        ahead = null;
        if (known != null && known.index() == index) {
            return await(known.bytes());
        }
        if (known != null) {
            known.bytes().cancel(true);
        }
        return fetch(index);
    }

    /** Says that this segment, which is staged, will be asked for next. */
    void expect(int index) {
        if (readAhead != null && ahead == null) {
            FutureTask<byte[]> bytes = new FutureTask<>(() -> fetch(index));
            ahead = new Ahead(index, bytes);
            readAhead.execute(bytes);
        }
    }

    private byte[] fetch(int index) throws SegmentLostException, StagingUnavailableException, InterruptedException {
        SegmentKey key = SegmentKey.source(task.image(), task.epoch(), index);
        byte[] bytes = staging.read(key, task.staged().session());
        int length = task.staged().layout().lengthOf(index);
        if (bytes.length != length) {
            throw new SegmentLostException(
                    key, "segment %d has %d bytes, and should have %d".formatted(index, bytes.length, length));
        }
        return bytes;
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
