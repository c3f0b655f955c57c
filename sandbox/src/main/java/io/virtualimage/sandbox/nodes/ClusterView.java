package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.storage.StorageClass;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.virtualimage.sandbox.components.ComponentException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What the API holds, as informers know it: now, or a moment ago. */
final class ClusterView implements AutoCloseable {
    static final ResourceDefinitionContext SNAPSHOT = new ResourceDefinitionContext.Builder()
            .withGroup("snapshot.storage.k8s.io")
            .withVersion("v1")
            .withKind("VolumeSnapshot")
            .withPlural("volumesnapshots")
            .withNamespaced(true)
            .build();

    private final SharedIndexInformer<Pod> pods;
    private final SharedIndexInformer<PersistentVolumeClaim> claims;
    private final SharedIndexInformer<PersistentVolume> volumes;
    private final SharedIndexInformer<StorageClass> classes;
    private final SharedIndexInformer<GenericKubernetesResource> snapshots;

    private ClusterView(KubernetesClient client, long resyncMillis, Runnable onChange) {
        pods = client.pods().inAnyNamespace().inform(new Wake<>(onChange), resyncMillis);
        claims = client.persistentVolumeClaims().inAnyNamespace().inform(new Wake<>(onChange), resyncMillis);
        volumes = client.persistentVolumes().inform(new Wake<>(onChange), resyncMillis);
        classes = client.storage().v1().storageClasses().inform(new Wake<>(onChange), resyncMillis);
        snapshots =
                client.genericKubernetesResources(SNAPSHOT).inAnyNamespace().inform(new Wake<>(onChange), resyncMillis);
    }

    /**
     * Knows everything that is there when it returns.
     *
     * @param resync how often {@code onChange} is called without a change
     * @throws ComponentException if the API doesn't answer, or serves no VolumeSnapshots
     */
    static ClusterView open(KubernetesClient client, Duration resync, Runnable onChange) {
        try {
            if (client.raw("/apis/" + SNAPSHOT.getGroup() + "/" + SNAPSHOT.getVersion()) == null) {
                throw new ComponentException("The API serves no VolumeSnapshots: apply k8s/crds/external first");
            }
            return new ClusterView(client, resync.toMillis(), onChange);
        } catch (KubernetesClientException e) {
            throw new ComponentException("The sandbox's node can't see the cluster: " + e.getMessage(), e);
        }
    }

    private record Wake<T>(Runnable onChange) implements ResourceEventHandler<T> {
        @Override
        public void onAdd(T added) {
            onChange.run();
        }

        @Override
        public void onUpdate(T old, T updated) {
            onChange.run();
        }

        @Override
        public void onDelete(T deleted, boolean unknownFinalState) {
            onChange.run();
        }
    }

    List<Pod> pods() {
        return pods.getStore().list();
    }

    List<PersistentVolumeClaim> claims() {
        return claims.getStore().list();
    }

    List<PersistentVolume> volumes() {
        return volumes.getStore().list();
    }

    List<GenericKubernetesResource> snapshots() {
        return snapshots.getStore().list();
    }

    Optional<PersistentVolumeClaim> claim(String namespace, String name) {
        return named(claims(), namespace, name);
    }

    Optional<GenericKubernetesResource> snapshot(String namespace, String name) {
        return named(snapshots(), namespace, name);
    }

    Optional<PersistentVolume> volume(String name) {
        return volumes().stream()
                .filter(volume -> volume.getMetadata().getName().equals(name))
                .findFirst();
    }

    Optional<StorageClass> storageClass(String name) {
        return classes.getStore().list().stream()
                .filter(known -> known.getMetadata().getName().equals(name))
                .findFirst();
    }

    private static <T extends HasMetadata> Optional<T> named(List<T> all, String namespace, String name) {
        return all.stream()
                .filter(one -> one.getMetadata().getName().equals(name)
                        && one.getMetadata().getNamespace().equals(namespace))
                .findFirst();
    }

    @Override
    public void close() {
        List.of(pods, claims, volumes, classes, snapshots).forEach(SharedIndexInformer::close);
    }
}
