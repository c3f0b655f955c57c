package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.DataSource;
import io.virtualimage.k8s.ObjectRefKind;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.Storage;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.sandbox.Images;
import io.virtualimage.sandbox.Sandbox;
import io.virtualimage.sandbox.SandboxOptions;
import io.virtualimage.sandbox.components.Nginx;
import io.virtualimage.sandbox.components.Ports;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import io.virtualimage.sandbox.endtoend.ObservedLives.Seen;
import io.virtualimage.sandbox.nodes.LocalStorage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Walks every arrow of the phase table, for both storages, and looks at the conditions that stand there at that moment and at
 * the Events that are left. An installation of its own, in this JVM, whose times are short.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PhaseTableIT {
    private static final long MIB = 1 << 20;
    private static final Duration WITHIN = Duration.ofMinutes(2);
    private static final Duration UPLOAD_DEADLINE = Duration.ofSeconds(20);

    private static final String SOURCE = "DatasourceReady True DatasourceReady";
    private static final String CLASS = "StorageClassReady True StorageClassReady";
    private static final String FREE = "InUse False NotInUse";
    private static final String GOING = "Terminating True CleanupPending";

    private static final String BEGUN = "DataSourceImportStarted";
    private static final String DONE = "DataSourceImportCompleted";
    private static final String FAILED = "DataSourceImportFailed";
    private static final String RESPECIFIED = "VirtualImageSpecHasBeenChanged";

    private final Map<PhaseArrow, Set<Storage>> walked = new EnumMap<>(PhaseArrow.class);
    private final Set<String> words = new TreeSet<>();
    private World world;

    /** The registry at a slow pace. */
    private Nginx crawling;

    /** The registry as the publisher sees it: some images can't be deleted there. */
    private Nginx keeper;

    private KubernetesClient client;
    private ObservedLives lives;

    @BeforeAll
    void start() throws Exception {
        Path parent = Files.createDirectories(Path.of("target", "end-to-end").toAbsolutePath());
        Path directory = Files.createTempDirectory(parent, "phases-");
        Path files = Files.createDirectories(directory.resolve("files"));
        Path keeping = Files.createDirectories(directory.resolve("nginx-keeping"));
        Sandbox sandbox = Sandbox.start(SandboxOptions.in(directory.resolve("sandbox"))
                .with("REGISTRY_URL", "http://127.0.0.1:" + new Ports(keeping).port("nginx"))
                .with("UPLOAD_DEADLINE", UPLOAD_DEADLINE.toSeconds() + "s")
                .with("FETCH_RETRY_BUDGET", "5s"));
        world = new World(
                sandbox,
                new Images(sandbox.kubeconfig(), "default"),
                files,
                Nginx.start(directory.resolve("nginx"), files, ""),
                Nginx.start(directory.resolve("nginx-slow"), files, "limit_rate 2m;"),
                Nginx.start(directory.resolve("nginx-plain"), files, "max_ranges 0; etag off;"),
                directory);
        crawling = Nginx.start(
                directory.resolve("nginx-registry"),
                files,
                "proxy_pass %s; proxy_set_header Host $http_host; limit_rate 2m;"
                        .formatted(sandbox.value("REGISTRY_URL").replaceFirst("/$", "")));
        keeper = Nginx.start(
                keeping,
                files,
                "set $asked $request_method$request_uri; if ($asked ~ ^DELETE.*/undeletable) { return 405; }"
                        + " client_max_body_size 0; proxy_request_buffering off; proxy_set_header Host $http_host; proxy_pass %s;"
                                .formatted(sandbox.value("REGISTRY_URL").replaceFirst("/$", "")));
        client = ClaimedDisk.client(world);
        lives = new ObservedLives(client, "default");
        SampleImages.writeQcow2(files.resolve("small.qcow2"), 64 * MIB, 3 * MIB, 71);
        SampleImages.writeQcow2(files.resolve("large.qcow2"), 512 * MIB, 150 * MIB, 72);
        Files.writeString(files.resolve("text.html"), "<html>no disk</html>\n".repeat(500));
    }

    @AfterAll
    void stop() throws Exception {
        lives.close();
        client.close();
        crawling.close();
        keeper.close();
        world.close();
    }

    // ---- one life after another

    @ParameterizedTest
    @EnumSource(names = {"CONTAINER_REGISTRY", "PERSISTENT_VOLUME_CLAIM"})
    void fromTheWeb(Storage storage) throws Exception {
        Life life = new Life("web", storage, web("small.qcow2"));
        VirtualImage pending = life.step(PhaseArrow.SEEN, SOURCE, "Ready False ProvisioningNotStarted", FREE);
        assertThat(pending.getStatus().cdrom()).isFalse();
        assertThat(pending.getStatus().progress()).isNullOrEmpty();
        life.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        VirtualImage ready = life.step(PhaseArrow.PUBLISHED, SOURCE, "Ready True Ready", FREE);
        assertThat(ready.getStatus().progress()).isEqualTo("100%");
        life.leave(SOURCE, "Ready True Ready", FREE);
        life.expectEvents(BEGUN, DONE);
    }

    @ParameterizedTest
    @EnumSource(names = {"CONTAINER_REGISTRY", "PERSISTENT_VOLUME_CLAIM"})
    void anUpload(Storage storage) throws Exception {
        Life life = new Life("upload", storage, new Origin.Upload(null));
        String address = awaitUpload(life).getStatus().imageUploadURLs().external();
        Programs.run(
                world.directory(),
                "curl",
                "-sS",
                "-T",
                world.files().resolve("small.qcow2").toString(),
                address);
        life.step(PhaseArrow.UPLOAD_BEGUN, SOURCE, "Ready False Provisioning", FREE);
        VirtualImage ready = life.step(PhaseArrow.PUBLISHED, SOURCE, "Ready True Ready", FREE);
        assertThat(ready.getStatus().imageUploadURLs()).isNull();
        life.leave(SOURCE, "Ready True Ready", FREE);
        life.expectEvents(BEGUN, DONE);
    }

    private VirtualImage awaitUpload(Life life) throws Exception {
        life.step(PhaseArrow.SEEN, SOURCE, "Ready False ProvisioningNotStarted", FREE);
        return life.step(PhaseArrow.UPLOAD_AWAITED, SOURCE, "Ready False WaitForUserUpload", FREE);
    }

    @ParameterizedTest
    @EnumSource(names = {"CONTAINER_REGISTRY", "PERSISTENT_VOLUME_CLAIM"})
    void anUploadThatNobodySendsAndThenAnotherSource(Storage storage) throws Exception {
        Life life = new Life("missed", storage, new Origin.Upload(null));
        awaitUpload(life);
        VirtualImage failed = life.step(PhaseArrow.UPLOAD_MISSED, SOURCE, "Ready False WaitForUserUploadTimeout", FREE);
        assertThat(failed.getStatus().imageUploadURLs()).isNull();
        life.respecify(web("small.qcow2"));
        life.step(PhaseArrow.RESPECIFIED, SOURCE, "Ready False ProvisioningNotStarted", FREE);
        life.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        life.step(PhaseArrow.PUBLISHED, SOURCE, "Ready True Ready", FREE);
        life.leave(SOURCE, "Ready True Ready", FREE);
        life.expectEvents(FAILED, RESPECIFIED, BEGUN, DONE);
    }

    @ParameterizedTest
    @EnumSource(names = {"CONTAINER_REGISTRY", "PERSISTENT_VOLUME_CLAIM"})
    void aChangeOfMindAndAnother(Storage storage) throws Exception {
        Life life = new Life("mind", storage, new Origin.Upload(null));
        awaitUpload(life);
        life.respecify(slow("large.qcow2"));
        life.step(PhaseArrow.RESPECIFIED, SOURCE, "Ready False ProvisioningNotStarted", FREE);
        life.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        life.respecify(web("small.qcow2"));
        life.step(PhaseArrow.RESPECIFIED, SOURCE, "Ready False ProvisioningNotStarted", FREE);
        life.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        life.step(PhaseArrow.PUBLISHED, SOURCE, "Ready True Ready", FREE);
        life.leave(SOURCE, "Ready True Ready", FREE);
        life.expectEvents(RESPECIFIED, BEGUN, RESPECIFIED, BEGUN, DONE);
    }

    @ParameterizedTest
    @EnumSource(names = {"CONTAINER_REGISTRY", "PERSISTENT_VOLUME_CLAIM"})
    void aFailureThatIsTriedAgain(Storage storage) throws Exception {
        String file = "late-" + storage.name().toLowerCase(Locale.ROOT) + ".qcow2";
        Life life = new Life("late", storage, web(file));
        life.step(PhaseArrow.SEEN, SOURCE, "Ready False ProvisioningNotStarted", FREE);
        life.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        VirtualImage failed = life.step(PhaseArrow.FAILED, SOURCE, "Ready False ProvisioningFailed", FREE);
        assertThat(failed.getStatus()
                        .condition(ConditionType.READY)
                        .orElseThrow()
                        .getMessage())
                .contains("404 Not Found");
        Files.copy(world.files().resolve("small.qcow2"), world.files().resolve(file));
        world.images().retry(life.name, "1");
        life.step(PhaseArrow.RETRIED, SOURCE, "Ready False ProvisioningNotStarted", FREE);
        life.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        life.step(PhaseArrow.PUBLISHED, SOURCE, "Ready True Ready", FREE);
        life.leave(SOURCE, "Ready True Ready", FREE);
        life.expectEvents(BEGUN, FAILED, BEGUN, DONE);
    }

    @ParameterizedTest
    @EnumSource(names = {"CONTAINER_REGISTRY", "PERSISTENT_VOLUME_CLAIM"})
    void aSecretThatGoesAndComesBack(Storage storage) throws Exception {
        String base = "base-" + storage.name().toLowerCase(Locale.ROOT).replace('_', '-');
        world.images().apply(base, web("large.qcow2"));
        String url = Objects.requireNonNull(
                        world.images().await(base, Phase.READY, WITHIN).getStatus())
                .target()
                .registryURL();
        String secret = base + "-pull";
        String slowly = url.replaceFirst("^[^/]+", crawling.uri("").getAuthority());
        Origin pulled = new Origin.ContainerImage(slowly, new Origin.PullSecret(secret), null);
        String missing = "DatasourceReady False ContainerRegistrySecretNotFound";

        Life life = new Life("secret", storage, pulled);
        life.step(PhaseArrow.SEEN, missing, "Ready False DatasourceNotReady", FREE);
        createSecret(secret);
        life.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        client.secrets().inNamespace("default").withName(secret).delete();
        life.step(PhaseArrow.HELD_UP, missing, "Ready False DatasourceNotReady", FREE);
        createSecret(secret);
        life.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        life.step(PhaseArrow.PUBLISHED, SOURCE, "Ready True Ready", FREE);
        life.leave(SOURCE, "Ready True Ready", FREE);
        life.expectEvents(BEGUN, BEGUN, DONE);
    }

    private void createSecret(String name) throws Exception {
        kubectl(
                "create",
                "secret",
                "docker-registry",
                name,
                "--docker-server=" + crawling.uri("").getAuthority(),
                "--docker-username=user",
                "--docker-password=none");
    }

    @Test
    void aManifestThatGoesAndComesBack() throws Exception {
        Life life = new Life("lost", Storage.CONTAINER_REGISTRY, web("small.qcow2"));
        VirtualImage ready = arrive(life);
        String url = ready.getStatus().target().registryURL();
        Path manifest = world.directory().resolve("manifest.json");
        Files.writeString(manifest, curl(manifestUri(url), "-H", "Accept: application/vnd.oci.image.manifest.v1+json"));
        String digest = "sha256:"
                + Programs.run(world.directory(), "sha256sum", manifest.toString())
                        .split(" ", 2)[0];
        for (int i = 1; i <= 2; i++) {
            curl(manifestUri(url).replaceFirst("/manifests/.*", "/manifests/" + digest), "-X", "DELETE");
            kubectl("annotate", "vi", life.name, "virtualimage.io/check=lost-" + i, "--overwrite");
            VirtualImage lost = life.step(PhaseArrow.IMAGE_LOST, SOURCE, "Ready False ImageLost", FREE);
            assertThat(lost.getStatus().target()).isEqualTo(ready.getStatus().target());
            assertThat(lost.getStatus().size()).isEqualTo(ready.getStatus().size());
            curl(
                    manifestUri(url),
                    "-X",
                    "PUT",
                    "-H",
                    "Content-Type: application/vnd.oci.image.manifest.v1+json",
                    "--data-binary",
                    "@" + manifest);
            kubectl("annotate", "vi", life.name, "virtualimage.io/check=back-" + i, "--overwrite");
            life.step(PhaseArrow.IMAGE_BACK, SOURCE, "Ready True Ready", FREE);
        }
        life.leave(SOURCE, "Ready True Ready", FREE);
        life.expectEvents(BEGUN, DONE, "VirtualImageLostRecovered", "VirtualImageLostRecovered");
    }

    @Test
    void oneThatTheRegistryKeeps() throws Exception {
        Life life = new Life("undeletable", Storage.CONTAINER_REGISTRY, web("small.qcow2"));
        String url = arrive(life).getStatus().target().registryURL();
        life.leave(SOURCE, "Ready True Ready", FREE);
        life.expectEvents(BEGUN, DONE, "VirtualImageCleanupIncomplete");
        assertThat(curl(manifestUri(url), "-H", "Accept: application/vnd.oci.image.manifest.v1+json"))
                .contains("schemaVersion");
    }

    private static String manifestUri(String url) {
        return "http://" + url.replaceFirst("/", "/v2/").replaceFirst(":([^:/]+)$", "/manifests/$1");
    }

    @Test
    void aClaimThatGoes() throws Exception {
        Life life = new Life("claim-lost", Storage.PERSISTENT_VOLUME_CLAIM, web("small.qcow2"));
        VirtualImage ready = arrive(life);
        kubectl("delete", "pvc", "--wait=false", ready.getStatus().target().persistentVolumeClaimName());
        VirtualImage lost = life.step(PhaseArrow.CLAIM_LOST, SOURCE, "Ready False PVCLost", FREE);
        assertThat(lost.getStatus().target()).isEqualTo(ready.getStatus().target());
        life.leave(SOURCE, "Ready False PVCLost", FREE);
        life.expectEvents(BEGUN, DONE);
    }

    private VirtualImage arrive(Life life) throws Exception {
        life.step(PhaseArrow.SEEN, SOURCE, "Ready False ProvisioningNotStarted", FREE);
        life.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        return life.step(PhaseArrow.PUBLISHED, SOURCE, "Ready True Ready", FREE);
    }

    @ParameterizedTest
    @EnumSource(names = {"CONTAINER_REGISTRY", "PERSISTENT_VOLUME_CLAIM"})
    void oneThatAMachineUses(Storage storage) throws Exception {
        Life life = new Life("used", storage, web("small.qcow2"));
        arrive(life);
        machine("Running", life.name);
        String used = "InUse True AttachedToVirtualMachine";
        world.images()
                .await(life.name, "in use", WITHIN, image -> conditions(image).contains(used));
        // By no means may the garbage collector take the claim.
        kubectl("delete", "vi", life.name, "--cascade=foreground", "--wait=false");
        VirtualImage waiting = life.step(PhaseArrow.DELETED, SOURCE, "Ready True Ready", used, GOING);
        assertThat(waiting.getStatus()
                        .condition(ConditionType.TERMINATING)
                        .orElseThrow()
                        .getMessage())
                .contains("phases-machine");
        assertThat(waiting.getStatus().target()).isNotNull();
        world.images()
                .await(
                        life.name,
                        "the garbage collector's end with it",
                        WITHIN,
                        image -> !image.getMetadata().getFinalizers().contains("foregroundDeletion"));
        String claim = waiting.getStatus().target().persistentVolumeClaimName();
        if (claim != null) {
            assertThat(client.persistentVolumeClaims()
                            .inNamespace("default")
                            .withName(claim)
                            .get()
                            .getMetadata()
                            .getDeletionTimestamp())
                    .isNull();
        }
        machine("Stopped", life.name);
        life.next(PhaseArrow.GONE);
        life.expectEvents(BEGUN, DONE);
    }

    private void machine(String phase, String image) {
        PlatformObjects.VIRTUAL_MACHINE.put(
                world,
                "phases-machine",
                Map.of("phase", phase, "blockDeviceRefs", List.of(Map.of("kind", "VirtualImage", "name", image))));
    }

    @ParameterizedTest
    @EnumSource(names = {"CONTAINER_REGISTRY", "PERSISTENT_VOLUME_CLAIM"})
    void oneThatIsDeletedWhileItWaits(Storage storage) throws Exception {
        Life blocked = new Life("unblocked", storage, new Origin.ObjectRef(ObjectRefKind.VIRTUAL_IMAGE, "nobody"));
        String missing = "DatasourceReady False ImageNotReady";
        blocked.step(PhaseArrow.SEEN, missing, "Ready False DatasourceNotReady", FREE);
        blocked.leave(missing, "Ready False DatasourceNotReady", FREE);
        blocked.expectEvents();

        Life awaited = new Life("unsent", storage, new Origin.Upload(null));
        awaitUpload(awaited);
        awaited.leave(SOURCE, "Ready False WaitForUserUpload", FREE);
        awaited.expectEvents();
    }

    @ParameterizedTest
    @EnumSource(names = {"CONTAINER_REGISTRY", "PERSISTENT_VOLUME_CLAIM"})
    void oneThatIsDeletedOnItsWayOrFailed(Storage storage) throws Exception {
        Life begun = new Life("given-up", storage, slow("large.qcow2"));
        begun.step(PhaseArrow.SEEN, SOURCE, "Ready False ProvisioningNotStarted", FREE);
        begun.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        begun.leave(SOURCE, "Ready False Provisioning", FREE);
        begun.expectEvents(BEGUN);

        Life failed = new Life("hopeless", storage, web("text.html"));
        failed.step(PhaseArrow.SEEN, SOURCE, "Ready False ProvisioningNotStarted", FREE);
        failed.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        failed.step(PhaseArrow.FAILED, SOURCE, "Ready False ProvisioningFailed", FREE);
        failed.leave(SOURCE, "Ready False ProvisioningFailed", FREE);
        failed.expectEvents(BEGUN, FAILED);
    }

    @Test
    void oneOverQuota() throws Exception {
        kubectl("create", "quota", "phases", "--hard=persistentvolumeclaims=0");
        await().atMost(WITHIN)
                .until(() -> !client.resourceQuotas()
                        .inNamespace("default")
                        .withName("phases")
                        .get()
                        .getStatus()
                        .getHard()
                        .isEmpty());
        Life life = new Life("quota", Storage.PERSISTENT_VOLUME_CLAIM, web("small.qcow2"));
        life.step(PhaseArrow.SEEN, SOURCE, "Ready False ProvisioningNotStarted", FREE);
        life.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        life.step(PhaseArrow.HELD_UP, SOURCE, "Ready False QuotaExceeded", FREE);
        kubectl("delete", "quota", "phases");
        life.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        life.step(PhaseArrow.PUBLISHED, SOURCE, "Ready True Ready", FREE);
        life.leave(SOURCE, "Ready True Ready", FREE);
        life.expectEvents(BEGUN, "DataSourceQuotaExceed", DONE);
    }

    @Test
    void oneWhoseClassIsMissing() throws Exception {
        VirtualImageSpec spec = new VirtualImageSpec(
                Storage.PERSISTENT_VOLUME_CLAIM,
                new VirtualImageSpec.ClaimSettings("phases-class"),
                DataSource.of(web("small.qcow2")));
        Life life = new Life("classless", spec);
        life.step(
                PhaseArrow.SEEN,
                SOURCE,
                "StorageClassReady False StorageClassNotFound",
                "Ready False StorageClassNotReady",
                FREE);
        Path manifest =
                Files.writeString(world.directory().resolve("class.yaml"), """
                apiVersion: storage.k8s.io/v1
                kind: StorageClass
                metadata: {name: phases-class}
                provisioner: %s
                volumeBindingMode: WaitForFirstConsumer
                """.formatted(LocalStorage.PROVISIONER));
        kubectl("apply", "-f", manifest.toString());
        life.step(PhaseArrow.BEGUN, SOURCE, "Ready False Provisioning", FREE);
        life.step(PhaseArrow.PUBLISHED, SOURCE, "Ready True Ready", FREE);
        life.leave(SOURCE, "Ready True Ready", FREE);
        life.expectEvents("VirtualImageStorageClassNotFound", BEGUN, DONE);
    }

    @Test
    @Order(Integer.MAX_VALUE)
    void everyArrowWasWalked() {
        List<String> missing = new ArrayList<>();
        for (PhaseArrow arrow : PhaseArrow.values()) {
            for (Storage storage : EnumSet.of(Storage.CONTAINER_REGISTRY, Storage.PERSISTENT_VOLUME_CLAIM)) {
                if (arrow.appliesTo(storage)
                        && !walked.getOrDefault(arrow, Set.of()).contains(storage)) {
                    missing.add(arrow + " with " + storage);
                }
            }
        }
        System.out.printf(
                "[phases] arrows walked: %s; of %d with their storages, missing: %s%n",
                words, PhaseArrow.values().length, missing.isEmpty() ? "none" : missing);
        assertThat(missing).isEmpty();
    }

    // ---- how a life is walked

    private final class Life {
        private final String name;
        private final Storage storage;
        private final String uid;

        /** Phases that were seen, that of an object which nobody had seen yet included. */
        private int seen;

        private String phase;

        Life(String name, Storage storage, Origin origin) throws Exception {
            this(
                    name + (storage == Storage.CONTAINER_REGISTRY ? "-in-registry" : "-on-claim"),
                    new VirtualImageSpec(storage, null, DataSource.of(origin)));
        }

        Life(String name, VirtualImageSpec spec) throws Exception {
            this.name = name;
            this.storage = spec.storage();
            this.uid = world.images().apply(name, spec).getMetadata().getUid();
            this.phase = lives.await(uid, seen++, WITHIN).phase();
            assertThat(phase).isEmpty();
        }

        void respecify(Origin origin) {
            world.images().apply(name, new VirtualImageSpec(storage, null, DataSource.of(origin)));
        }

        Seen next(PhaseArrow arrow) throws InterruptedException {
            Seen next = lives.await(uid, seen++, WITHIN);
            assertThat(arrow.beginsAt(phase)).as("%s in %s", name, phase).isTrue();
            assertThat(next.phase())
                    .as("%s after %s: %s", name, phase, Images.words(next.object()))
                    .isEqualTo(arrow.to());
            walked.computeIfAbsent(arrow, _ -> EnumSet.noneOf(Storage.class)).add(storage);
            words.add(arrow.words(phase));
            phase = next.phase();
            return next;
        }

        /** The next phase, with just these conditions; of a claim's class only if it isn't ready. */
        VirtualImage step(PhaseArrow arrow, String... expected) throws InterruptedException {
            VirtualImage image = next(arrow).object();
            boolean ready = storage == Storage.PERSISTENT_VOLUME_CLAIM
                    && Arrays.stream(expected)
                            .noneMatch(each ->
                                    each.startsWith("StorageClassReady") || each.startsWith("DatasourceReady False"));
            assertThat(conditions(image))
                    .as("%s in phase %s", name, phase)
                    .containsExactlyInAnyOrderElementsOf(
                            Stream.concat(Arrays.stream(expected), ready ? Stream.of(CLASS) : Stream.of())
                                    .toList());
            return image;
        }

        void leave(String... conditions) throws InterruptedException {
            world.images().delete(name);
            step(
                    PhaseArrow.DELETED,
                    Stream.concat(Arrays.stream(conditions), Stream.of(GOING)).toArray(String[]::new));
            next(PhaseArrow.GONE);
        }

        void expectEvents(String... reasons) {
            await().atMost(WITHIN)
                    .untilAsserted(() -> assertThat(events()).as(name).containsExactlyInAnyOrder(reasons));
        }

        private List<String> events() {
            return client
                    .v1()
                    .events()
                    .inNamespace("default")
                    .withField("involvedObject.uid", uid)
                    .list()
                    .getItems()
                    .stream()
                    .map(Event::getReason)
                    .toList();
        }
    }

    private static List<String> conditions(VirtualImage image) {
        VirtualImageStatus status = image.getStatus();
        return status == null
                ? List.of()
                : status.conditions().stream()
                        .map(each -> each.getType() + " " + each.getStatus() + " " + each.getReason())
                        .toList();
    }

    private Origin web(String file) {
        return new Origin.Http(world.source().uri(file).toString(), null, null);
    }

    private Origin slow(String file) {
        return new Origin.Http(world.slow().uri(file).toString(), null, null);
    }

    private String curl(String uri, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of("curl", "-sSf"));
        command.addAll(List.of(options));
        command.add(uri);
        return Programs.run(world.directory(), command.toArray(String[]::new));
    }

    private void kubectl(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(
                List.of("kubectl", "--kubeconfig", world.sandbox().kubeconfig().toString()));
        command.addAll(List.of(arguments));
        Programs.run(world.directory(), command.toArray(String[]::new));
    }
}
