package io.virtualimage.fetcher.work;

import io.virtualimage.fetcher.source.ResolvedSource;
import io.virtualimage.fetcher.source.Source;
import io.virtualimage.fetcher.source.SourceException;
import io.virtualimage.fetcher.source.SourceProbe;
import io.virtualimage.fetcher.source.SourceResolver;
import io.virtualimage.oci.ReadingStoppedException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Task;

/** Asks a source what it is. May be done any number of times. */
final class SourceProbing {
    private final SourceResolver resolver;
    private final Source source;

    SourceProbing(SourceResolver resolver, Source source) {
        this.resolver = resolver;
        this.source = source;
    }

    void run(Task.ProbeSource task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, AnnouncementException,
                    InterruptedException {
        ResolvedSource resolved = resolver.resolve(task.image(), task.source());
        SourceProbe probe;
        try {
            probe = source.watchedBy(TaskWatch.ofSearch(context)).probe(resolved);
        } catch (ReadingStoppedException e) {
            throw TaskWatch.abandoned(e);
        } catch (SourceException e) {
            throw SourceTrouble.of(e);
        }
        if (probe.empty()) {
            throw SourceTrouble.empty(resolved);
        }
        Long length = probe.lengthBytes();
        if (length != null) {
            SourceTrouble.checkLength(resolved, length, task.segmentBytes());
        }
        context.announce(new SourceOpened(
                task.image(),
                task.epoch(),
                length,
                task.segmentBytes(),
                probe.validator(),
                probe.ranges(),
                probe.fileName(),
                probe.entry()));
    }
}
