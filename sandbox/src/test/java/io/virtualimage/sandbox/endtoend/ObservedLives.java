package io.virtualimage.sandbox.endtoend;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The phases of images, one after another and none left out, as one watch on a namespace sees them. */
final class ObservedLives implements AutoCloseable {
    private final Map<String, List<Seen>> byUid = new HashMap<>();
    private final Watch watch;
    private boolean closed;
    private WatcherException broken;

    /** @param object as it was when its phase became that; of one that is gone, as it was last */
    record Seen(String phase, VirtualImage object) {}

    ObservedLives(KubernetesClient client, String namespace) {
        this.watch = client.resources(VirtualImage.class).inNamespace(namespace).watch(new Watcher<>() {
            @Override
            public void eventReceived(Action action, VirtualImage image) {
                see(action, image);
            }

            @Override
            public void onClose(WatcherException cause) {
                end(cause);
            }
        });
    }

    private synchronized void see(Watcher.Action action, VirtualImage image) {
        List<Seen> life = byUid.computeIfAbsent(image.getMetadata().getUid(), _ -> new ArrayList<>());
        Phase phase = image.phase();
        String now = action == Watcher.Action.DELETED ? PhaseArrow.NOWHERE : phase == null ? "" : phase.wire();
        if (life.isEmpty() || !life.getLast().phase().equals(now)) {
            life.add(new Seen(now, image));
            notifyAll();
        }
    }

    private synchronized void end(WatcherException cause) {
        if (!closed) {
            broken = cause;
            notifyAll();
        }
    }

    /**
     * What an image came to, waiting for it.
     *
     * @param index how many phases it had before, that of an object which nobody had seen included
     */
    synchronized Seen await(String uid, int index, Duration atMost) throws InterruptedException {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (broken == null && phases(uid).size() <= index) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                throw new AssertionError("no other phase within %d s after %s"
                        .formatted(
                                atMost.toSeconds(),
                                phases(uid).stream().map(Seen::phase).toList()));
            }
            wait(left);
        }
        if (broken != null) {
            throw new AssertionError("the watch broke", broken);
        }
        return phases(uid).get(index);
    }

    private List<Seen> phases(String uid) {
        return byUid.getOrDefault(uid, List.of());
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        watch.close();
    }
}
