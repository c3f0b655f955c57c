package io.virtualimage.fetcher.work;

import io.virtualimage.fetcher.source.ResolvedSource;
import io.virtualimage.fetcher.source.Source;
import io.virtualimage.fetcher.source.SourceException;
import io.virtualimage.fetcher.source.SourceResolver;
import io.virtualimage.fetcher.source.SourceStream;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.Task;
import java.util.HexFormat;
import java.util.random.RandomGenerator;

/**
 * Stages a whole source in one go. Not repeatable: nobody promises that the source gives the same bytes again, so
 * whoever comes second writes nothing and ends the epoch.
 */
final class StreamFetch {
    private final SourceResolver resolver;
    private final Source source;
    private final StagingStore staging;
    private final RandomGenerator sessions;

    StreamFetch(SourceResolver resolver, Source source, StagingStore staging, RandomGenerator sessions) {
        this.resolver = resolver;
        this.source = source;
        this.staging = staging;
        this.sessions = sessions;
    }

    void run(Task.FetchStream task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, StagingUnavailableException,
                    AnnouncementException, InterruptedException {
        if (context.mayHaveBegun()) {
            end(task, context, StreamBroken.Cause.INTERRUPTED, "the worker that read the source went away");
            return;
        }
        ResolvedSource resolved = resolver.resolve(task.image(), task.source()).at(task.entry(), task.lengthBytes());
        String session = HexFormat.of().toHexDigits(sessions.nextLong());
        try (SourceStream stream = source.watchedBy(TaskWatch.ofStream(context)).openStream(resolved)) {
            transfer(new StreamTransfer(task, context, staging, resolved, session, stream), task, context);
        } catch (SourceException e) {
            throw SourceTrouble.of(e);
        }
    }

    private static void transfer(StreamTransfer transfer, Task.FetchStream task, TaskContext context)
            throws SourceException, ImageFailedException, TaskAbandonedException, StagingUnavailableException,
                    AnnouncementException, InterruptedException {
        try {
            if (!transfer.run()) {
                end(task, context, StreamBroken.Cause.INTERRUPTED, "another worker had begun to read the source");
            }
        } catch (StagingUnavailableException e) {
            if (!transfer.begun()) {
                throw e;
            }
            end(task, context, StreamBroken.Cause.INTERRUPTED, String.valueOf(e.getMessage()));
        } catch (SourceException.Unusable e) {
            throw e; // the same bytes would come again
        } catch (SourceException e) {
            if (!transfer.begun()) {
                throw e; // nothing is staged, so the same epoch will do
            }
            end(task, context, StreamBroken.Cause.SOURCE_BROKE, e.words());
        }
    }

    private static void end(Task.FetchStream task, TaskContext context, StreamBroken.Cause cause, String message)
            throws AnnouncementException, InterruptedException {
        context.announce(new StreamBroken(task.image(), task.epoch(), cause, message, context.worker()));
    }
}
