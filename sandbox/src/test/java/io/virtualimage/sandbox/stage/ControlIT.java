package io.virtualimage.sandbox.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Condition;
import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.ObjectRefKind;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.sandbox.components.Components;
import io.virtualimage.sandbox.components.KubeApi;
import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.statuswriter.StatusWriter;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Event.ImageRemoved;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.Validator;
import io.virtualimage.watcher.Watcher;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Watcher and status-writer between a real broker and a real API server; the test says what the stages would. */
@ExtendWith(Components.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ControlIT {
    private static final String NAMESPACE = "control";
    private static final Duration SOON = Duration.ofSeconds(30);

    private PipelineKafka kafka;
    private KubernetesClient client;
    private final Map<String, Path> kubeconfigs = new HashMap<>();
    private StageRuntime watcher;
    private StageRuntime statusWriter;

    @BeforeAll
    void start(KubeApi api, @TempDir Path directory) throws Exception {
        installDefinition(api, directory.resolve("definition.yaml"));
        kafka = PipelineKafka.start(directory.resolve("kafka"));
        client = api.newClient();
        Path manifests = Path.of("..", "k8s", "manifests");
        api.apply(manifests.resolve("namespace.yaml"));
        // Where there are no machines at all, half a minute goes by until that is believed, and a deletion waits for
        // it.
        api.apply(Path.of("..", "k8s", "crds", "external", "virtualmachines." + WellKnown.GROUP + ".yaml"));
        for (String service : List.of("watcher", "status-writer")) {
            api.apply(manifests.resolve("rbac").resolve(service + ".yaml"));
            kubeconfigs.put(
                    service, ServiceAccounts.kubeconfig(api, service, directory.resolve(service + ".kubeconfig")));
        }
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(NAMESPACE)
                        .endMetadata()
                        .build())
                .serverSideApply();
        watcher = watcher("watcher-0");
        statusWriter = open("status-writer", "status-writer-0");
        StatusWriter.start(statusWriter, settings("status-writer", "status-writer-0"));
        await().atMost(SOON)
                .until(() ->
                        watcher.lacking().isEmpty() && statusWriter.lacking().isEmpty());
    }

    @AfterAll
    void stop() {
        for (AutoCloseable each : new AutoCloseable[] {watcher, statusWriter, client, kafka}) {
            try {
                if (each != null) {
                    each.close();
                }
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }

    private static void installDefinition(KubeApi api, Path file) throws IOException {
        try (InputStream yaml = WellKnown.class.getResourceAsStream(WellKnown.CUSTOM_RESOURCE_DEFINITION)) {
            Files.copy(Objects.requireNonNull(yaml), file);
        }
        api.apply(file);
    }

    private StageRuntime watcher(String replica) {
        StageRuntime runtime = open("watcher", replica);
        Watcher.start(runtime, settings("watcher", replica));
        return runtime;
    }

    /** The broker takes a moment until it tells of the settings that it took. */
    private StageRuntime open(String service, String replica) {
        return await().atMost(SOON)
                .ignoreException(IllegalStateException.class)
                .until(() -> StageRuntime.open(service, settings(service, replica)), runtime -> true);
    }

    private Settings settings(String service, String replica) {
        Map<String, String> environment = new HashMap<>(kafka.environment(replica));
        environment.put("KUBECONFIG", String.valueOf(kubeconfigs.get(service)));
        environment.put("POD_NAMESPACE", ServiceAccounts.NAMESPACE);
        environment.put("RESYNC", "2s");
        environment.put("TOKEN_KEY", "0123456789abcdef0123456789abcdef");
        return new Settings(environment);
    }

    private Resource<VirtualImage> object(String name) {
        return client.resources(VirtualImage.class).inNamespace(NAMESPACE).withName(name);
    }

    private VirtualImage create(String name, VirtualImageSpec spec) {
        VirtualImage image = new VirtualImage();
        image.setMetadata(
                new ObjectMetaBuilder().withNamespace(NAMESPACE).withName(name).build());
        image.setSpec(spec);
        return client.resource(image).create();
    }

    private static VirtualImageSpec http(String url) {
        return VirtualImageSpec.inRegistry(new Origin.Http(url, null, null));
    }

    private static Incarnation incarnation(VirtualImage image, long generation, long run) {
        return new Incarnation(
                NAMESPACE, image.getMetadata().getName(), image.getMetadata().getUid(), generation, run);
    }

    private VirtualImageStatus awaitStatus(String name, Predicate<VirtualImageStatus> wanted) {
        return Objects.requireNonNull(await().atMost(SOON)
                .pollInterval(Duration.ofMillis(20))
                .until(
                        () -> {
                            VirtualImage image = object(name).get();
                            return image == null ? null : image.getStatus();
                        },
                        status -> status != null && wanted.test(status)));
    }

    private VirtualImageStatus awaitPhase(String name, Phase phase) {
        return awaitStatus(name, status -> status.phase() == phase);
    }

    private void awaitRequest(String uid, io.virtualimage.topics.Event expected) {
        await().atMost(SOON)
                .untilAsserted(
                        () -> assertThat(kafka.events(Topic.REQUESTS, uid)).endsWith(expected));
    }

    private <E extends io.virtualimage.topics.Event> E awaitRequest(
            String uid, Class<E> type, Incarnation incarnation) {
        return type.cast(await().atMost(SOON)
                .until(
                        () -> last(kafka.events(Topic.REQUESTS, uid)),
                        event -> type.isInstance(event) && event.image().equals(incarnation)));
    }

    private static io.virtualimage.topics.@Nullable Event last(List<io.virtualimage.topics.Event> events) {
        return events.isEmpty() ? null : events.getLast();
    }

    private void publish(Incarnation image) throws Exception {
        kafka.say(new ImagePublished(
                image,
                0,
                "r/vi/x:" + image.publicName(),
                "sha256:m",
                "sha256:l",
                1,
                ImageFormat.ISO,
                true,
                1536,
                4096,
                null));
    }

    @Test
    void anImageFromCreationToItsEnd() throws Exception {
        VirtualImage image = create("life", http("https://u:secret@example.com/a.iso?token=secret"));
        String uid = image.getMetadata().getUid();
        Incarnation first = incarnation(image, 1, 0);
        ImageRequested request = awaitRequest(uid, ImageRequested.class, first);
        assertThat(request.toString()).contains("https://example.com/a.iso").doesNotContain("secret");
        VirtualImageStatus pending = awaitPhase("life", Phase.PENDING);
        assertThat(pending.observedGeneration()).isEqualTo(1);
        assertThat(pending.cdrom()).isFalse();
        assertThat(object("life").get().getMetadata().getFinalizers()).containsExactly(WellKnown.CLEANUP_FINALIZER);

        kafka.say(new SourceOpened(
                first, 0, 2_000L, 1_000, new Validator(Validator.Kind.ETAG, "\"1\""), true, "a.iso", null));
        awaitPhase("life", Phase.PROVISIONING);
        kafka.say(new SegmentFetched(first, 0, null, 0, 1_000, 0, SegmentSet.EMPTY, false, null, "f"));
        awaitStatus("life", status -> "25.0%".equals(status.progress()));
        publish(first);
        VirtualImageStatus ready = awaitPhase("life", Phase.READY);
        assertThat(ready.progress()).isEqualTo("100%");
        assertThat(Objects.requireNonNull(ready.target()).registryURL()).isEqualTo("r/vi/x:" + uid);
        assertThat(Objects.requireNonNull(ready.size()).stored()).isEqualTo("1.5Ki");
        assertThat(ready.condition(ConditionType.READY).orElseThrow().getStatus())
                .isEqualTo("True");
        assertThat(ready.conditions()).hasSize(3);
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(events(uid))
                        .extracting(Event::getReason)
                        .containsExactlyInAnyOrder("DataSourceImportStarted", "DataSourceImportCompleted"));

        object("life").delete();
        Incarnation withdrawn = incarnation(image, 2, 0);
        awaitRequest(uid, new ImageWithdrawn(withdrawn));
        VirtualImageStatus leaving = awaitPhase("life", Phase.TERMINATING);
        assertThat(leaving.condition(ConditionType.TERMINATING)).isPresent();
        kafka.say(new ImageRemoved(withdrawn, null));
        await().atMost(SOON).until(() -> object("life").get() == null);
    }

    private List<Event> events(String uid) {
        return client.v1().events().inNamespace(NAMESPACE).list().getItems().stream()
                .filter(event -> uid.equals(event.getInvolvedObject().getUid()))
                .toList();
    }

    @Test
    void retryAndNewSpecStartOver() throws Exception {
        VirtualImage image = create("again", http("https://example.com/a.iso"));
        String uid = image.getMetadata().getUid();
        Incarnation first = incarnation(image, 1, 0);
        awaitRequest(uid, ImageRequested.class, first);
        kafka.say(new StageFailed(first, Stage.FETCH, FailureReason.SOURCE_REFUSED, "404 Not Found"));
        VirtualImageStatus failed = awaitPhase("again", Phase.FAILED);
        assertThat(failed.condition(ConditionType.READY).orElseThrow().getMessage())
                .contains("404 Not Found");

        object("again").edit(object -> {
            object.getMetadata().setAnnotations(Map.of(WellKnown.RETRY_ANNOTATION, "1"));
            return object;
        });
        Incarnation retried = incarnation(image, 1, 1);
        awaitRequest(uid, ImageRequested.class, retried);
        awaitPhase("again", Phase.PENDING);

        object("again").edit(object -> {
            object.setSpec(http("https://example.com/b.iso"));
            return object;
        });
        Incarnation respecified = incarnation(image, 2, 0);
        awaitRequest(uid, ImageRequested.class, respecified);
        awaitStatus("again", status -> Objects.equals(status.observedGeneration(), 2L));
        publish(retried); // too late
        publish(respecified);
        VirtualImageStatus ready = awaitPhase("again", Phase.READY);
        assertThat(Objects.requireNonNull(ready.target()).registryURL()).isEqualTo("r/vi/x:" + uid + "-2-0");
        await().atMost(SOON)
                .untilAsserted(() -> assertThat(events(uid))
                        .extracting(Event::getReason)
                        .contains(
                                "DataSourceImportFailed",
                                "VirtualImageSpecHasBeenChanged",
                                "DataSourceImportCompleted"));
        assertThat(kafka.events(Topic.REQUESTS, uid)).hasSize(3);
    }

    @Test
    void anObjectThatWentUnseenIsWithdrawn() throws Exception {
        Incarnation unseen = new Incarnation(NAMESPACE, "unseen", "11111111-unseen", 3, 1);
        publish(unseen);
        awaitRequest(unseen.uid(), new ImageWithdrawn(unseen));
    }

    @Test
    void whatIsMissingIsSaid() {
        create("itself", VirtualImageSpec.inRegistry(new Origin.ObjectRef(ObjectRefKind.VIRTUAL_IMAGE, "itself")));
        VirtualImageStatus status = awaitPhase("itself", Phase.PENDING);
        Condition missing = status.condition(ConditionType.DATASOURCE_READY).orElseThrow();
        assertThat(missing.getReason()).isEqualTo("ImageNotReady");
        assertThat(missing.getMessage()).contains("control/itself refers to itself");
        object("itself").delete();
    }

    @Test
    void theNextWatcherLeadsWhenTheLeaderEnds() throws Exception {
        StageRuntime next = watcher("watcher-1");
        await().atMost(SOON).until(() -> next.lacking().isEmpty());
        watcher.close();
        watcher = next;
        VirtualImage image = create("next", http("https://example.com/a.iso"));
        awaitRequest(image.getMetadata().getUid(), ImageRequested.class, incarnation(image, 1, 0));
        object("next").delete();
    }
}
