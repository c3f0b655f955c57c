package io.virtualimage.sandbox.endtoend;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.minio.ListObjectsArgs;
import io.minio.MinioClient;
import io.minio.Result;
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What there is of a namespace's images beside their objects: in staging, in the registry, on claims and in Jobs. */
final class Traces implements AutoCloseable {
    private final World world;
    private final String namespace;
    private final MinioClient store;
    private final KubernetesClient client;

    Traces(World world, String namespace) {
        this.world = world;
        this.namespace = namespace;
        this.client = ClaimedDisk.client(world);
        this.store = MinioClient.builder()
                .endpoint(world.sandbox().value("S3_ENDPOINT"))
                .region("us-east-1")
                .credentials(
                        world.sandbox().value("S3_ACCESS_KEY"), world.sandbox().value("S3_SECRET_KEY"))
                .build();
    }

    /**
     * A claim, a Job or a Pod that was made for an image.
     *
     * @param incarnation as it stands in the label: {@code <generation>-<run>}
     */
    record Made(String kind, String name, String uid, String incarnation) {}

    /** Names of the staged objects of an image; of all images if it is empty. */
    List<String> staged(String uid) throws MinioException {
        List<String> names = new ArrayList<>();
        for (Result<Item> item : store.listObjects(ListObjectsArgs.builder()
                .bucket(world.sandbox().value("S3_BUCKET"))
                .prefix(uid.isEmpty() ? "" : uid + "/")
                .recursive(true)
                .build())) {
            String name = item.get().objectName();
            if (!name.endsWith("/")) { // an empty folder of a store that keeps objects as files
                names.add(name);
            }
        }
        return names;
    }

    /** The tags of an image's repository, as the registry keeps them. */
    List<String> tags(String image) throws IOException {
        return names(repository(image).resolve("_manifests").resolve("tags"));
    }

    /** The manifests of an image's repository that the registry has not deleted, by their hashes. */
    List<String> manifests(String image) throws IOException {
        Path revisions =
                repository(image).resolve("_manifests").resolve("revisions").resolve("sha256");
        return names(revisions).stream()
                .filter(hash -> Files.exists(revisions.resolve(hash).resolve("link")))
                .toList();
    }

    /** The uploads to an image's repository that were neither completed nor cancelled. */
    List<String> uploads(String image) throws IOException {
        return names(repository(image).resolve("_uploads"));
    }

    private Path repository(String image) {
        return world.sandbox()
                .registry()
                .folder()
                .resolve("docker/registry/v2/repositories/vi")
                .resolve(namespace)
                .resolve(image);
    }

    private static List<String> names(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> all = Files.list(folder)) {
            return all.map(path -> path.getFileName().toString()).sorted().toList();
        }
    }

    /** The claims, Jobs and Pods that were made for images of the namespace. */
    List<Made> made() {
        Stream<HasMetadata> all = Stream.of(
                        client.persistentVolumeClaims()
                                .inNamespace(namespace)
                                .withLabel(WellKnown.UID_LABEL)
                                .list()
                                .getItems(),
                        client.batch()
                                .v1()
                                .jobs()
                                .inNamespace(namespace)
                                .withLabel(WellKnown.UID_LABEL)
                                .list()
                                .getItems(),
                        client.pods()
                                .inNamespace(namespace)
                                .withLabel(WellKnown.UID_LABEL)
                                .list()
                                .getItems())
                .flatMap(List::stream);
        return all.map(object -> new Made(
                        object.getKind(),
                        object.getMetadata().getName(),
                        object.getMetadata().getLabels().get(WellKnown.UID_LABEL),
                        object.getMetadata().getLabels().getOrDefault(WellKnown.INCARNATION_LABEL, "none")))
                .toList();
    }

    @Override
    public void close() {
        client.close();
        try {
            store.close();
        } catch (Exception e) {
            throw new IllegalStateException("the object store's client can't be closed", e);
        }
    }
}
