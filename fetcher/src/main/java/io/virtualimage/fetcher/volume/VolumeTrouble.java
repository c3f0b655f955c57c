package io.virtualimage.fetcher.volume;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.virtualimage.k8s.volume.VolumeJob;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Task;
import java.net.HttpURLConnection;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** On whose account it is that a volume can't be read, and in which words. */
final class VolumeTrouble {
    /** A Job whose controller can make its Pod has one long before. */
    private static final Duration POD_WITHIN = Duration.ofMinutes(1);

    /** Until a quota is asked again whether there is room. */
    private static final Duration QUOTA = Duration.ofSeconds(15);

    private static final String OVER_QUOTA = "exceeded quota";

    private VolumeTrouble() {}

    /** Whether a Job without Pods has been there for longer than it takes to make one. */
    static boolean overdue(Job job, Instant now) {
        String created = job.getMetadata().getCreationTimestamp();
        return created != null && Instant.parse(created).plus(POD_WITHIN).isBefore(now);
    }

    /**
     * A Job's Pod may not be made: by a quota, a LimitRange or whatever else looks at Pods there. It is made when they let
     * it, so the image waits.
     *
     * @param refusal as the Job controller says it
     */
    static TaskDeferredException noPod(String job, String refusal) {
        return refusal.contains(OVER_QUOTA)
                ? overQuota(refusal, null)
                : TaskDeferredException.outage(
                        "the Job %s has no Pod to read the volume with: %s".formatted(job, refusal), null);
    }

    /** What the API server's refusal, or its silence, means. */
    static TaskDeferredException of(KubernetesClientException failure, Task.ReadVolume task) {
        String words = words(failure);
        return failure.getCode() == HttpURLConnection.HTTP_FORBIDDEN && words.contains(OVER_QUOTA)
                ? overQuota(words, failure)
                : TaskDeferredException.outage(
                        "the Kubernetes API can't be asked about the volume of %s: %s"
                                .formatted(task.image().subject(), words),
                        failure);
    }

    /** It counts against nothing: the image waits until there is room. */
    private static TaskDeferredException overQuota(String words, @Nullable Throwable cause) {
        return new TaskDeferredException(
                Deferral.OUTAGE,
                FailureReason.QUOTA_EXCEEDED,
                words.substring(words.indexOf(OVER_QUOTA)),
                QUOTA,
                cause);
    }

    /**
     * What a Job's failure means for the task: the volume's own trouble uses up the retry budget, a service of ours that
     * could not be reached uses up nothing, and what nobody has foreseen is a defect.
     */
    static TaskDeferredException of(JobVerdict.Failed failed) {
        Integer code = failed.exitCode();
        Deferral account;
        if (code == null || code == VolumeJob.SERVICE_AWAY || code == VolumeJob.NOT_WANTED) {
            account = Deferral.OUTAGE;
        } else if (code == VolumeJob.HOPELESS) {
            account = Deferral.SOURCE;
        } else {
            account = Deferral.FAULT;
        }
        FailureReason reason = account == Deferral.SOURCE ? FailureReason.SOURCE_UNAVAILABLE : FailureReason.INTERNAL;
        return new TaskDeferredException(account, reason, failed.words(), Duration.ZERO, null);
    }

    /** The same claim. @throws TaskDeferredException if that is none that can be read */
    static PersistentVolumeClaim checked(@Nullable PersistentVolumeClaim claim, String name, Task.ReadVolume task)
            throws TaskDeferredException {
        String trouble;
        if (claim == null) {
            trouble = "is not there";
        } else if (claim.getMetadata().getDeletionTimestamp() != null) {
            trouble = "is being deleted";
        } else if (claim.getStatus() == null
                || !"Bound".equals(claim.getStatus().getPhase())) {
            trouble = "is not bound to a volume";
        } else {
            return claim;
        }
        throw TaskDeferredException.source(
                FailureReason.SOURCE_UNAVAILABLE,
                "the PersistentVolumeClaim %s of the %s %s %s"
                        .formatted(
                                name,
                                task.source().kind().wireName(),
                                task.source().name(),
                                trouble),
                null);
    }

    /** What the API server says, in one line. */
    static String words(KubernetesClientException failure) {
        String message = failure.getStatus() == null
                ? failure.getMessage()
                : failure.getStatus().getMessage();
        return message == null ? "no answer" : message.lines().findFirst().orElse(message);
    }
}
