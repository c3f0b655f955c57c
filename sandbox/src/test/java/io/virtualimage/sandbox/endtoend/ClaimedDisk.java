package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.PersistentVolume;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

/**
 * A disk on a claim, seen from the node that the volume is on: a raw image.
 *
 * @param file {@code disk.img} in the volume's folder, or the volume itself if it is a block device
 */
record ClaimedDisk(String claim, Path file) {
    /** The claim of a VirtualImage that is Ready. */
    static ClaimedDisk of(World world, String image) {
        String claim = Objects.requireNonNull(
                        world.images().find(image).orElseThrow().getStatus())
                .target()
                .persistentVolumeClaimName();
        return of(world, "default", claim);
    }

    /** A claim of a namespace, once it is bound. */
    static ClaimedDisk of(World world, String namespace, String claim) {
        try (KubernetesClient client = client(world)) {
            return of(client, namespace, claim);
        }
    }

    /** A new claim, bound at once, with nothing in it. */
    static ClaimedDisk create(World world, String claim, String storageClass, long lengthBytes) {
        try (KubernetesClient client = client(world)) {
            client.resource(new PersistentVolumeClaimBuilder()
                            .withNewMetadata()
                            .withName(claim)
                            .withNamespace("default")
                            .endMetadata()
                            .withNewSpec()
                            .withStorageClassName(storageClass)
                            .withAccessModes("ReadWriteOnce")
                            .withNewResources()
                            .addToRequests("storage", new Quantity(Long.toString(lengthBytes)))
                            .endResources()
                            .endSpec()
                            .build())
                    .create();
            return of(client, "default", claim);
        }
    }

    private static ClaimedDisk of(KubernetesClient client, String namespace, String claim) {
        PersistentVolumeClaim bound = client.persistentVolumeClaims()
                .inNamespace(namespace)
                .withName(claim)
                .waitUntilCondition(
                        found -> found != null
                                && found.getStatus() != null
                                && "Bound".equals(found.getStatus().getPhase()),
                        1,
                        TimeUnit.MINUTES);
        PersistentVolume volume = client.persistentVolumes()
                .withName(bound.getSpec().getVolumeName())
                .get();
        Path path = Path.of(volume.getSpec().getLocal().getPath());
        return new ClaimedDisk(claim, Files.isDirectory(path) ? path.resolve("disk.img") : path);
    }

    static KubernetesClient client(World world) {
        return new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(world.sandbox().kubeconfig().toFile()))
                .build();
    }

    /** Holds the same disk as an image file does. */
    void assertSameAs(World world, Path image, String format) throws Exception {
        assertThat(file).exists();
        Programs.run(
                world.directory(), "qemu-img", "compare", "-f", "raw", "-F", format, file.toString(), image.toString());
    }
}
