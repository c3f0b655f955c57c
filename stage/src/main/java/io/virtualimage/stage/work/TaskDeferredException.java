package io.virtualimage.stage.work;

import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** The task can't be done now, and is worth another try. */
public final class TaskDeferredException extends Exception {
    private final Deferral deferral;
    private final FailureReason reason;
    private final Duration delay;

    /**
     * @param deferral on whose account
     * @param reason what the image fails with if that goes on
     * @param message in words a user can act on
     * @param delay what the other side asked for; zero if nothing
     */
    public TaskDeferredException(
            Deferral deferral, FailureReason reason, String message, Duration delay, @Nullable Throwable cause) {
        super(message, cause);
        this.deferral = deferral;
        this.reason = reason;
        this.delay = delay;
    }

    /** The source is in trouble. */
    public static TaskDeferredException source(FailureReason reason, String message, @Nullable Throwable cause) {
        return new TaskDeferredException(Deferral.SOURCE, reason, message, Duration.ZERO, cause);
    }

    /** A part of our own is away. */
    public static TaskDeferredException outage(String message, @Nullable Throwable cause) {
        return new TaskDeferredException(Deferral.OUTAGE, FailureReason.INTERNAL, message, Duration.ZERO, cause);
    }

    /** Nothing to work on yet. */
    public static TaskDeferredException starved(String message) {
        return new TaskDeferredException(Deferral.STARVED, FailureReason.INTERNAL, message, Duration.ZERO, null);
    }

    public Deferral deferral() {
        return deferral;
    }

    public FailureReason reason() {
        return reason;
    }

    public Duration delay() {
        return delay;
    }

    /** The message, never null. */
    public String words() {
        String message = getMessage();
        return message == null ? reason.name() : message;
    }
}
