package io.virtualimage.fetcher.volume;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.virtualimage.fetcher.volume.VolumeObjects.Snapshot;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.k8s.volume.ImageOwner;
import io.virtualimage.k8s.volume.VolumeJob;
import io.virtualimage.k8s.volume.VolumeMode;
import io.virtualimage.k8s.volume.VolumeWork;
import io.virtualimage.stage.access.AccessTokens.Door;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Task;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sees to it that a volume is read: there is a Job for each epoch of a version, and what has failed is begun again. Holds
 * no worker while the Job's Pod works: the task is given back and comes again to look after it.
 */
public final class VolumeReading {
    /** Until the next look. */
    private static final Duration LOOK = Duration.ofSeconds(15);

    private final VolumeObjects objects;
    private final @Nullable ReadingSettings settings;
    private final Clock clock;

    /** @param settings null if this installation can't read volumes */
    public VolumeReading(VolumeObjects objects, @Nullable ReadingSettings settings, Clock clock) {
        this.objects = objects;
        this.settings = settings;
        this.clock = clock;
    }

    /**
     * Does the task, which is over when the source is complete and not before.
     *
     * @throws TaskDeferredException always, unless the epoch is over
     */
    public void run(Task.ReadVolume task, TaskContext context)
            throws TaskDeferredException, TaskAbandonedException, AnnouncementException, InterruptedException {
        ReadingSettings known = settings;
        if (known == null) {
            throw TaskDeferredException.outage(
                    "this installation reads no volumes: FETCHER_URL and VOLUME_JOB_IMAGE are not set for its fetchers",
                    null);
        }
        try {
            look(task, known, context);
        } catch (KubernetesClientException e) {
            throw VolumeTrouble.of(e, task);
        }
    }

    private void look(Task.ReadVolume task, ReadingSettings known, TaskContext context)
            throws TaskDeferredException, TaskAbandonedException, AnnouncementException, InterruptedException {
        ReadVolumeJob wanted = wanted(task, known);
        String namespace = task.image().namespace();
        String name = wanted.job().name();
        Job job = objects.job(namespace, name);
        if (job == null) {
            context.checkpoint(); // the broom may have come meanwhile
            job = objects.create(wanted.job().manifest(known.program()));
        }
        List<Pod> pods = objects.podsOf(namespace, job.getMetadata().getUid());
        JobVerdict verdict = JobVerdict.of(job, pods);
        switch (verdict) {
            case JobVerdict.Going ignored -> throw later("the Job %s is being removed".formatted(name));
            case JobVerdict.Underway underway -> {
                if (wanted.snapshot() != null && objects.claim(namespace, name) == null) {
                    objects.create(wanted.claim(job));
                }
                String refusal =
                        pods.isEmpty() && VolumeTrouble.overdue(job, clock.instant()) ? objects.refusalOf(job) : null;
                if (refusal != null) {
                    throw VolumeTrouble.noPod(name, refusal);
                }
                throw later("the Job %s reads the volume: %s".formatted(name, underway.words()));
            }
            case JobVerdict.Done ignored -> {
                // All was staged when the Job ended. What is missing now was lost since: it is all read again, unless
                // the
                // planner hears first that nothing is missing.
                context.announce(new StreamBroken(
                        task.image(),
                        task.epoch(),
                        StreamBroken.Cause.INTERRUPTED,
                        "the volume was read, but not all of it is staged any more",
                        context.worker()));
                objects.removeJob(namespace, name);
            }
            case JobVerdict.Failed failed -> {
                objects.removeJob(namespace, name);
                throw VolumeTrouble.of(failed);
            }
        }
    }

    private ReadVolumeJob wanted(Task.ReadVolume task, ReadingSettings known) throws TaskDeferredException {
        DataSource.Volume source = task.source();
        String claim = source.claim();
        return claim == null
                ? ofSnapshot(
                        task, known, Objects.requireNonNull(source.volumeSnapshot(), "of a volume without a claim"))
                : ofClaim(task, known, claim);
    }

