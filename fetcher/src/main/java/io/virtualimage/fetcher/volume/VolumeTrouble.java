package io.virtualimage.fetcher.volume;

import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.virtualimage.k8s.volume.VolumeJob;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Task;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** On whose account it is that a volume can't be read, and in which words. */
final class VolumeTrouble {
    private VolumeTrouble() {}

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
