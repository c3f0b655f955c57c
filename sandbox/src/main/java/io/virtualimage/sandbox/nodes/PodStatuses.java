package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateBuilder;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.ContainerStatusBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodCondition;
import io.fabric8.kubernetes.api.model.PodConditionBuilder;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.api.model.PodStatusBuilder;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** The status of a Pod, as a kubelet writes it. */
final class PodStatuses {
    static final String RUNNING = "Running";
    static final String SUCCEEDED = "Succeeded";
    static final String FAILED = "Failed";

    private PodStatuses() {}

    static boolean isTerminal(Pod pod) {
        return pod.getStatus() != null
                && (SUCCEEDED.equals(pod.getStatus().getPhase())
                        || FAILED.equals(pod.getStatus().getPhase()));
    }

    /** Whether a container of it has been seen running. */
    static boolean hasStarted(Pod pod) {
        return pod.getStatus() != null
                && pod.getStatus().getContainerStatuses().stream()
                        .map(ContainerStatus::getState)
                        .anyMatch(state -> state.getRunning() != null || state.getTerminated() != null);
    }

    /** Of one that waits for something it refers to. */
    static PodStatus waiting(Pod pod, String message) {
        ContainerState state = new ContainerStateBuilder()
                .withNewWaiting(message, "CreateContainerConfigError")
                .build();
        return new PodStatusBuilder()
                .withPhase("Pending")
                .withContainerStatuses(pod.getSpec().getContainers().stream()
                        .map(container ->
                                status(container, 0, state).withStarted(false).build())
                        .toList())
                .build();
    }

    static PodStatus of(Pod pod, PodRun run) {
        Optional<PodRun.Verdict> verdict = run.verdict();
        if (verdict.isPresent()) {
            return new PodStatusBuilder()
                    .withPhase(FAILED)
                    .withReason(verdict.get().reason())
                    .withMessage(verdict.get().message())
                    .withConditions(conditions(false, verdict.get().at()))
                    .build();
        }
        List<ContainerRun> runs = run.containers();
        boolean over = run.isOver(pod);
        boolean well = runs.stream()
                .allMatch(one -> one.end().filter(end -> end.exitCode() == 0).isPresent());
        boolean ready = runs.stream().allMatch(one -> one.end().isEmpty());
        Instant started = runs.stream()
                .map(ContainerRun::started)
                .min(Comparator.naturalOrder())
                .orElseThrow();
        Instant changed = runs.stream()
                .flatMap(one -> one.end().map(ContainerRun.End::at).stream())
                .max(Comparator.naturalOrder())
                .orElse(started);
        return new PodStatusBuilder()
                .withPhase(!over ? RUNNING : well ? SUCCEEDED : FAILED)
                .withStartTime(time(started))
                .withHostIP(NodeRunner.ADDRESS)
                .withPodIP(NodeRunner.ADDRESS)
                .withConditions(conditions(ready, changed))
                .withContainerStatuses(pod.getSpec().getContainers().stream()
                        .flatMap(container -> run.container(container.getName()).stream())
                        .map(one -> status(pod, one))
                        .toList())
                .build();
    }

    private static ContainerStatus status(Pod pod, ContainerRun run) {
        String id = "sandbox://" + pod.getMetadata().getUid() + "/"
                + run.container().getName() + "/" + run.restarts();
        ContainerState state = run.end()
                .map(end -> ended(run, end, id))
                .orElseGet(() -> new ContainerStateBuilder()
                        .withNewRunning(time(run.started()))
                        .build());
        boolean runs = run.end().isEmpty();
        return status(run.container(), run.restarts(), state)
                .withReady(runs)
                .withStarted(runs)
                .withContainerID(id)
                .build();
    }

    private static ContainerState ended(ContainerRun run, ContainerRun.End end, String id) {
        return new ContainerStateBuilder()
                .withNewTerminated()
                .withExitCode(end.exitCode())
                .withReason(end.exitCode() == 0 ? "Completed" : "Error")
                .withMessage(end.message())
                .withStartedAt(time(run.started()))
                .withFinishedAt(time(end.at()))
                .withContainerID(id)
                .endTerminated()
                .build();
    }

    private static ContainerStatusBuilder status(Container container, int restarts, ContainerState state) {
        return new ContainerStatusBuilder()
                .withName(container.getName())
                .withImage(container.getImage())
                .withImageID("")
                .withReady(false)
                .withRestartCount(restarts)
                .withState(state);
    }

    private static List<PodCondition> conditions(boolean ready, Instant changed) {
        return List.of(
                condition("Initialized", true, changed),
                condition("ContainersReady", ready, changed),
                condition("Ready", ready, changed));
    }

    private static PodCondition condition(String type, boolean holds, Instant changed) {
        return new PodConditionBuilder()
                .withType(type)
                .withStatus(holds ? "True" : "False")
                .withLastTransitionTime(time(changed))
                .build();
    }

    private static String time(Instant instant) {
        return instant.truncatedTo(ChronoUnit.SECONDS).toString();
    }
}