    private ReadVolumeJob ofClaim(Task.ReadVolume task, ReadingSettings known, String name)
            throws TaskDeferredException {
        PersistentVolumeClaim claim =
                VolumeTrouble.checked(objects.claim(task.image().namespace(), name), name, task);
        String uid = claim.getMetadata().getUid();
        VolumeMode mode = VolumeMode.of(claim.getSpec().getVolumeMode());
        return new ReadVolumeJob(job(task, known, name, mode, uid), null, null, null);
    }

    private ReadVolumeJob ofSnapshot(Task.ReadVolume task, ReadingSettings known, String name)
            throws TaskDeferredException {
        String namespace = task.image().namespace();
        Snapshot snapshot = objects.snapshot(namespace, name);
        if (snapshot == null || !snapshot.ready()) {
            throw TaskDeferredException.source(
                    FailureReason.SOURCE_UNAVAILABLE,
                    "the VolumeSnapshot %s of the %s %s %s"
                            .formatted(
                                    name,
                                    task.source().kind().wireName(),
                                    task.source().name(),
                                    snapshot == null ? "is not there" : "is not ready to use"),
                    null);
        }
        // The claim has the Job's name, and goes with it.
        String made =
                job(task, known, "none", VolumeMode.FILESYSTEM, snapshot.uid()).name();
        PersistentVolumeClaim like = objects.claim(namespace, made);
        String sourceName = snapshot.sourceClaim();
        if (like == null && sourceName != null) {
            like = objects.claim(namespace, sourceName);
        }
        SnapshotOrigin origin = SnapshotOrigin.of(snapshot, name, like, task);
        return new ReadVolumeJob(job(task, known, made, origin.mode(), snapshot.uid()), snapshot, name, origin);
    }

    private static VolumeJob job(
            Task.ReadVolume task, ReadingSettings known, String claim, VolumeMode mode, String origin) {
        Incarnation image = task.image();
        VolumeAddress address =
                VolumeAddress.of(image, task.epoch(), origin, known.tokens().token(Door.READ_VOLUME, image));
        return new VolumeJob(VolumeWork.READ, owner(image), task.epoch(), claim, mode, address.url(known.fetcher()));
    }

    private static ImageOwner owner(Incarnation image) {
        return new ImageOwner(image.namespace(), image.name(), image.uid(), image.generation(), image.run());
    }

    private static TaskDeferredException later(String words) {
        return new TaskDeferredException(Deferral.STARVED, FailureReason.INTERNAL, words, LOOK, null);
    }

    /**
     * Removes the Jobs of every version up to that one, and the claims that were made for them. May be done again.
     *
     * @param keepCurrent whether {@code image}'s own stay
     * @throws TaskDeferredException if the cluster can't be asked
     */
    public void remove(Incarnation image, boolean keepCurrent) throws TaskDeferredException {
        Map<String, String> labels = ImageOwner.selector(VolumeWork.READ, image.uid());
        String namespace = image.namespace();
        try {
            for (Job job : objects.jobs(namespace, labels)) {
                if (covered(job, image, keepCurrent)) {
                    objects.removeJob(namespace, job.getMetadata().getName());
                }
            }
            for (PersistentVolumeClaim claim : objects.claims(namespace, labels)) {
                if (covered(claim, image, keepCurrent)) {
                    objects.removeClaim(namespace, claim.getMetadata().getName());
                }
            }
        } catch (KubernetesClientException e) {
            throw TaskDeferredException.outage(
                    "the Jobs that read the volume of %s can't be removed: %s"
                            .formatted(image.subject(), VolumeTrouble.words(e)),
                    e);
        }
    }

    private static boolean covered(HasMetadata made, Incarnation image, boolean keepCurrent) {
        Map<String, String> labels = made.getMetadata().getLabels();
        String version = labels == null ? null : labels.get(WellKnown.INCARNATION_LABEL);
        if (version == null || !version.matches("[1-9][0-9]{0,17}-[0-9]{1,18}")) {
            return false;
        }
        int dash = version.indexOf('-');
        Incarnation other = new Incarnation(
                image.namespace(),
                image.name(),
                image.uid(),
                Long.parseLong(version.substring(0, dash)),
                Long.parseLong(version.substring(dash + 1)));
        return image.isAfter(other) || (other.equals(image) && !keepCurrent);
    }
}
