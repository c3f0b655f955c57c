package io.virtualimage.sandbox.endtoend;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageStatus;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Everything that one VirtualImage ever was for those who watch it, from before it was there. */
final class Observed implements Watcher<VirtualImage>, AutoCloseable {
    private final List<VirtualImage> versions = new ArrayList<>();
    private final Watch watch;
    private @Nullable WatcherException broken;

    Observed(KubernetesClient client, String namespace, String name) {
        this.watch = client.resources(VirtualImage.class)
                .inNamespace(namespace)
                .withName(name)
                .watch(this);
    }

    @Override
    public synchronized void eventReceived(Action action, VirtualImage image) {
        versions.add(image);
    }

    @Override
    public synchronized void onClose(WatcherException cause) {
        broken = cause;
    }

    /** In their order. */
    synchronized List<VirtualImage> versions() {
        if (broken != null) {
            throw new IllegalStateException("not all was seen", broken);
        }
        return List.copyOf(versions);
    }

    /** The status that it has now, if that speaks of this generation. */
    Optional<VirtualImageStatus> statusOf(long generation) {
        List<VirtualImage> all = versions();
        return all.isEmpty()
                ? Optional.empty()
                : Optional.ofNullable(all.getLast().getStatus())
                        .filter(status ->
                                status.observedGeneration() != null && status.observedGeneration() == generation);
    }

    boolean isReady() {
        List<VirtualImage> all = versions();
        return !all.isEmpty() && all.getLast().phase() == Phase.READY;
    }

    @Override
    public void close() {
        watch.close();
    }
}
