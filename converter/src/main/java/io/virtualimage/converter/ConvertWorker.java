package io.virtualimage.converter;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.NotAnImageException;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.inspect.DiskInspector;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.stage.work.Worker;
import io.virtualimage.topics.DiskOutput;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Task;
import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Inspects images. What it reads is a few segments; what it writes is events only, so it may be repeated at any time. */
public final class ConvertWorker implements Worker {
    private static final Logger LOG = LoggerFactory.getLogger(ConvertWorker.class);

    /** When a segment that the inspection needs is not staged yet, it is tried again after this. */
    private static final Duration UNSTAGED_DELAY = Duration.ofSeconds(5);

    private final StagingStore staging;

    public ConvertWorker(StagingStore staging) {
        this.staging = staging;
    }

    @Override
    public void run(Task task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                    StagingUnavailableException, AnnouncementException, InterruptedException {
        switch (task) {
            case Task.InspectDisk inspect -> inspect(inspect, context);
            case Task.ProbeSource ignored -> throw foreign(task);
            case Task.FetchRange ignored -> throw foreign(task);
            case Task.FetchStream ignored -> throw foreign(task);
            case Task.VerifySource ignored -> throw foreign(task);
            case Task.CleanStaging ignored -> throw foreign(task);
            case Task.PushLayer ignored -> throw foreign(task);
            case Task.PublishManifest ignored -> throw foreign(task);
            case Task.RemoveImage ignored -> throw foreign(task);
        }
    }

    private static IllegalArgumentException foreign(Task task) {
        return new IllegalArgumentException("the converter has no business with " + task.id());
    }

    private void inspect(Task.InspectDisk task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                    StagingUnavailableException, AnnouncementException, InterruptedException {
        context.checkpoint();
        DiskInfo info = inspect(task);
        ImageFormat format = formatOf(info.format());
        String fileName = StoredName.of(task.fileName(), info.format());
        context.checkpoint();
        Incarnation image = task.image();
        context.announce(new Event.DiskInspected(
                image,
                task.epoch(),
                format,
                info.virtualSizeBytes(),
                info.cdrom(),
                new DiskOutput(DiskOutput.Layout.PASS_THROUGH, format, fileName)));
        context.announce(new Event.ConvertCompleted(image, task.epoch()));
        LOG.atInfo()
                .addKeyValue("namespace", image.namespace())
                .addKeyValue("name", image.name())
                .addKeyValue("uid", image.uid())
                .addKeyValue("generation", image.generation())
                .addKeyValue("format", format.wireName())
                .addKeyValue("virtualSizeBytes", info.virtualSizeBytes())
                .log("disk inspected");
    }

    private DiskInfo inspect(Task.InspectDisk task)
            throws TaskDeferredException, ImageFailedException, SegmentLostException, StagingUnavailableException,
                    InterruptedException {
        try {
            return DiskInspector.inspect(new StagedBytes(staging, task.image(), task.staged()));
        } catch (DiskException e) {
            throw new ImageFailedException(reasonOf(e), String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            switch (e.getCause()) {
                case SegmentLostException lost -> throw lost;
                case StagingUnavailableException unavailable -> throw unavailable;
                case InterruptedException interrupt -> {
                    Thread.interrupted(); // the exception says it from here on
                    throw interrupt;
                }
                case null, default ->
                    throw new TaskDeferredException(
                            Deferral.STARVED,
                            FailureReason.INTERNAL,
                            String.valueOf(e.getMessage()),
                            UNSTAGED_DELAY,
                            e);
            }
        }
    }

    private static FailureReason reasonOf(DiskException e) {
        return switch (e) {
            case NotAnImageException ignored -> FailureReason.NOT_AN_IMAGE;
            case MalformedDiskException ignored -> FailureReason.IMAGE_MALFORMED;
            case UnsupportedDiskException ignored -> FailureReason.IMAGE_UNSUPPORTED;
            case DiskLimitException ignored -> FailureReason.OVER_LIMIT;
        };
    }

    private static ImageFormat formatOf(DiskFormat format) {
        return switch (format) {
            case QCOW2 -> ImageFormat.QCOW2;
            case RAW -> ImageFormat.RAW;
            case VMDK -> ImageFormat.VMDK;
            case VDI -> ImageFormat.VDI;
            case VPC -> ImageFormat.VPC;
            case VHDX -> ImageFormat.VHDX;
            case ISO -> ImageFormat.ISO;
        };
    }
}
