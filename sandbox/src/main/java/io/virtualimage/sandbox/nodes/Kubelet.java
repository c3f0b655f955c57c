package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.Container;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodStatus;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.virtualimage.sandbox.components.ComponentException;
import io.virtualimage.sandbox.components.LocalProcess;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Runs the containers of the node's Pods as processes, and says how they are. A Pod that ran when this node last ended has
 * failed. Images, resources, probes, security contexts and ports mean nothing here; init containers are refused.
 */
final class Kubelet implements AutoCloseable {
    private final KubernetesClient client;
    private final ClusterView view;
    private final ContainerVariables variables;
    private final PodVolumes volumes;
    private final VolumeFiles folders;
    private final Path logs;
    private final Clock clock;
    private final Runnable wake;
    private final Map<String, PodRun> runs = new ConcurrentHashMap<>();

    /**
     * Has nothing running yet.
     *
     * @param folders for what Pods have of their own, by UID
     * @param logs a folder, where each run of a container leaves a file that stays
     * @param wake called when a container has ended
     */
    Kubelet(KubernetesClient client, ClusterView view, VolumeFiles folders, Path logs, Clock clock, Runnable wake) {
        this.client = client;
        this.view = view;
        this.variables = new ContainerVariables(client);
        this.volumes = new PodVolumes(view, variables);
        this.folders = folders;
        this.logs = logs;
        this.clock = clock;
        this.wake = wake;
    }

    /** Does what is next for a Pod, if it is this node's. */
    void sync(Pod pod) throws IOException {
        if (!NodeRunner.NODE.equals(pod.getSpec().getNodeName())) {
            return;
        }
        String uid = pod.getMetadata().getUid();
        boolean deleted = pod.getMetadata().getDeletionTimestamp() != null;
        @Nullable PodRun run = runs.get(uid);
        if (run == null) {
            if (PodStatuses.isTerminal(pod)) {
                removeIf(deleted, pod);
                return;
            }
            run = begin(pod, deleted);
            if (run == null) {
                return;
            }
        }
        if (deleted) {
            Duration grace =
                    Duration.ofSeconds(Optional.ofNullable(pod.getMetadata().getDeletionGracePeriodSeconds())
                            .orElse(30L));
            wakeAt(run.terminate(clock.instant(), grace));
        }
        run.killIfLate(clock.instant());
        restart(pod, run);
        report(pod, run);
        removeIf(deleted && run.isOver(pod), pod);
    }

    private @Nullable PodRun begin(Pod pod, boolean deleted) throws IOException {
        String uid = pod.getMetadata().getUid();
        PodRun run;
        if (deleted) {
            run = PodRun.failed(pod, new PodRun.Verdict("Terminated", "deleted before it ran", clock.instant()));
        } else if (PodStatuses.hasStarted(pod)) {
            run = PodRun.failed(
                    pod, new PodRun.Verdict("NodeRestarted", "the node ended while the Pod ran", clock.instant()));
        } else {
            try {
                run = PodRun.of(pod);
                start(pod, run);
            } catch (NotYetException e) {
                patch(pod, json(PodStatuses.waiting(pod, String.valueOf(e.getMessage()))));
                return null;
            } catch (UnsupportedPodException e) {
                String message = "the sandbox can't run this: " + e.getMessage();
                run = PodRun.failed(pod, new PodRun.Verdict("Unsupported", message, clock.instant()));
            } catch (ComponentException e) {
                String message = String.valueOf(e.getMessage());
                run = PodRun.failed(pod, new PodRun.Verdict("StartError", message, clock.instant()));
            }
        }
        runs.put(uid, run);
        return run;
    }

    private void start(Pod pod, PodRun run) throws IOException {
        if (!pod.getSpec().getInitContainers().isEmpty()) {
            throw new UnsupportedPodException("it has init containers");
        }
        Map<Container, LocalProcess.Program> programs = new LinkedHashMap<>();
        for (Container container : pod.getSpec().getContainers()) {
            programs.put(container, program(pod, container, 0)); // so that nothing runs if one of them can't
        }
        try {
            programs.forEach((container, program) -> run.put(start(pod, container, program, 0)));
        } catch (ComponentException e) {
            run.kill();
            throw e;
        }
    }

