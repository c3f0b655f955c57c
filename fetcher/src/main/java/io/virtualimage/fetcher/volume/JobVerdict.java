package io.virtualimage.fetcher.volume;

import io.fabric8.kubernetes.api.model.ContainerState;
import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.ContainerStatus;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.virtualimage.k8s.volume.JobWait;
import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** How a Job stands, from what the API says of it and of its Pods. */
sealed interface JobVerdict {
    /** It is on its way out. */
    record Going() implements JobVerdict {}

    /** It is waiting or at work; words say what it waits for, where it does. */
    record Underway(String words) implements JobVerdict {}

    /** Its program has done its work. */
    record Done() implements JobVerdict {}

    /**
     * It was given up.
     *
     * @param exitCode how its program ended; null if it never ran to an end
     * @param words the program's own, else the cluster's
     */
    record Failed(@Nullable Integer exitCode, String words) implements JobVerdict {}

    /**
     * The verdict.
     *
     * @param pods of the Job
     */
    static JobVerdict of(Job job, List<Pod> pods) {
        if (job.getMetadata().getDeletionTimestamp() != null) {
            return new Going();
        }
        if (condition(job, "Complete").isPresent()) {
            return new Done();
        }
        Optional<String> failed = condition(job, "Failed");
        if (failed.isEmpty()) {
            return new Underway(JobWait.of(pods, List.of()).words());
        }
        Optional<ContainerStateTerminated> end = pods.stream()
                .flatMap(JobVerdict::states)
                .map(ContainerState::getTerminated)
                .filter(terminated -> terminated != null && !Objects.equals(terminated.getExitCode(), 0))
                .max(Comparator.comparing(terminated -> String.valueOf(terminated.getFinishedAt())));
        return new Failed(
                end.map(ContainerStateTerminated::getExitCode).orElse(null),
                end.map(JobVerdict::words).orElse(failed.get()));
    }

    /** The message of a condition that is true. */
    private static Optional<String> condition(Job job, String type) {
        if (job.getStatus() == null || job.getStatus().getConditions() == null) {
            return Optional.empty();
        }
        return job.getStatus().getConditions().stream()
                .filter(condition -> type.equals(condition.getType()) && "True".equals(condition.getStatus()))
                .map(condition -> "the Job %s failed: %s"
                        .formatted(
                                job.getMetadata().getName(),
                                Objects.requireNonNullElse(condition.getMessage(), condition.getReason())))
                .findFirst();
    }

    private static Stream<ContainerState> states(Pod pod) {
        if (pod.getStatus() == null || pod.getStatus().getContainerStatuses() == null) {
            return Stream.empty();
        }
        return pod.getStatus().getContainerStatuses().stream()
                .map(ContainerStatus::getState)
                .filter(Objects::nonNull);
    }

    private static String words(ContainerStateTerminated terminated) {
        String message = terminated.getMessage();
        if (message != null && !message.isBlank()) {
            // Its own words are the last line; before that, a log may say more.
            return message.strip().lines().reduce((first, second) -> second).orElse(message);
        }
        return "the program in the Pod ended with %d (%s)".formatted(terminated.getExitCode(), terminated.getReason());
    }
}
