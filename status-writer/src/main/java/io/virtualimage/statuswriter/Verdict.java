package io.virtualimage.statuswriter;

import io.fabric8.kubernetes.api.model.Condition;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.topics.Event.StatusChanged;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.Incarnation;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Whether a status may take the place of what stands in Kubernetes. */
enum Verdict {
    /** It may, if the object still is what was read. */
    WRITE,
    /** It speaks of another object, or of another version of it: its own status comes, or came. */
    NOT_OURS,
    /** It is older than what stands there: it came a second time, or from a process that had been paused. */
    OLDER;

    /**
     * Judges a status.
     *
     * @param last what this process wrote last of the image; null if it doesn't know
     * @param uploads where files are sent to; null if nothing is set up for that
     */
    static Verdict of(
            Incarnation image,
            ImageStatus status,
            StandingImage object,
            @Nullable StatusChanged last,
            @Nullable UploadAddresses uploads) {
        boolean leaving = status.phase() == ImageStatus.Phase.TERMINATING;
        boolean matches =
                leaving ? object.generation() >= image.generation() : object.generation() == image.generation();
        if (!object.uid().equals(image.uid()) || !matches) {
            return NOT_OURS;
        }
        VirtualImageStatus standing = object.status();
        if (!leaving && standing != null && standing.phase() == Phase.TERMINATING) {
            return OLDER; // a deletion is never taken back
        }
        // As long as nobody else has written, what was written is known to more than the resource can say.
        boolean older;
        if (last != null
                && KubernetesStatus.of(last.image(), last.status(), uploads).equals(standing)) {
            older = isOlder(image, status, last);
        } else {
            older = isOlder(image, status, standing);
        }
        return older ? OLDER : WRITE;
    }

    /**
     * Every change of phase moves the time of a condition, within an image; and within an incarnation nothing leads back
     * from a settled phase, and progress only grows. A process that was paused may date what it says too late.
     */
    private static boolean isOlder(Incarnation image, ImageStatus status, StatusChanged than) {
        if (!image.equals(than.image())) {
            return than.image().isAfter(image);
        }
        if (isUnsettled(status) && than.status().phase().settled()) {
            return true;
        }
        if (status.phase() == than.status().phase()
                && percent(status.progress()).compareTo(percent(than.status().progress())) < 0) {
            return true;
        }
        return status.lastTransition().isBefore(than.status().lastTransition());
    }

    private static boolean isUnsettled(ImageStatus status) {
        return !status.phase().settled() && status.phase() != ImageStatus.Phase.TERMINATING;
    }

    /** The same, of what stands in the resource: it has no place for the incarnation, and times in seconds. */
    private static boolean isOlder(Incarnation image, ImageStatus status, @Nullable VirtualImageStatus standing) {
        VirtualImageStatus next = KubernetesStatus.of(image, status, null);
        if (standing == null || standing.observedGeneration() == null || next.observedGeneration() == null) {
            return false;
        }
        int byGeneration = Long.compare(next.observedGeneration(), standing.observedGeneration());
        if (byGeneration != 0) {
            return byGeneration < 0;
        }
        if (isUnsettled(status) && shows(standing, image)) {
            return true;
        }
        int byTime = lastTransition(next.conditions()).compareTo(lastTransition(standing.conditions()));
        if (byTime != 0) {
            return byTime < 0;
        }
        Phase phase = next.phase();
        Phase now = standing.phase();
        if (phase == now) {
            return percent(next.progress()).compareTo(percent(standing.progress())) < 0;
        }
        return !status.phase().settled() && rank(phase) < rank(now);
    }

    /** Whether what stands there was published by this very incarnation: its tag, or its claim, has that in its name. */
    private static boolean shows(VirtualImageStatus standing, Incarnation image) {
        VirtualImageStatus.Target target = standing.target();
        return target != null
                && (String.valueOf(target.registryURL()).endsWith(":" + image.publicName())
                        || String.valueOf(target.persistentVolumeClaimName()).endsWith("-" + image.publicName()));
    }

    private static Instant lastTransition(List<Condition> conditions) {
        return conditions.stream()
                .flatMap(condition -> time(condition.getLastTransitionTime()))
                .max(Instant::compareTo)
                .orElse(Instant.MIN);
    }

    private static Stream<Instant> time(@Nullable String text) {
        try {
            return text == null
                    ? Stream.empty()
                    : Stream.of(OffsetDateTime.parse(text).toInstant());
        } catch (DateTimeException e) {
            return Stream.empty();
        }
    }

    private static BigDecimal percent(@Nullable String progress) {
        return progress == null || !progress.matches("[0-9]{1,3}([.][0-9]+)?%")
                ? BigDecimal.ZERO
                : new BigDecimal(progress.substring(0, progress.length() - 1));
    }

    /** Of two phases that began in the same second, the higher one is taken for the later. */
    private static int rank(@Nullable Phase phase) {
        return switch (phase) {
            case null -> 0;
            case PENDING -> 1;
            case WAIT_FOR_USER_UPLOAD -> 2;
            case PROVISIONING -> 3;
            case READY, FAILED, IMAGE_LOST, PVC_LOST -> 4;
            case TERMINATING -> 5;
        };
    }
}