    private LocalProcess.Program program(Pod pod, Container container, int restarts) throws IOException {
        Path folder = folders.path(pod.getMetadata().getUid());
        Files.createDirectories(folder);
        Launch launch = Launch.of(
                container,
                image(pod),
                variables.of(pod, container),
                new MountPaths(volumes.places(pod, container, folder)));
        String name = pod.getMetadata().getNamespace() + "_" + pod.getMetadata().getName();
        String run = name + "_" + pod.getMetadata().getUid() + "_" + container.getName() + "-" + restarts;
        return new LocalProcess.Program(name + "_" + container.getName(), logs.resolve(run + ".log"), launch.command())
                .withEnvironment(launch.environment())
                .asContained();
    }

    /** What an image would say: this JVM's Java is on the path. */
    private static Map<String, String> image(Pod pod) {
        String java = System.getProperty("java.home");
        String path = System.getenv().getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin");
        return Map.of(
                "PATH",
                Path.of(java, "bin") + File.pathSeparator + path,
                "JAVA_HOME",
                java,
                "HOME",
                System.getProperty("user.home"),
                "HOSTNAME",
                pod.getMetadata().getName());
    }

    private ContainerRun start(Pod pod, Container container, LocalProcess.Program program, int restarts) {
        Path message = PodVolumes.terminationMessage(
                container, folders.path(pod.getMetadata().getUid()));
        return ContainerRun.start(container, program, restarts, message, clock, wake);
    }

    private void restart(Pod pod, PodRun run) throws IOException {
        for (Container container : pod.getSpec().getContainers()) {
            @Nullable Instant at = run.restartAt(pod, container).orElse(null);
            if (at == null) {
                continue;
            }
            if (clock.instant().isBefore(at)) {
                wakeAt(at);
            } else {
                int restarts = run.container(container.getName()).orElseThrow().restarts() + 1;
                run.put(start(pod, container, program(pod, container, restarts), restarts));
            }
        }
    }

    private void wakeAt(Instant at) {
        long millis = Math.max(0, Duration.between(clock.instant(), at).toMillis()) + 1;
        CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(wake);
    }

    private void report(Pod pod, PodRun run) {
        String status = json(PodStatuses.of(pod, run));
        if (!run.isReported(status)) {
            patch(pod, status);
            run.reported(status);
        }
    }

    private String json(PodStatus status) {
        return client.getKubernetesSerialization().asJson(status);
    }

    private void patch(Pod pod, String status) {
        // Of the conditions, this one names only the kubelet's own.
        client.pods()
                .inNamespace(pod.getMetadata().getNamespace())
                .withName(pod.getMetadata().getName())
                .subresource("status")
                .patch(
                        PatchContext.of(PatchType.STRATEGIC_MERGE),
                        "{\"metadata\":{\"uid\":\"" + pod.getMetadata().getUid() + "\"},\"status\":" + status + "}");
    }

    private void removeIf(boolean over, Pod pod) {
        @Nullable Long grace = pod.getMetadata().getDeletionGracePeriodSeconds();
        if (over && grace != null && grace > 0) {
            client.pods()
                    .inNamespace(pod.getMetadata().getNamespace())
                    .withName(pod.getMetadata().getName())
                    .withGracePeriod(0)
                    .delete();
        }
    }

    /** Ends what runs for Pods that are gone, and removes what they had. */
    void sweep() throws IOException {
        Set<String> known =
                view.pods().stream().map(pod -> pod.getMetadata().getUid()).collect(Collectors.toSet());
        for (String uid : List.copyOf(runs.keySet())) {
            if (!known.contains(uid)) {
                Optional.ofNullable(runs.get(uid)).ifPresent(PodRun::kill);
                runs.remove(uid);
            }
        }
        for (String uid : folders.names()) {
            if (!known.contains(uid)) {
                folders.delete(uid);
            }
        }
    }

    Optional<ContainerRun> container(String namespace, String pod, String container) {
        return runs.values().stream()
                .filter(run -> run.is(namespace, pod))
                .flatMap(run -> run.container(container).stream())
                .findFirst();
    }

    /** Kills all of it, as a node's end would. */
    @Override
    public void close() {
        runs.values().forEach(PodRun::kill);
    }
}
