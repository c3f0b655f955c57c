package io.virtualimage.statuswriter;

import io.fabric8.kubernetes.api.model.Condition;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImageStatus;
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
    /** It may, whatever the object became since it was read. */
    WRITE,
    /** It may, if the object still is what was read. */
    WRITE_EXACTLY,
    /** It speaks of another object, or of another version of it: its own status comes, or came. */
    NOT_OURS,
    /** It is older than what stands there: it came a second time, after a restart. */
    OLDER;

    /**
     * Judges a status.
     *
     * @param mayBeReplay whether it may be one that was applied, with later ones, before this process took over
     */
    static Verdict of(Incarnation image, ImageStatus status, StandingImage object, boolean mayBeReplay) {
        boolean leaving = status.phase() == ImageStatus.Phase.TERMINATING;
        boolean matches =
                leaving ? object.generation() >= image.generation() : object.generation() == image.generation();
        if (!object.uid().equals(image.uid()) || !matches) {
            return NOT_OURS;
        }
        if (mayBeReplay
                && isOlder(KubernetesStatus.of(image, status), status.phase().settled(), object.status())) {
            return OLDER;
        }
        return status.phase().settled() ? WRITE_EXACTLY : WRITE;
    }

    /**
     * The resource has no place for a version of the status, but every change of phase moves the time of a condition; and
     * within a phase, progress only grows.
     */
    private static boolean isOlder(VirtualImageStatus next, boolean settled, @Nullable VirtualImageStatus standing) {
        if (standing == null || standing.observedGeneration() == null || next.observedGeneration() == null) {
            return false;
        }
        int byGeneration = Long.compare(next.observedGeneration(), standing.observedGeneration());
        if (byGeneration != 0) {
            return byGeneration < 0;
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
        return !settled && rank(phase) < rank(now);
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
