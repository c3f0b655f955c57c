package io.virtualimage.watcher;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.virtualimage.k8s.KubernetesConnection;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.stage.process.View;
import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** The service: watches VirtualImages and what they wait for, and says on {@code virtualimage.requests} what is wanted. */
public final class Watcher implements AutoCloseable {
    /** Until caches are filled, a look is put off by so much. */
    private static final Duration WARM_UP = Duration.ofMillis(500);

    private final ClusterImages objects;
    private final ClusterSurroundings surroundings;
    private final Leadership leadership;
    private final KeyQueue queue;
    private final Reconciler reconciler;
    private volatile BooleanSupplier warm = () -> false;

    /**
     * Starts it; it ends with the runtime. Reads the settings {@code KUBECONFIG}, {@code POD_NAMESPACE} (of the Lease; {@code default}), {@code
     * WITHDRAWN_KEPT} ({@code 24h}) and {@code RESYNC} ({@code 1m}).
     *
     * @throws IllegalStateException if a setting is malformed
     */
    public static void start(StageRuntime runtime, Settings settings) {
        String namespace = settings.text("POD_NAMESPACE", "default");
        Duration withdrawnKept = settings.duration("WITHDRAWN_KEPT", Duration.ofHours(24));
        Duration resync = settings.duration("RESYNC", Duration.ofMinutes(1));
        Optional<String> kubeconfig = settings.optional("KUBECONFIG");
        settings.check();
        KubernetesClient client = runtime.keep(KubernetesConnection.open(kubeconfig));
        Watcher watcher = runtime.keep(new Watcher(runtime, client, namespace, new RequestPlanner(withdrawnKept)));
        watcher.begin(runtime, resync);
    }

    private Watcher(StageRuntime runtime, KubernetesClient client, String namespace, RequestPlanner planner) {
        this.queue = new KeyQueue("watcher", this::look);
        this.objects = new ClusterImages(client, this::changed);
        this.surroundings = new ClusterSurroundings(client, objects, queue::add, runtime.clock());
        this.leadership =
                new Leadership(client, namespace, WellKnown.WATCHER_LEASE, runtime.replica(), this::lookAtAll);
        this.reconciler = new Reconciler(
                planner,
                objects,
                surroundings,
                runtime.announcer(),
                runtime.tombstones(),
                runtime.clock(),
                leadership::leading);
    }

    private void changed(VirtualImage image) {
        queue.add(image.getMetadata().getUid());
        surroundings.changed(image);
    }

    private void begin(StageRuntime runtime, Duration resync) {
        View view = runtime.view(Set.of(Topic.REQUESTS, Topic.PUBLISHED), record -> {
            reconciler.heard(record);
            queue.add(record.key());
        });
        warm = () -> view.caughtUp() && objects.synced();
        runtime.addReadiness("watcher", warm);
        objects.start();
        leadership.start();
        runtime.every(resync, "resync", this::lookAtAll);
    }

    private void lookAtAll() {
        reconciler.uids().forEach(queue::add);
    }

    private Optional<Duration> look(String uid) throws Exception {
        if (!leadership.leading()) {
            return Optional.empty(); // all are looked at when that changes
        }
        return warm.getAsBoolean() ? reconciler.reconcile(uid) : Optional.of(WARM_UP);
    }

    @Override
    public void close() {
        leadership.close();
        queue.close();
        surroundings.close();
        objects.close();
    }
}
