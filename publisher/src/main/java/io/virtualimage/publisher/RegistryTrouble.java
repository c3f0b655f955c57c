package io.virtualimage.publisher;

import io.virtualimage.oci.RegistryException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What becomes of a task when the registry doesn't do as it is asked. The registry is a part of our own: whatever it
 * says, no image fails by it, refused credentials included.
 */
final class RegistryTrouble {
    private RegistryTrouble() {}

    /**
     * The task is to be tried again, after as long as the registry asked for.
     *
     * @throws InterruptedException instead, if the call failed because of an interrupt
     */
    static TaskDeferredException outage(RegistryException e) throws InterruptedException {
        return outage(e, e.retryAfter().orElse(Duration.ZERO));
    }

    static TaskDeferredException outage(RegistryException e, Duration delay) throws InterruptedException {
        if (Thread.interrupted()) {
            throw new InterruptedException();
        }
        String words = String.valueOf(e.getMessage());
        return outage(
                switch (e.reason()) {
                    case UNAUTHORIZED, FORBIDDEN ->
                        "the registry that images are published to does not take the publisher's credentials"
                                + " (REGISTRY_USERNAME, REGISTRY_PASSWORD), or they don't allow this: " + words;
                    case UNTRUSTED ->
                        "the certificate of the registry that images are published to is not trusted (REGISTRY_CA): "
                                + words;
                    case NOT_FOUND,
                            DELETE_NOT_ALLOWED,
                            UPLOAD_UNKNOWN,
                            UPLOAD_OUT_OF_STEP,
                            DIGEST_MISMATCH,
                            BLOB_UNKNOWN,
                            RANGES_UNSUPPORTED,
                            UNAVAILABLE,
                            PROTOCOL -> words;
                },
                delay,
                e);
    }

    static TaskDeferredException outage(String words, Duration delay, @Nullable Throwable cause) {
        return new TaskDeferredException(Deferral.OUTAGE, FailureReason.INTERNAL, words, delay, cause);
    }

    /** Something is wrong that should not be: it counts as an attempt, so that it can't go on for ever. */
    static TaskDeferredException fault(String words, @Nullable Throwable cause) {
        return new TaskDeferredException(Deferral.FAULT, FailureReason.INTERNAL, words, Duration.ZERO, cause);
    }
}
