package io.virtualimage.watcher;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.WellKnown;
import java.net.HttpURLConnection;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The VirtualImages of all namespaces, by an informer; written with JSON Patch (RFC 6902). */
final class ClusterImages implements ImageObjects, AutoCloseable {
    private static final String BY_UID = "uid";

    private final KubernetesClient client;
    private final SharedIndexInformer<VirtualImage> informer;

    /** @param onChange called with an object that appeared, changed or went; must only hand over */
    ClusterImages(KubernetesClient client, Consumer<VirtualImage> onChange) {
        this.client = client;
        this.informer = client.resources(VirtualImage.class).inAnyNamespace().runnableInformer(0);
        informer.addIndexers(Map.of(BY_UID, image -> List.of(image.getMetadata().getUid())));
        informer.addEventHandler(new Handover(onChange));
        // The API server may be away at the start, or not know the resource yet.
        informer.exceptionHandler((started, e) -> true);
    }

    /** Hands over what changed, and does nothing itself: the informer waits for it. */
    private record Handover(Consumer<VirtualImage> onChange) implements ResourceEventHandler<VirtualImage> {
        @Override
        public void onAdd(VirtualImage image) {
            onChange.accept(image);
        }

        @Override
        public void onUpdate(VirtualImage before, VirtualImage image) {
            onAdd(before); // of another UID, if one object replaced the other unseen
            onAdd(image);
        }

        @Override
        public void onDelete(VirtualImage image, boolean deletedFinalStateUnknown) {
            onAdd(image);
        }
    }

    void start() {
        var started = informer.start();
        started.exceptionally(e -> null);
    }

    /** Whether the cache has been filled once. */
    boolean synced() {
        return informer.hasSynced();
    }

    @Override
    public Collection<String> uids() {
        return informer.getStore().list().stream()
                .map(image -> image.getMetadata().getUid())
                .collect(Collectors.toSet());
    }

    @Override
    public Optional<WantedImage> known(String uid) {
        return informer.getIndexer().byIndex(BY_UID, uid).stream().findFirst().map(WantedImage::of);
    }

    /** The object of this name in the cache. */
    Optional<VirtualImage> find(String namespace, String name) {
        return Optional.ofNullable(informer.getStore().getByKey(Cache.namespaceKeyFunc(namespace, name)));
    }

    @Override
    public boolean exists(String namespace, String name, String uid) {
        VirtualImage image = resource(namespace, name).get();
        return image != null && uid.equals(image.getMetadata().getUid());
    }

    @Override
    public void addFinalizer(WantedImage image) {
        boolean first = image.finalizers().isEmpty();
        patch(
                image,
                test("/metadata/uid", image.uid()),
                // A finalizer that somebody else put on meanwhile must not be lost, nor ours be on twice.
                test("/metadata/resourceVersion", image.resourceVersion()),
                first
                        ? operation("add", "/metadata/finalizers", List.of(WellKnown.CLEANUP_FINALIZER))
                        : operation("add", "/metadata/finalizers/-", WellKnown.CLEANUP_FINALIZER));
    }

    @Override
    public void removeFinalizer(WantedImage image) {
        String place = "/metadata/finalizers/" + image.finalizers().indexOf(WellKnown.CLEANUP_FINALIZER);
        try {
            patch(
                    image,
                    test("/metadata/uid", image.uid()),
                    test(place, WellKnown.CLEANUP_FINALIZER),
                    operation("remove", place, null));
        } catch (KubernetesClientException e) {
            if (e.getCode() != HttpURLConnection.HTTP_NOT_FOUND) {
                throw e;
            }
        }
    }

    private void patch(WantedImage image, Map<?, ?>... operations) {
        String json = client.getKubernetesSerialization().asJson(new ArrayList<>(List.of(operations)));
        resource(image.namespace(), image.name()).patch(PatchContext.of(PatchType.JSON), json);
    }

    private Resource<VirtualImage> resource(String namespace, String name) {
        return client.resources(VirtualImage.class).inNamespace(namespace).withName(name);
    }

    private static Map<String, Object> test(String path, String value) {
        return operation("test", path, value);
    }

    private static Map<String, Object> operation(String op, String path, @Nullable Object value) {
        Map<String, Object> operation = new LinkedHashMap<>();
        operation.put("op", op);
        operation.put("path", path);
        if (value != null) {
            operation.put("value", value);
        }
        return operation;
    }

    @Override
    public void close() {
        informer.stop();
    }
}
