package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.Node;
import io.fabric8.kubernetes.api.model.NodeBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.virtualimage.sandbox.components.ComponentException;
import io.virtualimage.sandbox.components.KubeApi;
import io.virtualimage.sandbox.components.RunningComponent;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one node of a Kubernetes API that was started here, its scheduler and its storage driver, so that Jobs run for
 * real. A container is a process of this machine, with the container's command, arguments and variables and no others; its
 * mount paths are replaced in these by where the volumes are ({@link MountPaths}). It is as its Pod's author wrote it in
 * all that the API shows: phases, exit codes, termination messages, restarts, deletion with grace. There is no isolation:
 * processes see all files, {@code readOnly} isn't held, and images are not looked at.
 *
 * <p>Level-triggered: any change of a Pod, a claim, a volume or a snapshot makes one thread look at all of them again.
 */
public final class NodeRunner implements RunningComponent {
    public static final String NODE = "sandbox-node";
    static final String ADDRESS = "127.0.0.1";

    private static final Logger LOG = LoggerFactory.getLogger(NodeRunner.class);
    private static final Duration RESYNC = Duration.ofSeconds(5);

    private final KubernetesClient client;
    private final ClusterView view;
    private final VolumeProvisioner provisioner;
    private final VolumeSnapshotter snapshotter;
    private final PodScheduler scheduler;
    private final Kubelet kubelet;
    private final VolumeFiles volumes;
    private final VolumeFiles snapshots;
    private final Semaphore changes;
    private final Thread thread;

    private NodeRunner(KubernetesClient client, ClusterView view, Path directory, Semaphore changes)
            throws IOException {
        this.client = client;
        this.view = view;
        this.changes = changes;
        volumes = new VolumeFiles(directory.resolve("volumes"));
        snapshots = new VolumeFiles(directory.resolve("snapshots"));
        VolumeFiles folders = new VolumeFiles(directory.resolve("pods"));
        Chores chores = new Chores(changes::release);
        provisioner = new VolumeProvisioner(
                client, view, volumes, snapshots, chores, new ClaimEvents(client, Clock.systemUTC()));
        snapshotter = new VolumeSnapshotter(client, view, volumes, snapshots, chores);
        scheduler = new PodScheduler(client, view);
        kubelet = new Kubelet(client, view, folders, directory, Clock.systemUTC(), changes::release);
        thread = Thread.ofPlatform().name("sandbox-node").daemon().unstarted(this::run);
    }

    /**
     * Starts it, with a node and the classes of {@link LocalStorage} in the API. What is in the directory stays: volumes
     * and snapshots of an earlier run are taken up again, its Pods have failed.
     *
     * @param api one that was started here, with {@code k8s/crds/external} applied
     * @throws ComponentException if the API doesn't answer or the directory can't be written
     */
    public static NodeRunner start(KubeApi api, Path directory) {
        if (!api.isStartedHere()) {
            throw new IllegalArgumentException("an existing cluster has nodes of its own");
        }
        KubernetesClient client = api.newClient();
        @Nullable ClusterView view = null;
        try {
            register(client);
            Semaphore changes = new Semaphore(1);
            view = ClusterView.open(client, RESYNC, changes::release);
            NodeRunner runner = new NodeRunner(client, view, directory.toAbsolutePath(), changes);
            runner.thread.start();
            return runner;
        } catch (IOException | RuntimeException e) {
            if (view != null) {
                view.close();
            }
            client.close();
            throw e instanceof ComponentException known
                    ? known
                    : new ComponentException("The sandbox's node can't be started: " + e.getMessage(), e);
        }
    }

    private static void register(KubernetesClient client) {
        for (StorageClass storage : LocalStorage.classes()) {
            client.resource(storage).forceConflicts().serverSideApply();
        }
        Node node = new NodeBuilder()
                .withNewMetadata()
                .withName(NODE)
                .addToLabels("kubernetes.io/hostname", NODE)
                .endMetadata()
                .withNewStatus()
                .addNewAddress(ADDRESS, "InternalIP")
                .addToCapacity("pods", new Quantity("1000"))
                .addToAllocatable("pods", new Quantity("1000"))
                .addNewCondition()
                .withType("Ready")
                .withStatus("True")
                .withReason("SandboxReady")
                .endCondition()
                .endStatus()
                .build();
        client.resource(node).forceConflicts().serverSideApply();
        client.nodes()
                .withName(NODE)
                .subresource("status")
                .patch(
                        PatchContext.of(PatchType.STRATEGIC_MERGE),
                        client.getKubernetesSerialization().asJson(node));
        // Every node is born with a taint, "not ready", which only its controller would take away.
        client.nodes()
                .withName(NODE)
                .edit(born -> new NodeBuilder(born)
                        .editSpec()
                        .withTaints(List.of())
                        .endSpec()
                        .build());
    }

    private void run() {
        try {
            while (true) {
                changes.acquire();
                changes.drainPermits();
                view.claims().forEach(claim -> attempt(claim, () -> provisioner.provision(claim)));
                view.snapshots().forEach(snapshot -> attempt(snapshot, () -> snapshotter.take(snapshot)));
                view.pods()
                        .forEach(pod -> attempt(pod, () -> {
                            scheduler.schedule(pod);
                            kubelet.sync(pod);
                        }));
                view.volumes().forEach(volume -> attempt(volume, () -> provisioner.reclaim(volume)));
                attempt(null, provisioner::sweep);
                attempt(null, snapshotter::sweep);
                attempt(null, kubelet::sweep);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // closed
        }
    }

    @FunctionalInterface
    private interface Step {
        void take() throws IOException;
    }

    /** One object's trouble is not another's; it is looked at again at the next change, or resync. */
    private void attempt(@Nullable HasMetadata object, Step step) {
        try {
            step.take();
        } catch (IOException | RuntimeException e) {
            String name = object == null
                    ? "leftovers"
                    : object.getKind() + " " + object.getMetadata().getNamespace() + "/"
                            + object.getMetadata().getName();
            if (!Thread.currentThread().isInterrupted()) {
                (StaleView.isBehind(e) ? LOG.atDebug() : LOG.atWarn())
                        .addKeyValue("object", name)
                        .setCause(e)
                        .log("the node's work failed, and will be tried again");
            }
        }
    }

    /** The process of a Pod's container, for tests that kill it; empty if it never ran here. */
    public OptionalLong pid(String namespace, String pod, String container) {
        return kubelet.container(namespace, pod, container)
                .map(run -> OptionalLong.of(run.pid()))
                .orElseGet(OptionalLong::empty);
    }

    /** Where the content of a PersistentVolume is, if it is there: a folder, or a file if its mode is Block. */
    public Path content(String persistentVolume) {
        return volumes.path(persistentVolume);
    }

    /** Where the content of a VolumeSnapshot is, by its UID, if it is there. */
    public Path snapshotContent(String uid) {
        return snapshots.path(uid);
    }

    @Override
    public String describe() {
        return "a node of local processes";
    }

    @Override
    public void close() {
        thread.interrupt();
        boolean interrupted = false;
        try {
            thread.join(Duration.ofSeconds(30));
        } catch (InterruptedException _) {
            interrupted = true;
        }
        kubelet.close();
        view.close();
        client.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
