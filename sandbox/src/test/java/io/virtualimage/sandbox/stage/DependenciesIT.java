package io.virtualimage.sandbox.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.api.model.SecretBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.virtualimage.k8s.ObjectRefKind;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.sandbox.components.Components;
import io.virtualimage.sandbox.components.KubeApi;
import io.virtualimage.sandbox.components.UsedComponents;
import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ImageBlocked;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.ImageUse;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.ObjectKind;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Topic;
import io.virtualimage.watcher.Watcher;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What images wait for, on a real API server, seen by a watcher with no rights but its own. It hardly ever looks at all
 * images (not once in these tests): whatever it says, it says because something changed.
 */
@ExtendWith(Components.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DependenciesIT {
    private static final String NAMESPACE = "dependencies";
    private static final Duration SOON = Duration.ofSeconds(30);

    private KubeApi api;
    private PipelineKafka kafka;
    private KubernetesClient client;
    private Path kubeconfig;
    private StageRuntime watcher;
    private int markers;

    @BeforeAll
    void start(UsedComponents used, @TempDir Path directory) throws Exception {
        // Of its own: no shared one is sure to lack definitions and StorageClasses.
        api = KubeApi.start(directory.resolve("kubernetes"));
        used.add(api);
        client = api.newClient();
        Path k8s = Path.of("..", "k8s");
        api.apply(k8s.resolve("crds").resolve(WellKnown.PLURAL + "." + WellKnown.GROUP + ".yaml"));
        api.apply(k8s.resolve("manifests").resolve("namespace.yaml"));
        api.apply(k8s.resolve("manifests").resolve("rbac").resolve("watcher.yaml"));
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(NAMESPACE)
                        .endMetadata()
                        .build())
                .serverSideApply();
        kafka = PipelineKafka.start(directory.resolve("kafka"));
        kubeconfig = ServiceAccounts.kubeconfig(api, "watcher", directory.resolve("watcher.kubeconfig"));
        watcher = watcher("watcher-0");
    }

    @AfterAll
    void stop() throws Exception {
        for (AutoCloseable each : new AutoCloseable[] {watcher, client, kafka, api}) {
            if (each != null) {
                each.close();
            }
        }
    }

    private void serve(String plural) {
        api.apply(Path.of("..", "k8s", "crds", "external", plural + "." + WellKnown.GROUP + ".yaml"));
    }

    /** The broker takes a moment until it tells of the settings that it took. */
    private StageRuntime watcher(String replica) {
        Map<String, String> environment = new HashMap<>(kafka.environment(replica));
        environment.put("KUBECONFIG", kubeconfig.toString());
        environment.put("POD_NAMESPACE", ServiceAccounts.NAMESPACE);
        environment.put("RESYNC", "10h");
        Settings settings = new Settings(environment);
        StageRuntime runtime = await().atMost(SOON)
                .ignoreException(IllegalStateException.class)
                .until(() -> StageRuntime.open("watcher", settings), opened -> true);
        Watcher.start(runtime, settings);
        await().atMost(SOON).until(() -> runtime.lacking().isEmpty());
        return runtime;
    }

    // ---- objects

    private VirtualImage create(String name, VirtualImageSpec spec) {
        VirtualImage image = new VirtualImage();
        image.setMetadata(
                new ObjectMetaBuilder().withNamespace(NAMESPACE).withName(name).build());
        image.setSpec(spec);
        return client.resource(image).create();
    }

    private VirtualImage createFrom(String name, ObjectRefKind kind, String of) {
        return create(name, VirtualImageSpec.inRegistry(new Origin.ObjectRef(kind, of)));
    }

    private void createSecret(String namespace, String name) {
        client.resource(new SecretBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName(name)
                        .endMetadata()
                        .addToStringData("password", "secret")
                        .build())
                .create();
    }

    private void deleteSecret(String name) {
        client.secrets().inNamespace(NAMESPACE).withName(name).delete();
    }

    /** An object of the platform, without a status. */
    private GenericKubernetesResource foreign(String kind, String name) {
        GenericKubernetesResource object = new GenericKubernetesResource();
        object.setApiVersion(WellKnown.GROUP + "/" + WellKnown.VERSION);
        object.setKind(kind);
        object.setMetadata(new ObjectMetaBuilder()
                .withName(name)
                .withNamespace(kind.equals("ClusterVirtualImage") ? null : NAMESPACE)
                .build());
        return client.resource(object).create();
    }

    /** Whoever else writes to the object meanwhile is no matter. */
    private void status(HasMetadata object, String yaml) {
        Map<?, ?> status =
                client.getKubernetesSerialization().unmarshal("---\n" + yaml, Map.class); // else braces are JSON
        client.resource(object)
                .subresource("status")
                .patch(
                        PatchContext.of(PatchType.JSON_MERGE),
                        client.getKubernetesSerialization().asJson(Map.of("status", status)));
    }

    private void createClass(String name, boolean byDefault) {
        GenericKubernetesResource storageClass = new GenericKubernetesResource();
        storageClass.setApiVersion("storage.k8s.io/v1");
        storageClass.setKind("StorageClass");
        storageClass.setMetadata(new ObjectMetaBuilder()
                .withName(name)
                .addToAnnotations("storageclass.kubernetes.io/is-default-class", Boolean.toString(byDefault))
                .build());
        storageClass.setAdditionalProperty("provisioner", "example.com/none");
        client.resource(storageClass).create();
    }

    // ---- requests

    private static Incarnation run(VirtualImage image, long run) {
        return new Incarnation(
                NAMESPACE, image.getMetadata().getName(), image.getMetadata().getUid(), 1, run);
    }

    private List<Event> requests(VirtualImage image) throws Exception {
        return kafka.events(Topic.REQUESTS, image.getMetadata().getUid());
    }

    /** Waits until so many requests were said of an image, and returns the last one. */
    private Event request(VirtualImage image, int count) {
        List<Event> all = await().atMost(SOON)
                .pollInterval(Duration.ofMillis(50))
                .until(() -> requests(image), said -> said.size() >= count);
        assertThat(all).hasSize(count);
        return all.getLast();
    }

    private ImageBlocked blocked(VirtualImage image, int count, long run, String reason) {
        ImageBlocked blocked = (ImageBlocked) request(image, count);
        assertThat(blocked.image()).isEqualTo(run(image, run));
        assertThat(blocked.reason()).isEqualTo(reason);
        return blocked;
    }

    private ImageRequested requested(VirtualImage image, int count, long run) {
        ImageRequested requested = (ImageRequested) request(image, count);
        assertThat(requested.image()).isEqualTo(run(image, run));
        return requested;
    }

    /** Whatever the watcher was to say about what happened before is said: it looks at one image after the other. */
    private void settle() {
        VirtualImage marker = create("marker-" + markers++, VirtualImageSpec.inRegistry(new Origin.Upload(null)));
        // When the leader changes, both may say it.
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(requests(marker)).first().isInstanceOf(ImageRequested.class));
        client.resource(marker).delete();
    }

    /** How many requests the API server has open that watch Secrets. */
    private int watchesOfSecrets() {
        return client.raw("/metrics")
                .lines()
                .filter(line -> line.startsWith("apiserver_longrunning_requests{")
                        && line.contains("resource=\"secrets\"")
                        && line.contains("verb=\"WATCH\""))
                .mapToInt(line -> Integer.parseInt(line.substring(line.lastIndexOf(' ') + 1)))
                .sum();
    }

    private static VirtualImageSpec container(@Nullable String secret) {
        return VirtualImageSpec.inRegistry(new Origin.ContainerImage(
                "registry.example.com/a:1", secret == null ? null : new Origin.PullSecret(secret), null));
    }

    @Test
    void aSecretIsWaitedForUntilTheImageIsPublished() throws Exception {
        createSecret("default", "pull");
        int before = watchesOfSecrets();
        VirtualImage image = create("secret", container("pull"));
        VirtualImage other = create("other-secret", container("other"));
        assertThat(blocked(image, 1, 0, "ContainerRegistrySecretNotFound").message())
                .contains("Secret dependencies/pull does not exist");
        createSecret(NAMESPACE, "pull");
        assertThat(requested(image, 2, 0).source())
                .isEqualTo(new DataSource.ContainerImage("registry.example.com/a:1", "pull", false));
        deleteSecret("pull");
        blocked(image, 3, 1, "ContainerRegistrySecretNotFound");
        createSecret(NAMESPACE, "pull");
        requested(image, 4, 1);
        await().atMost(SOON).untilAsserted(() -> assertThat(watchesOfSecrets()).isEqualTo(before + 2));

        kafka.say(new ImagePublished(
                run(image, 1), 0, "r/vi/x:1", "sha256:m", "sha256:l", 1, ImageFormat.ISO, true, 1, 1, null));
        await().atMost(SOON).untilAsserted(() -> assertThat(watchesOfSecrets()).isEqualTo(before + 1));
        deleteSecret("pull");
        settle();
        assertThat(requests(image)).hasSize(4);
        assertThat(requests(other)).hasSize(1);
    }

    @Test
    void aSnapshotIsWaitedFor() throws Exception {
        serve("virtualdisksnapshots");
        GenericKubernetesResource snapshot = foreign("VirtualDiskSnapshot", "s");
        VirtualImage image = createFrom("snapshot", ObjectRefKind.VIRTUAL_DISK_SNAPSHOT, "s");
        blocked(image, 1, 0, "VirtualDiskSnapshotNotReady");
        status(snapshot, "{phase: Ready, volumeSnapshotName: vs}");
        assertThat(requested(image, 2, 0).source())
                .isEqualTo(new DataSource.Volume(ObjectKind.VIRTUAL_DISK_SNAPSHOT, "s", null, "vs"));
    }

    @Test
    void aDiskIsWaitedForUntilItsMachineStops() throws Exception {
        VirtualImage image = createFrom("disk", ObjectRefKind.VIRTUAL_DISK, "d");
        assertThat(blocked(image, 1, 0, "VirtualDiskNotReady").message())
                .contains("VirtualDisk dependencies/d does not exist")
                .contains("virtualdisks.virtualization.deckhouse.io");

        serve("virtualmachines");
        serve("virtualdisks");
        GenericKubernetesResource machine = foreign("VirtualMachine", "vm");
        status(machine, "{phase: Running, blockDeviceRefs: [{kind: VirtualDisk, name: d}]}");
        GenericKubernetesResource disk = foreign("VirtualDisk", "d");
        status(disk, "{phase: Ready, target: {persistentVolumeClaimName: claim-of-d}}");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(requests(image).getLast())
                        .isInstanceOfSatisfying(ImageBlocked.class, blocked -> {
                            assertThat(blocked.image()).isEqualTo(run(image, 0));
                            assertThat(blocked.reason()).isEqualTo("VirtualDiskAttachedToVirtualMachine");
                            assertThat(blocked.message())
                                    .contains("VirtualMachine vm")
                                    .contains("Running");
                        }));
        int before = requests(image).size();

        status(machine, "{phase: Stopped, blockDeviceRefs: [{kind: VirtualDisk, name: d}]}");
        ImageRequested requested = requested(image, before + 1, 0);
        assertThat(requested.source())
                .isEqualTo(new DataSource.Volume(ObjectKind.VIRTUAL_DISK, "d", "claim-of-d", null));
        assertThat(requested.sourceUid()).isEqualTo(disk.getMetadata().getUid());
        status(machine, "{phase: Starting, blockDeviceRefs: [{kind: VirtualDisk, name: d}]}");
        blocked(image, before + 2, 1, "VirtualDiskAttachedToVirtualMachine");
        client.resource(machine).delete();
        requested(image, before + 3, 1);
    }

    @Test
    void whoUsesAnImageIsSaidAndItsDeletionWaitsForThem() throws Exception {
        serve("virtualmachines");
        GenericKubernetesResource machine = foreign("VirtualMachine", "user");
        String uses = "{phase: %s, podName: pod-%s, blockDeviceRefs: [{kind: VirtualImage, name: used}]}";
        status(machine, uses.formatted("Running", "a"));
        VirtualImage image = create("used", container(null));
        ImageRequested used = await().atMost(SOON)
                .pollInterval(Duration.ofMillis(50))
                .until(
                        () -> requests(image).stream()
                                .map(ImageRequested.class::cast)
                                .reduce((before, after) -> after),
                        said -> said.isPresent() && said.get().use() != null)
                .orElseThrow();
        assertThat(used.image()).isEqualTo(run(image, 0));
        assertThat(used.use()).isEqualTo(new ImageUse(List.of("user"), false));
        int before = requests(image).size();
        status(machine, uses.formatted("Migrating", "b"));
        settle();
        assertThat(requests(image)).hasSize(before);

        client.resources(VirtualImage.class)
                .inNamespace(NAMESPACE)
                .withName("used")
                .edit(object -> {
                    object.getMetadata().setAnnotations(Map.of(WellKnown.CHECK_ANNOTATION, "1"));
                    return object;
                });
        assertThat(requested(image, before + 1, 0)).isEqualTo(used.with(used.use(), "1"));

        client.resource(image).delete();
        ImageRequested waiting = requested(image, before + 2, 0);
        assertThat(waiting).isEqualTo(used.with(new ImageUse(List.of("user"), true), "1"));
        StageRuntime next = watcher("watcher-2");
        watcher.close();
        watcher = next;
        settle();
        assertThat(requests(image)).endsWith(waiting);
        assertThat(requests(image).subList(before + 1, requests(image).size())).containsOnly(waiting);

        status(machine, uses.formatted("Stopped", "b"));
        Event withdrawn = new ImageWithdrawn(
                new Incarnation(NAMESPACE, "used", image.getMetadata().getUid(), 2, 0));
        await().atMost(SOON).untilAsserted(() -> assertThat(requests(image)).endsWith(withdrawn));
    }

    @Test
    void anImageOfTheClusterIsWaitedFor() throws Exception {
        serve("clustervirtualimages");
        GenericKubernetesResource source = foreign("ClusterVirtualImage", "ubuntu");
        VirtualImage image = createFrom("of-cluster", ObjectRefKind.CLUSTER_VIRTUAL_IMAGE, "ubuntu");
        assertThat(blocked(image, 1, 0, "ClusterImageNotReady").message()).contains("ClusterVirtualImage ubuntu");
        String ready = """
                phase: Ready
                observedGeneration: 1
                cdrom: false
                format: qcow2
                size: {storedBytes: "3000000000", unpackedBytes: "5368709120"}
                target: {registryURL: "%s"}
                """;
        status(source, ready.formatted("r/cvi/ubuntu:1"));
        ImageRequested requested = requested(image, 2, 0);
        assertThat(requested.source())
                .isEqualTo(new DataSource.PublishedImage(
                        ObjectKind.CLUSTER_VIRTUAL_IMAGE,
                        "ubuntu",
                        "r/cvi/ubuntu:1",
                        ImageFormat.QCOW2,
                        false,
                        3_000_000_000L,
                        5_368_709_120L));
        status(source, ready.formatted("r/cvi/ubuntu:2"));
        requested(image, 3, 1);

        StageRuntime next = watcher("watcher-1");
        watcher.close();
        watcher = next;
        settle();
        assertThat(requests(image)).hasSize(3);
    }

    @Test
    void anImageBesideItIsWaitedForAndSoIsAStorageClass() throws Exception {
        VirtualImage source = create("source", container(null));
        VirtualImage image = createFrom("beside", ObjectRefKind.VIRTUAL_IMAGE, "source");
        VirtualImage claim = create(
                "beside-on-claim",
                new VirtualImageSpec(
                        io.virtualimage.k8s.Storage.KUBERNETES,
                        new VirtualImageSpec.ClaimSettings("fast"),
                        io.virtualimage.k8s.DataSource.of(
                                new Origin.ObjectRef(ObjectRefKind.VIRTUAL_IMAGE, "source"))));
        VirtualImage byDefault = create(
                "default-class",
                new VirtualImageSpec(
                        io.virtualimage.k8s.Storage.PERSISTENT_VOLUME_CLAIM,
                        null,
                        io.virtualimage.k8s.DataSource.of(new Origin.Upload(null))));
        blocked(image, 1, 0, "ImageNotReady");
        blocked(claim, 1, 0, "ImageNotReady");
        blocked(byDefault, 1, 0, "StorageClassNotFound");
        status(source, """
                observedGeneration: 1
                phase: Ready
                cdrom: true
                format: iso
                size: {storedBytes: "1000", unpackedBytes: "2000"}
                target: {registryURL: "r/vi/source:1"}
                """);
        assertThat(requested(image, 2, 0).source())
                .isEqualTo(new DataSource.PublishedImage(
                        ObjectKind.VIRTUAL_IMAGE, "source", "r/vi/source:1", ImageFormat.ISO, true, 1000, 2000));
        blocked(claim, 2, 0, "StorageClassNotFound");
        createClass("fast", true);
        ImageRequested requested = requested(claim, 3, 0);
        assertThat(requested.source()).isEqualTo(new DataSource.ContainerImage("r/vi/source:1", null, false));
        assertThat(requested.storage()).isEqualTo(Storage.PERSISTENT_VOLUME_CLAIM);
        assertThat(requested.storageClass()).isEqualTo("fast");
        assertThat(Objects.requireNonNull(requested.sourceUid()))
                .isEqualTo(source.getMetadata().getUid());
        assertThat(requested(byDefault, 2, 0).storageClass()).isEqualTo("fast");
    }
}
