package io.virtualimage.fetcher.work;

import io.virtualimage.fetcher.source.ResolvedSource;
import io.virtualimage.fetcher.source.ResumingStream;
import io.virtualimage.fetcher.source.Source;
import io.virtualimage.fetcher.source.SourceException;
import io.virtualimage.fetcher.source.SourceResolver;
import io.virtualimage.fetcher.source.SourceVersion;
import io.virtualimage.stage.staging.SegmentFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.Task;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** Stages one segment. May be done any number of times, by many at once: all write the same bytes. */
final class RangeFetch {
    private final SourceResolver resolver;
    private final Source source;
    private final StagingStore staging;

    RangeFetch(SourceResolver resolver, Source source, StagingStore staging) {
        this.resolver = resolver;
        this.source = source;
        this.staging = staging;
    }

    void run(Task.FetchRange task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, StagingUnavailableException,
                    AnnouncementException, InterruptedException {
        SegmentKey key = SegmentKey.source(task.image(), task.epoch(), task.index());
        int length = task.layout().lengthOf(task.index());
        Optional<SegmentFacts> facts = staged(key, length);
        if (facts.isEmpty()) {
            try {
                facts = transfer(task, key, length, context);
            } catch (SourceException.Changed e) {
                context.announce(new StreamBroken(
                        task.image(), task.epoch(), StreamBroken.Cause.SOURCE_CHANGED, e.words(), context.worker()));
                return;
            } catch (SourceException e) {
                throw SourceTrouble.of(e);
            }
        }
        context.announce(fetched(task, facts.orElseThrow(), context.worker()));
    }

    /**
     * What is staged and sound: the same task may have been given out twice, and a look at the store is cheap, the
     * source's bytes are not.
     */
    private Optional<SegmentFacts> staged(SegmentKey key, int length)
            throws StagingUnavailableException, InterruptedException {
        Optional<SegmentFacts> facts =
                staging.facts(key).filter(known -> known.lengthBytes() == length && known.session() == null);
        if (facts.isPresent()) {
            try {
                staging.read(key, null);
            } catch (SegmentLostException e) {
                return Optional.empty(); // damaged: it is staged anew
            }
        }
        return facts;
    }

    private Optional<SegmentFacts> transfer(Task.FetchRange task, SegmentKey key, int length, TaskContext context)
            throws SourceException, TaskDeferredException, ImageFailedException, TaskAbandonedException,
                    StagingUnavailableException, InterruptedException {
        ResolvedSource resolved = resolver.resolve(task.image(), task.source())
                .at(task.entry(), task.layout().lengthBytes());
        SourceVersion version =
                new SourceVersion(task.validator(), task.layout().lengthBytes());
        long offset = task.layout().offsetOf(task.index());
        try (InputStream piece = ResumingStream.open(source, resolved, version, offset, length)) {
            TaskBody body = new TaskBody(piece, context);
            try {
                return staging.put(key, null, length, body, StagingStore.Overwrite.ALLOW);
            } catch (TaskBody.Halted e) {
                throw e.abandoned();
            } catch (IOException e) {
                throw SourceTrouble.asSourceException(e, resolved, offset + body.doneBytes());
            }
        } catch (SourceException e) {
            throw e;
        } catch (IOException e) {
            throw SourceTrouble.asSourceException(e, resolved, offset); // on closing
        }
    }

    private static SegmentFetched fetched(Task.FetchRange task, SegmentFacts facts, String worker) {
        return new SegmentFetched(
                task.image(),
                task.epoch(),
                null,
                task.index(),
                facts.lengthBytes(),
                facts.crc32c(),
                facts.zeroBlocks(),
                facts.allZero(),
                task.layout().lengthBytes(),
                worker);
    }
}
