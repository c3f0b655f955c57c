package io.virtualimage.sandbox.endtoend;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import io.virtualimage.sandbox.nodes.LocalStorage;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.awaitility.Awaitility;

/** A user's disks in the cluster of a {@link World}: claims, and the objects that refer to them. */
final class Disks implements AutoCloseable {
    private static final String NAMESPACE = "default";
    private static final Duration SOON = Duration.ofSeconds(60);

    private final KubernetesClient client;
    private final Path volumes;

    Disks(World world) {
        this.client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(world.sandbox().kubeconfig().toFile()))
                .build();
        this.volumes = world.directory().resolve("sandbox").resolve("node").resolve("volumes");
    }

    /** Makes a claim and returns where its content is, a file or a folder. */
    Path claim(String name, String size, String mode) {
        PersistentVolumeClaim claim = new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withName(name)
                .withNamespace(NAMESPACE)
                .endMetadata()
                .withNewSpec()
                .withAccessModes("ReadWriteOnce")
                .withVolumeMode(mode)
                .withStorageClassName(LocalStorage.IMMEDIATE_CLASS)
                .withNewResources()
                .addToRequests("storage", new Quantity(size))
                .endResources()
                .endSpec()
                .build();
        client.resource(claim).create();
        String volume = client.resource(claim)
                .waitUntilCondition(
                        now -> now != null
                                && now.getStatus() != null
                                && "Bound".equals(now.getStatus().getPhase()),
                        SOON.toMillis(),
                        java.util.concurrent.TimeUnit.MILLISECONDS)
                .getSpec()
                .getVolumeName();
        return volumes.resolve(volume);
    }

    /** A VirtualDisk on a claim, which no machine uses. */
    void disk(String name, String claim) {
        foreign(
                "virtualization.deckhouse.io/v1alpha2",
                "VirtualDisk",
                name,
                "{}",
                "{phase: Ready, target: {persistentVolumeClaimName: %s}}".formatted(claim));
    }

    /** A snapshot of a claim, taken, and the VirtualDiskSnapshot that refers to it. */
    void snapshot(String name, String claim) {
        foreign(
                "snapshot.storage.k8s.io/v1",
                "VolumeSnapshot",
                name,
                "{source: {persistentVolumeClaimName: %s}}".formatted(claim),
                null);
        Awaitility.await().atMost(SOON).until(() -> {
            GenericKubernetesResource now = client.genericKubernetesResources(
                            "snapshot.storage.k8s.io/v1", "VolumeSnapshot")
                    .inNamespace(NAMESPACE)
                    .withName(name)
                    .get();
            return Boolean.TRUE.equals(now.<Object>get("status", "readyToUse"));
        });
        foreign(
                "virtualization.deckhouse.io/v1alpha2",
                "VirtualDiskSnapshot",
                name,
                "{}",
                "{phase: Ready, volumeSnapshotName: %s}".formatted(name));
    }

    private void foreign(String version, String kind, String name, String spec, String status) {
        String yaml = """
                apiVersion: %s
                kind: %s
                metadata: {name: %s, namespace: %s}
                spec: %s
                """.formatted(version, kind, name, NAMESPACE, spec);
        GenericKubernetesResource object = client.getKubernetesSerialization().unmarshal(yaml);
        client.resource(object).create();
        if (status != null) {
            GenericKubernetesResource with =
                    client.getKubernetesSerialization().unmarshal(yaml + "status: " + status + "\n");
            client.resource(with).updateStatus();
        }
    }

    /** The Jobs, Pods and claims that are there for an image. */
    List<String> madeFor(String uid) {
        Map<String, String> label = Map.of(WellKnown.UID_LABEL, uid);
        List<HasMetadata> all = new ArrayList<>();
        all.addAll(client.batch()
                .v1()
                .jobs()
                .inNamespace(NAMESPACE)
                .withLabels(label)
                .list()
                .getItems());
        all.addAll(pods(uid));
        all.addAll(client.persistentVolumeClaims()
                .inNamespace(NAMESPACE)
                .withLabels(label)
                .list()
                .getItems());
        return all.stream()
                .map(made -> made.getKind() + " " + made.getMetadata().getName())
                .toList();
    }

    /** The Pods that are there for an image, whatever has become of them. */
    List<Pod> pods(String uid) {
        return client.pods()
                .inNamespace(NAMESPACE)
                .withLabel(WellKnown.UID_LABEL, uid)
                .list()
                .getItems();
    }

    @Override
    public void close() {
        client.close();
    }
}
