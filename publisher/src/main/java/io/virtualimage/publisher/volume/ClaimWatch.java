package io.virtualimage.publisher.volume;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.k8s.volume.ImageOwner;
import io.virtualimage.k8s.volume.VolumeWork;
import io.virtualimage.topics.Incarnation;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps an eye on the claims of images by an informer: one watch for all namespaces. */
public final class ClaimWatch implements ClaimCache, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ClaimWatch.class);
    private static final String BY_IMAGE = "image";

    private final SharedIndexInformer<PersistentVolumeClaim> informer;

    /** Who wants to hear of claims, by the UIDs of their images. What they do must not take long. */
    public interface Listener {
        /** A claim is there that was not before. */
        void appeared(String uid);

        /** A claim has changed its phase, is being deleted, or is gone. */
        void changed(String uid);
    }

    private ClaimWatch(SharedIndexInformer<PersistentVolumeClaim> informer) {
        this.informer = informer;
    }

    /** Begins to watch; what can't be listed is asked for again and again. */
    public static ClaimWatch start(KubernetesClient client, Listener listener) {
        SharedIndexInformer<PersistentVolumeClaim> informer = client.persistentVolumeClaims()
                .inAnyNamespace()
                .withLabels(ImageOwner.selector(VolumeWork.FILL))
                .runnableInformer(0);
        informer.itemStore(new Trimmed());
        informer.addIndexers(Map.of(BY_IMAGE, claim -> uid(claim).map(List::of).orElse(List.of())));
        informer.addEventHandler(new Handover(listener));
        informer.exceptionHandler((filled, e) -> {
            LOG.atWarn().addKeyValue("message", e.getMessage()).log("claims can't be watched, and are asked for again");
            return true;
        });
        var started = informer.start();
        started.exceptionally(e -> null);
        return new ClaimWatch(informer);
    }

    private static Optional<String> uid(HasMetadata claim) {
        Map<String, String> labels =
                Objects.requireNonNullElse(claim.getMetadata().getLabels(), Map.of());
        return Optional.ofNullable(labels.get(WellKnown.UID_LABEL));
    }

    @Override
    public boolean synced() {
        return informer.hasSynced();
    }

    @Override
    public Optional<PersistentVolumeClaim> claim(String namespace, String name) {
        return informer.isWatching()
                ? Optional.ofNullable(informer.getStore().getByKey(Cache.namespaceKeyFunc(namespace, name)))
                : Optional.empty();
    }

    @Override
    public List<PersistentVolumeClaim> claims(Incarnation image) {
        return informer.getIndexer().byIndex(BY_IMAGE, image.uid());
    }

    @Override
    public void close() {
        informer.stop();
    }

    /** Without what only the API server needs. */
    private static final class Trimmed extends BasicItemStore<PersistentVolumeClaim> {
        Trimmed() {
            super(Cache::metaNamespaceKeyFunc);
        }

        @Override
        public PersistentVolumeClaim put(String key, PersistentVolumeClaim claim) {
            claim.getMetadata().setManagedFields(List.of());
            return super.put(key, claim);
        }
    }

    private record Handover(Listener listener) implements ResourceEventHandler<PersistentVolumeClaim> {
        @Override
        public void onAdd(PersistentVolumeClaim claim) {
            uid(claim).ifPresent(listener::appeared);
        }

        @Override
        public void onUpdate(PersistentVolumeClaim before, PersistentVolumeClaim claim) {
            if (!ClaimPlace.phase(before).equals(ClaimPlace.phase(claim))
                    || ClaimPlace.isGoing(before) != ClaimPlace.isGoing(claim)) {
                uid(claim).ifPresent(listener::changed);
            }
        }

        @Override
        public void onDelete(PersistentVolumeClaim claim, boolean deletedFinalStateUnknown) {
            uid(claim).ifPresent(listener::changed);
        }
    }
}
