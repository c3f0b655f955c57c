package io.virtualimage.fetcher.work;

import io.virtualimage.fetcher.source.ResolvedSource;
import io.virtualimage.fetcher.source.SourceException;
import io.virtualimage.fetcher.source.SourceStream;
import io.virtualimage.stage.staging.SegmentFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.Task;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One pass over a source: segment after segment is staged and announced. */
final class StreamTransfer {
    private final Task.FetchStream task;
    private final TaskContext context;
    private final StagingStore staging;
    private final ResolvedSource resolved;
    private final String session;
    private final TaskBody body;
    private final @Nullable Long promisedBytes;
    private boolean begun;

    /** @param session that no other pass has */
    StreamTransfer(
            Task.FetchStream task,
            TaskContext context,
            StagingStore staging,
            ResolvedSource resolved,
            String session,
            SourceStream stream) {
        this.task = task;
        this.context = context;
        this.staging = staging;
        this.resolved = resolved;
        this.session = session;
        this.body = new TaskBody(stream.body(), context);
        this.promisedBytes = stream.lengthBytes() != null ? stream.lengthBytes() : task.lengthBytes();
    }

    /** Whether anything was staged. */
    boolean begun() {
        return begun;
    }

    /** Reads to the end; returns whether that was reached, false if another pass was here before. */
    boolean run()
            throws SourceException, ImageFailedException, TaskAbandonedException, StagingUnavailableException,
                    AnnouncementException, InterruptedException {
        try {
            return promisedBytes == null ? collect() : pass(promisedBytes);
        } catch (TaskBody.Halted e) {
            throw e.abandoned();
        } catch (SourceException e) {
            throw e;
        } catch (IOException e) {
            throw broken(
                    "%s %s after %d%s bytes"
                            .formatted(
                                    resolved.publicName(),
                                    e instanceof EOFException ? "ended" : "broke (" + e.getMessage() + ")",
                                    body.doneBytes(),
                                    promisedBytes == null ? "" : " of " + promisedBytes),
                    e);
        }
    }

    /** The length is known: bytes go through without being collected. */
    private boolean pass(long lengthBytes)
            throws IOException, ImageFailedException, TaskAbandonedException, StagingUnavailableException,
                    AnnouncementException, InterruptedException {
        if (lengthBytes == 0) {
            throw SourceTrouble.empty(resolved);
        }
        SourceTrouble.checkLength(resolved, lengthBytes, task.segmentBytes());
        SegmentLayout layout = new SegmentLayout(lengthBytes, task.segmentBytes());
        for (int index = 0; index < layout.count(); index++) {
            Optional<SegmentFacts> facts = put(index, layout.lengthOf(index), body);
            if (facts.isEmpty()) {
                return false;
            }
            // Before the last one is announced: it would complete what is not whole.
            if (index == layout.count() - 1 && body.read() >= 0) {
                throw broken(
                        "%s gave more than the %d bytes it promised".formatted(resolved.publicName(), lengthBytes),
                        null);
            }
            announce(index, facts.get(), lengthBytes);
        }
        return true;
    }

    /** The length is not known: a segment is staged when it is known how long it is, and whether it is the last. */
    private boolean collect()
            throws IOException, ImageFailedException, TaskAbandonedException, StagingUnavailableException,
                    AnnouncementException, InterruptedException {
        byte[] segment = new byte[task.segmentBytes()];
        long done = 0;
        int ahead = body.read();
        if (ahead < 0) {
            throw SourceTrouble.empty(resolved);
        }
        for (int index = 0; ahead >= 0; index++) {
            segment[0] = (byte) ahead;
            int length = 1 + body.readNBytes(segment, 1, segment.length - 1);
            ahead = length == segment.length ? body.read() : -1;
            done += length;
            Optional<SegmentFacts> facts = put(index, length, new ByteArrayInputStream(segment, 0, length));
            if (facts.isEmpty()) {
                return false;
            }
            announce(index, facts.get(), ahead < 0 ? done : null);
        }
        return true;
    }

    private Optional<SegmentFacts> put(int index, int length, InputStream bytes)
            throws IOException, TaskAbandonedException, StagingUnavailableException, InterruptedException {
        context.checkpoint();
        SegmentKey key = SegmentKey.source(task.image(), task.epoch(), index);
        Optional<SegmentFacts> facts = staging.put(key, session, length, bytes, StagingStore.Overwrite.REFUSE);
        begun |= facts.isPresent();
        return facts;
    }

    private void announce(int index, SegmentFacts facts, @Nullable Long sourceLengthBytes)
            throws AnnouncementException, InterruptedException {
        context.announce(new SegmentFetched(
                task.image(),
                task.epoch(),
                session,
                index,
                facts.lengthBytes(),
                facts.crc32c(),
                facts.zeroBlocks(),
                facts.allZero(),
                sourceLengthBytes,
                context.worker()));
    }

    private static SourceException broken(String words, @Nullable Throwable cause) {
        return new SourceException.Unavailable(FailureReason.SOURCE_TRUNCATED, words, Duration.ZERO, cause);
    }
}
