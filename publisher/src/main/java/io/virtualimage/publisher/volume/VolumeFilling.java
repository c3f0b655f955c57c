package io.virtualimage.publisher.volume;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.k8s.volume.JobWait;
import io.virtualimage.k8s.volume.VolumeJob;
import io.virtualimage.k8s.volume.VolumeMode;
import io.virtualimage.k8s.volume.VolumeProgram;
import io.virtualimage.k8s.volume.VolumeWork;
import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Task;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sees to it that an image's claim is there, and a Job that fills it; looks after the Job until it is through; and takes
 * claims and Jobs back. Whatever it finds half done it goes on with. Safe for use by many threads.
 */
public final class VolumeFilling {
    private static final Logger LOG = LoggerFactory.getLogger(VolumeFilling.class);

    /** How often a Job is looked at, whose Pod speaks for itself if all goes well. */
    private static final Duration LOOK = Duration.ofSeconds(15);

    /** What goes takes its time to be gone. */
    private static final Duration GOING = Duration.ofSeconds(1);

    /** As many Jobs must end with a Pod that says that another one would fail too. */
    private static final int HOPELESS_ATTEMPTS = 3;

    private final VolumeCluster cluster;
    private final StagingStore staging;
    private final AccessTokens tokens;
    private final Setup setup;

    /**
     * How an installation fills volumes.
     *
     * @param publisher the URL of all publishers, as Pods reach it
     * @param overhead the part of a file system that files can't have, from 0 to below 1
     */
    public record Setup(String publisher, VolumeProgram program, double overhead) {
        public Setup {
            if (!(overhead >= 0 && overhead < 1)) {
                throw new IllegalArgumentException("a file system can't have an overhead of " + overhead);
            }
        }
    }

    public VolumeFilling(VolumeCluster cluster, StagingStore staging, AccessTokens tokens, Setup setup) {
        this.cluster = cluster;
        this.staging = staging;
        this.tokens = tokens;
        this.setup = setup;
    }

    /**
     * Does the next step, and gives the task back until the Job is through.
     *
     * @param claimName of the image's claim
     */
    public void fill(Task.FillVolume task, String claimName, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                    StagingUnavailableException, AnnouncementException, InterruptedException {
        context.checkpoint();
        PersistentVolumeClaim claim = claim(task, claimName, context);
        String claimUid = claim.getMetadata().getUid();
        FillOrder order = new FillOrder(task, claimName);
        String url = FillAddress.url(setup.publisher(), task.image(), task.epoch(), claimUid, tokens);
        VolumeJob wanted = new VolumeJob(
                VolumeWork.FILL,
                ClaimManifest.owner(task.image()),
                task.epoch(),
                claimName,
                VolumeMode.of(claim.getSpec().getVolumeMode()),
                url);
        // Whoever else writes to the volume has to be gone before: it may be of other bytes.
        Job job = alone(wanted, task.image());
        if (FillProgress.read(staging, task.image(), task.epoch(), claimUid).finished()) {
            context.checkpoint();
            context.announce(VolumeDoor.published(order));
            return;
        }
        if (job == null) {
            requireStaged(task);
            context.checkpoint();
            order.write(staging, claimUid);
            cluster.create(wanted.manifest(setup.program()));
            log(task.image(), wanted.name());
            throw starved("the volume is being filled", LOOK);
        }
        look(job, task);
    }

    /** A task that comes late finds a claim in use, or lost, and staging clean: nothing is to be written again. */
    private void requireStaged(Task.FillVolume task)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        DiskRuns.requireStaged(staging, task);
    }

    private PersistentVolumeClaim claim(Task.FillVolume task, String name, TaskContext context)
            throws TaskDeferredException, TaskAbandonedException, SegmentLostException, StagingUnavailableException,
                    InterruptedException {
        Incarnation image = task.image();
        Optional<PersistentVolumeClaim> there = cluster.claim(image.namespace(), name);
        if (there.isEmpty()) {
            requireStaged(task);
            ClassOffer offer = cluster.offer(task.storageClass());
            context.checkpoint(); // from here on something is left behind
            cluster.create(ClaimManifest.of(image, name, offer, task.unpackedBytes(), setup.overhead()));
            there = cluster.claim(image.namespace(), name);
        }
        PersistentVolumeClaim claim = there.orElseThrow(() -> starved("the claim " + name + " is gone again", GOING));
        if (!isOf(claim, image)) {
            throw fault("there is a claim %s in the namespace that is not this image's".formatted(name));
        }
        if (claim.getMetadata().getDeletionTimestamp() != null) {
            throw starved("the claim %s is being deleted".formatted(name), GOING);
        }
        return claim;
    }

    /** The Job that is wanted, if it is there; null if it isn't. Any other one for this version is sent away first. */
    private @Nullable Job alone(VolumeJob wanted, Incarnation image)
            throws TaskDeferredException, InterruptedException {
        Job found = null;
        boolean others = false;
        for (Job job : cluster.jobs(image)) {
            if (!isOf(job, image)) {
                continue;
            }
            boolean going = job.getMetadata().getDeletionTimestamp() != null;
            if (!going && job.getMetadata().getName().equals(wanted.name()) && speaksTo(job, wanted.url())) {
                found = job;
                continue;
            }
            others = true;
            if (!going) {
                cluster.delete(job);
            }
        }
        if (others) {
            throw starved("another Job for the volume is being deleted", GOING);
        }
        return found;
    }

