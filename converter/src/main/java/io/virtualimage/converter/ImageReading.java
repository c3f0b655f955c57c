package io.virtualimage.converter;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.NotAnImageException;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;

/** Says in the words of tasks what went wrong when an image was read: whose fault it is, and what comes of it. */
final class ImageReading {
    /** When a segment that is needed is not staged yet, it is tried again after this. */
    private static final Duration UNSTAGED_DELAY = Duration.ofSeconds(5);

    private ImageReading() {}

    /** Something that reads an image, and may write what becomes of it. */
    interface Reading<T> {
        T run()
                throws IOException, DiskException, TaskDeferredException, TaskAbandonedException,
                        StagingUnavailableException, AnnouncementException, InterruptedException;
    }

    /** Runs it. */
    static <T> T of(Reading<T> reading)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                    StagingUnavailableException, AnnouncementException, InterruptedException {
        try {
            return reading.run();
        } catch (DiskException e) {
            throw failed(e);
        } catch (IOException e) {
            if (e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException)) {
                Thread.interrupted(); // the exception says it from here on
                throw new InterruptedException(e.getMessage());
            }
            HaltedException halted = HaltedException.in(e);
            if (halted != null) {
                throw halted(halted);
            }
            if (e.getCause() instanceof DiskException bad) {
                throw failed(bad);
            }
            throw new IllegalStateException("reading an image in staging broke: " + e, e);
        }
    }

    private static ImageFailedException failed(DiskException e) {
        return new ImageFailedException(reasonOf(e), String.valueOf(e.getMessage()), e);
    }

    private static TaskDeferredException halted(HaltedException e)
            throws TaskDeferredException, TaskAbandonedException, SegmentLostException, StagingUnavailableException,
                    InterruptedException {
        switch (e.getCause()) {
            case SegmentLostException lost -> throw lost;
            case StagingUnavailableException unavailable -> throw unavailable;
            case TaskDeferredException deferred -> throw deferred;
            case TaskAbandonedException abandoned -> throw abandoned;
            case InterruptedException interrupt -> {
                Thread.interrupted(); // the exception says it from here on
                throw interrupt;
            }
            case null, default ->
                throw new TaskDeferredException(
                        Deferral.STARVED, FailureReason.INTERNAL, String.valueOf(e.getMessage()), UNSTAGED_DELAY, e);
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
}
