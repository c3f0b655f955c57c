package io.virtualimage.fetcher.work;

import io.virtualimage.fetcher.source.Source;
import io.virtualimage.fetcher.source.SourceResolver;
import io.virtualimage.fetcher.volume.VolumeReading;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.stage.work.Worker;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Task;
import java.util.random.RandomGenerator;

/** Does the tasks of both groups of the fetch. Safe for use by many threads. */
public final class FetchWorker implements Worker {
    private final StagingStore staging;
    private final SourceProbing probing;
    private final RangeFetch ranges;
    private final StreamFetch streams;
    private final Verification verification;
    private final VolumeReading volumes;

    /**
     * A worker.
     *
     * @param sessions names the streams; two streams must never be given the same name
     */
    public FetchWorker(
            SourceResolver resolver,
            Source source,
            StagingStore staging,
            SegmentFeed.Feeds feeds,
            VolumeReading volumes,
            RandomGenerator sessions) {
        this.staging = staging;
        this.probing = new SourceProbing(resolver, source);
        this.ranges = new RangeFetch(resolver, source, staging);
        this.streams = new StreamFetch(resolver, source, staging, sessions);
        this.volumes = volumes;
        this.verification = new Verification(resolver, source, staging, feeds);
    }

    @Override
    public void run(Task task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                    StagingUnavailableException, AnnouncementException, InterruptedException {
        switch (task) {
            case Task.ProbeSource probe -> probing.run(probe, context);
            case Task.FetchRange range -> ranges.run(range, context);
            case Task.FetchStream stream -> streams.run(stream, context);
            case Task.VerifySource verify -> verification.run(verify, context);
            case Task.ReadVolume volume -> volumes.run(volume, context);
            case Task.CleanStaging clean -> clean(clean, context);
            case Task.InspectDisk other -> throw foreign(other);
            case Task.UnpackSource other -> throw foreign(other);
            case Task.MapDisk other -> throw foreign(other);
            case Task.ConvertSegment other -> throw foreign(other);
            case Task.PushLayer other -> throw foreign(other);
            case Task.MountImage other -> throw foreign(other);
            case Task.FillVolume other -> throw foreign(other);
            case Task.PublishManifest other -> throw foreign(other);
            case Task.RemoveImage other -> throw foreign(other);
        }
    }

    /** Nobody wants this version any more, and the broom may have come before what this task has just staged. */
    @Override
    public void discard(Task task, TaskContext context)
            throws TaskDeferredException, StagingUnavailableException, InterruptedException {
        if (task instanceof Task.ReadVolume) {
            volumes.remove(task.image(), false);
        }
        if (task.id().stages()) {
            staging.clean(task.image(), false);
        }
    }

    private void clean(Task.CleanStaging task, TaskContext context)
            throws TaskDeferredException, StagingUnavailableException, AnnouncementException, InterruptedException {
        volumes.remove(task.image(), task.keepCurrent()); // first those that would stage more
        staging.clean(task.image(), task.keepCurrent());
        context.announce(new Event.StagingCleaned(task.image(), task.keepCurrent() ? task.image() : null));
    }

    private static IllegalArgumentException foreign(Task task) {
        return new IllegalArgumentException(task.id() + " is no work for a fetcher");
    }
}