    private static boolean speaksTo(Job job, String url) {
        return job.getSpec().getTemplate().getSpec().getContainers().stream()
                .flatMap(container -> container.getEnv().stream())
                .anyMatch(variable -> url.equals(variable.getValue()));
    }

    /** What a Job that is there has come to. */
    private void look(Job job, Task.FillVolume task)
            throws TaskDeferredException, ImageFailedException, InterruptedException {
        if (has(job, "Failed")) {
            Optional<VolumeCluster.PodEnd> end = cluster.lastEnd(job);
            String words = "the Job %s failed: %s"
                    .formatted(
                            job.getMetadata().getName(),
                            end.map(VolumeCluster.PodEnd::words).orElseGet(() -> reason(job)));
            cluster.delete(job); // makes room for another one
            Integer exitCode = end.map(VolumeCluster.PodEnd::exitCode).orElse(null);
            if (exitCode == null || exitCode == VolumeJob.SERVICE_AWAY || exitCode == VolumeJob.NOT_WANTED) {
                // Evicted, or it could not speak to us, or was told by a replica that knew less: no fault of its work.
                throw TaskDeferredException.outage(words, null);
            }
            if (exitCode == VolumeJob.HOPELESS && task.header().attempt() >= HOPELESS_ATTEMPTS) {
                throw new ImageFailedException(FailureReason.INTERNAL, words, null);
            }
            throw fault(words);
        }
        if (has(job, "Complete")) {
            cluster.delete(job);
            throw fault("the Job %s ended and did not fill the volume"
                    .formatted(job.getMetadata().getName()));
        }
        JobWait wait = cluster.waiting(job);
        String words = "the volume is being filled: " + wait.words();
        throw switch (wait.kind()) {
            case NOTHING, POD -> starved(words, LOOK);
            case REFUSED -> new TaskDeferredException(Deferral.OUTAGE, FailureReason.INTERNAL, words, LOOK, null);
            case QUOTA ->
                new TaskDeferredException(Deferral.OUTAGE, FailureReason.QUOTA_EXCEEDED, wait.words(), LOOK, null);
        };
    }

    private static boolean has(Job job, String condition) {
        return job.getStatus() != null
                && job.getStatus().getConditions().stream()
                        .anyMatch(it -> condition.equals(it.getType()) && "True".equals(it.getStatus()));
    }

    private static String reason(Job job) {
        return job.getStatus().getConditions().stream()
                .filter(condition -> "Failed".equals(condition.getType()))
                .map(condition -> String.valueOf(condition.getMessage()))
                .findFirst()
                .orElse("no reason is given");
    }

    /**
     * Takes claims and Jobs of an image back. Touches only what is labelled as made for it.
     *
     * @param goes whether a version is to go
     */
    public void remove(Incarnation image, Predicate<Incarnation> goes)
            throws TaskDeferredException, InterruptedException {
        for (Job job : cluster.jobs(image)) {
            if (versionOf(job, image).filter(goes).isPresent()) {
                cluster.delete(job);
            }
        }
        for (PersistentVolumeClaim claim : cluster.claims(image)) {
            if (versionOf(claim, image).filter(goes).isPresent()) {
                cluster.delete(claim);
            }
        }
    }

    static boolean isOf(HasMetadata object, Incarnation image) {
        return versionOf(object, image).filter(image::equals).isPresent();
    }

    /** Which version of the image it was made for; empty if its labels don't say that it is the image's. */
    static Optional<Incarnation> versionOf(HasMetadata object, Incarnation image) {
        if (object.getMetadata().getLabels() == null
                || !image.uid().equals(object.getMetadata().getLabels().get(WellKnown.UID_LABEL))
                || !WellKnown.MANAGED_BY.equals(object.getMetadata().getLabels().get(WellKnown.MANAGED_BY_LABEL))) {
            return Optional.empty();
        }
        String label = object.getMetadata().getLabels().getOrDefault(WellKnown.INCARNATION_LABEL, "");
        if (!label.matches("[1-9][0-9]{0,17}-[0-9]{1,18}")) {
            return Optional.empty();
        }
        List<String> parts = List.of(label.split("-", -1));
        return Optional.of(new Incarnation(
                image.namespace(),
                image.name(),
                image.uid(),
                Long.parseLong(parts.get(0)),
                Long.parseLong(parts.get(1))));
    }

    private static TaskDeferredException starved(String words, Duration delay) {
        return new TaskDeferredException(Deferral.STARVED, FailureReason.INTERNAL, words, delay, null);
    }

    private static TaskDeferredException fault(String words) {
        return new TaskDeferredException(Deferral.FAULT, FailureReason.INTERNAL, words, Duration.ZERO, null);
    }

    private static void log(Incarnation image, String job) {
        LOG.atInfo()
                .addKeyValue("namespace", image.namespace())
                .addKeyValue("name", image.name())
                .addKeyValue("uid", image.uid())
                .addKeyValue("generation", image.generation())
                .addKeyValue("job", job)
                .log("a Job was made to fill the volume");
    }
}
