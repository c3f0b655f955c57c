package io.virtualimage.publisher.volume;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.virtualimage.publisher.care.NoAnswerException;
import io.virtualimage.publisher.care.Place;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Incarnation;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The cluster's claims. One that is in the cache is there; that it isn't is believed only when the API server says so too. A
 * claim is the image's only if it bears the labels of just that version, and has its volume. One that is being deleted is
 * as good as gone: nothing can stop that, and nothing new can use it.
 */
public final class ClaimPlace implements Place {
    private static final String BOUND = "Bound";
    private static final String LOST = "Lost";

    /** Jobs are few, and one list of all of them does for all images whose turn comes within this time. */
    private static final Duration LIST_JOBS = Duration.ofMinutes(1);

    private final ClaimCache cache;
    private final VolumeCluster cluster;
    private final Clock clock;

    /** Guarded by this. */
    private List<Job> jobs = List.of();

    private Instant listed = Instant.MIN;

    public ClaimPlace(ClaimWatch cache, VolumeCluster cluster, Clock clock) {
        this((ClaimCache) cache, cluster, clock);
    }

    ClaimPlace(ClaimCache cache, VolumeCluster cluster, Clock clock) {
        this.cache = cache;
        this.cluster = cluster;
        this.clock = clock;
    }

    @Override
    public Optional<String> missing(ImagePublished published) throws NoAnswerException, InterruptedException {
        Incarnation image = published.image();
        String name = published.claim();
        if (name == null) {
            throw new IllegalArgumentException(image.publicName() + " is not on a claim");
        }
        requireSynced();
        if (cache.claim(image.namespace(), name)
                .filter(claim -> VolumeFilling.isOf(claim, image)
                        && !isGoing(claim)
                        && phase(claim).equals(BOUND))
                .isPresent()) {
            return Optional.empty();
        }
        PersistentVolumeClaim claim;
        try {
            claim = cluster.claim(image.namespace(), name).orElse(null);
        } catch (TaskDeferredException e) {
            throw new NoAnswerException(e.words(), e);
        }
        String words = "The PersistentVolumeClaim %s/%s".formatted(image.namespace(), name);
        if (claim == null) {
            return Optional.of(words + " is gone.");
        }
        if (!VolumeFilling.isOf(claim, image)) {
            return Optional.of(words + " is not the one that was made for the image: it does not have its labels.");
        }
        if (isGoing(claim)) {
            return Optional.of(words + " is being deleted.");
        }
        return switch (phase(claim)) {
            case BOUND -> Optional.empty();
            case LOST -> Optional.of(words + " has lost its volume.");
            default -> throw new NoAnswerException("%s is %s".formatted(words, phase(claim)), null);
        };
    }

    private void requireSynced() throws NoAnswerException {
        if (!cache.synced()) {
            throw new NoAnswerException("the API server has not told of all claims yet", null);
        }
    }

    static boolean isGoing(PersistentVolumeClaim claim) {
        return claim.getMetadata().getDeletionTimestamp() != null;
    }

    static String phase(PersistentVolumeClaim claim) {
        String phase = claim.getStatus() == null ? null : claim.getStatus().getPhase();
        return phase == null ? "in no phase" : phase;
    }

    @Override
    public void sweep(Incarnation image, Predicate<Incarnation> goes) throws NoAnswerException, InterruptedException {
        requireSynced();
        try {
            for (Job job : jobs()) {
                if (isStray(job, image, goes)) {
                    cluster.delete(job);
                }
            }
            for (PersistentVolumeClaim claim : cache.claims(image)) {
                if (isStray(claim, image, goes)) {
                    cluster.delete(claim);
                }
            }
        } catch (TaskDeferredException e) {
            throw new NoAnswerException(e.words(), e);
        }
    }

    private static boolean isStray(HasMetadata object, Incarnation image, Predicate<Incarnation> goes) {
        return object.getMetadata().getDeletionTimestamp() == null
                && image.namespace().equals(object.getMetadata().getNamespace())
                && VolumeFilling.versionOf(object, image).filter(goes).isPresent();
    }

    private synchronized List<Job> jobs() throws TaskDeferredException, InterruptedException {
        Instant now = clock.instant();
        if (!listed.isAfter(now.minus(LIST_JOBS))) {
            listed = now; // whatever comes of it: an API server that hangs is not asked for every image
            jobs = List.of();
            jobs = cluster.jobs();
        }
        return jobs;
    }
}
