package io.virtualimage.publisher.volume;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.api.model.batch.v1.JobBuilder;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.k8s.volume.JobWait;
import io.virtualimage.k8s.volume.VolumeMode;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A namespace of a cluster in memory. A Job that is deleted stays, marked, until its Pods are said to have ended. */
final class FakeCluster implements VolumeCluster {
    final Map<String, PersistentVolumeClaim> claims = new LinkedHashMap<>();
    final Map<String, Job> jobs = new LinkedHashMap<>();
    boolean overQuota;

    /** Whether it can't be asked for a claim. */
    boolean away;

    @Nullable
    PodEnd end;

    JobWait wait = new JobWait(JobWait.Kind.NOTHING, "its Pod is at work, or will be");

    private int uids;

    @Override
    public ClassOffer offer(@Nullable String storageClass) {
        return new ClassOffer(storageClass == null ? "default" : storageClass, VolumeMode.FILESYSTEM, false);
    }

    @Override
    public Optional<PersistentVolumeClaim> claim(String namespace, String name) throws TaskDeferredException {
        if (away) {
            throw TaskDeferredException.outage("the Kubernetes API can't be asked", null);
        }
        return Optional.ofNullable(claims.get(name));
    }

    @Override
    public List<PersistentVolumeClaim> claims(Incarnation image) {
        return claims.values().stream().filter(claim -> isOf(claim, image)).toList();
    }

    @Override
    public List<Job> jobs(Incarnation image) {
        return jobs.values().stream().filter(job -> isOf(job, image)).toList();
    }

    @Override
    public List<Job> jobs() {
        return List.copyOf(jobs.values());
    }

    private static boolean isOf(HasMetadata object, Incarnation image) {
        return image.uid().equals(object.getMetadata().getLabels().get(WellKnown.UID_LABEL));
    }

    @Override
    public void create(PersistentVolumeClaim claim) throws TaskDeferredException {
        if (overQuota) {
            throw new TaskDeferredException(
                    Deferral.OUTAGE, FailureReason.QUOTA_EXCEEDED, "exceeded quota: small", Duration.ZERO, null);
        }
        claims.putIfAbsent(
                claim.getMetadata().getName(),
                new PersistentVolumeClaimBuilder(claim)
                        .editMetadata()
                        .withUid("claim-" + ++uids)
                        .endMetadata()
                        .build());
    }

    @Override
    public void create(Job job) {
        jobs.putIfAbsent(job.getMetadata().getName(), job);
    }

    @Override
    public void delete(PersistentVolumeClaim claim) {
        claims.remove(claim.getMetadata().getName());
    }

    @Override
    public void delete(Job job) {
        jobs.replaceAll((name, there) -> name.equals(job.getMetadata().getName())
                ? new JobBuilder(there)
                        .editMetadata()
                        .withDeletionTimestamp("2026-01-01T00:00:00Z")
                        .endMetadata()
                        .build()
                : there);
    }

    /** The Pods of Jobs that were deleted are gone. */
    void podsEnd() {
        jobs.values().removeIf(job -> job.getMetadata().getDeletionTimestamp() != null);
    }

    /** All Jobs have come to this. */
    void jobsAre(String condition, String message) {
        jobs.replaceAll((name, job) -> new JobBuilder(job)
                .withNewStatus()
                .addNewCondition()
                .withType(condition)
                .withStatus("True")
                .withMessage(message)
                .endCondition()
                .endStatus()
                .build());
    }

    @Override
    public Optional<PodEnd> lastEnd(Job job) {
        return Optional.ofNullable(end);
    }

    @Override
    public JobWait waiting(Job job) {
        return wait;
    }
}
