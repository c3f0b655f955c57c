package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** What this node knows of one Pod of its own, until that is gone from the API. */
final class PodRun {
    private static final Duration FIRST_BACK_OFF = Duration.ofSeconds(10);
    private static final Duration LONGEST_BACK_OFF = Duration.ofMinutes(5);

    private final String namespace;
    private final String name;
    private final @Nullable Verdict verdict;
    private final Map<String, ContainerRun> containers = new ConcurrentHashMap<>();
    private @Nullable Instant killAt;
    private @Nullable String reported;

    /** Why a Pod never ran here, or no longer does. */
    record Verdict(String reason, String message, Instant at) {}

    private PodRun(Pod pod, @Nullable Verdict verdict) {
        this.namespace = pod.getMetadata().getNamespace();
        this.name = pod.getMetadata().getName();
        this.verdict = verdict;
    }

    /** One whose containers are about to be started. */
    static PodRun of(Pod pod) {
        return new PodRun(pod, null);
    }

    /** One that has failed as a whole. */
    static PodRun failed(Pod pod, Verdict verdict) {
        return new PodRun(pod, verdict);
    }

    boolean is(String otherNamespace, String otherName) {
        return namespace.equals(otherNamespace) && name.equals(otherName);
    }

    void put(ContainerRun run) {
        containers.put(run.container().getName(), run);
    }

    Optional<ContainerRun> container(String container) {
        return Optional.ofNullable(containers.get(container));
    }

    List<ContainerRun> containers() {
        return List.copyOf(containers.values());
    }

    Optional<Verdict> verdict() {
        return Optional.ofNullable(verdict);
    }

    /** Tells all containers to end; returns when to kill those that won't. */
    Instant terminate(Instant now, Duration grace) {
        if (killAt == null) {
            killAt = now.plus(grace);
            containers().forEach(ContainerRun::terminate);
        }
        return killAt;
    }

    boolean isTerminating() {
        return killAt != null;
    }

    void killIfLate(Instant now) {
        if (killAt != null && !now.isBefore(killAt)) {
            containers().stream().filter(run -> run.end().isEmpty()).forEach(ContainerRun::kill);
        }
    }

    /** When to start the container again, by the Pod's policy; empty if it runs or shall not. */
    Optional<Instant> restartAt(Pod pod, Container container) {
        if (verdict != null || isTerminating()) {
            return Optional.empty();
        }
        return container(container.getName())
                .flatMap(run -> run.end()
                        .filter(end -> isRestarted(pod, end))
                        .map(end -> end.at().plus(backOff(run.restarts()))));
    }

    private static Duration backOff(int restarts) {
        Duration wanted = FIRST_BACK_OFF.multipliedBy(1L << Math.min(restarts, 10));
        return wanted.compareTo(LONGEST_BACK_OFF) < 0 ? wanted : LONGEST_BACK_OFF;
    }

    private static boolean isRestarted(Pod pod, ContainerRun.End end) {
        return switch (pod.getSpec().getRestartPolicy()) {
            case "Always" -> true;
            case "OnFailure" -> end.exitCode() != 0;
            default -> false;
        };
    }

    /** Whether nothing of it runs, or will again. */
    boolean isOver(Pod pod) {
        return verdict != null
                || containers().stream()
                        .allMatch(run -> run.end()
                                .filter(end -> isTerminating() || !isRestarted(pod, end))
                                .isPresent());
    }

    boolean isReported(String status) {
        return status.equals(reported);
    }

    void reported(String status) {
        reported = status;
    }

    /** Ends all of it at once; returns when it is gone. */
    void kill() {
        containers().forEach(ContainerRun::kill);
        containers().forEach(ContainerRun::awaitEnd);
    }
}
