package io.virtualimage.k8s.volume;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateWaiting;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.Pod;
import java.util.Collection;
import java.util.Comparator;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a Job waits for that has not ended, from what the API says of its Pods; where there is none at work, of the Job's
 * events: nothing else tells that a Pod can't be made.
 *
 * @param words for people, as in {@code its Pod has no node: …}; of a quota, the API server's own
 */
public record JobWait(Kind kind, String words) {
    private static final String QUOTA = "exceeded quota";

    /** What kind of thing is waited for. */
    public enum Kind {
        /** Nothing that is known: the Pod is at work, or will be. */
        NOTHING,
        /** Something that a Pod which is there needs: a node, its image, its volume. */
        POD,
        /** A Pod, which is refused. */
        REFUSED,
        /** A Pod, for which a quota of the namespace leaves no room. */
        QUOTA
    }

    /**
     * What is waited for.
     *
     * @param pods of the Job
     * @param events about the Job; not looked at if a Pod was made after them. Not needed if {@link #atWork}
     */
    public static JobWait of(Collection<Pod> pods, Collection<Event> events) {
        Optional<String> refusal = events.stream()
                .filter(event -> "FailedCreate".equals(event.getReason()) && event.getMessage() != null)
                .max(Comparator.comparing(JobWait::time))
                .filter(event -> pods.stream().allMatch(pod -> made(pod).compareTo(time(event)) < 0))
                .map(event -> firstLine(event.getMessage()));
        if (refusal.isPresent()) {
            String said = refusal.get();
            return said.contains(QUOTA)
                    ? new JobWait(Kind.QUOTA, said.substring(said.indexOf(QUOTA)))
                    : new JobWait(Kind.REFUSED, "its Pod can't be made: " + said);
        }
        return Stream.concat(
                        pods.stream().flatMap(JobWait::containers),
                        pods.stream().flatMap(JobWait::scheduling))
                .findFirst()
                .map(words -> new JobWait(Kind.POD, words))
                .orElse(new JobWait(Kind.NOTHING, "its Pod is at work, or will be"));
    }

    /** Whether there is a Pod that has not ended. */
    public static boolean atWork(Collection<Pod> pods) {
        return pods.stream()
                .anyMatch(pod -> pod.getStatus() == null
                        || !("Failed".equals(pod.getStatus().getPhase())
                                || "Succeeded".equals(pod.getStatus().getPhase())));
    }

    private static Stream<String> containers(Pod pod) {
        if (pod.getStatus() == null || pod.getStatus().getContainerStatuses() == null) {
            return Stream.empty();
        }
        return pod.getStatus().getContainerStatuses().stream()
                .map(status -> status.getState())
                .filter(Objects::nonNull)
                .map(ContainerState::getWaiting)
                .filter(Objects::nonNull)
                .map(JobWait::words);
    }

    private static String words(ContainerStateWaiting waiting) {
        return waiting.getMessage() == null || waiting.getMessage().isBlank()
                ? "its Pod waits: " + waiting.getReason()
                : "its Pod waits: %s: %s".formatted(waiting.getReason(), firstLine(waiting.getMessage()));
    }

    private static Stream<String> scheduling(Pod pod) {
        if (pod.getStatus() == null || pod.getStatus().getConditions() == null) {
            return Stream.empty();
        }
        return pod.getStatus().getConditions().stream()
                .filter(condition -> "PodScheduled".equals(condition.getType())
                        && "False".equals(condition.getStatus())
                        && condition.getMessage() != null)
                .map(condition -> "its Pod has no node: " + firstLine(condition.getMessage()));
    }

    private static String firstLine(String words) {
        return words.strip().lines().findFirst().orElse("no reason is given");
    }

    private static String made(Pod pod) {
        return Objects.requireNonNullElse(pod.getMetadata().getCreationTimestamp(), "");
    }

    /** When it last happened. Events are repeated by raising their count, and by whom is told in different places. */
    private static String time(Event event) {
        return Stream.of(
                        event.getSeries() == null || event.getSeries().getLastObservedTime() == null
                                ? ""
                                : text(event.getSeries().getLastObservedTime().getTime()),
                        text(event.getLastTimestamp()),
                        event.getEventTime() == null
                                ? ""
                                : text(event.getEventTime().getTime()),
                        text(event.getMetadata().getCreationTimestamp()))
                .max(Comparator.naturalOrder())
                .orElse("");
    }

    private static String text(@Nullable String time) {
        return time == null ? "" : time;
    }
}
