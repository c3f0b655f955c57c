package io.virtualimage.sandbox.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.statuswriter.StatusWriter;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.TaskId;
import io.virtualimage.topics.WorkGroup;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is read at {@code /metrics} of processes that run. */
class MetricsIT {
    private static final Duration SOON = Duration.ofSeconds(60);

    /** So many that no partition is left without one. */
    private static final int IMAGES = 60;

    private static final String PHASE = "d8_virtualization_virtualimage_status_phase";

    @TempDir
    private Path directory;

    private final HttpClient client = HttpClient.newHttpClient();
    private PipelineKafka kafka;

    @BeforeEach
    void start() throws Exception {
        kafka = PipelineKafka.start(directory.resolve("kafka"));
    }

    @AfterEach
    void stop() {
        client.close();
        kafka.close();
    }

    /** The lines of one metric. */
    private List<String> served(StageRuntime runtime, String metric) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + runtime.opsPort() + "/metrics");
        HttpResponse<Stream<String>> response =
                client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofLines());
        return response.body().filter(line -> line.startsWith(metric + "{")).toList();
    }

    private double value(StageRuntime runtime, String metric, String label) throws Exception {
        return served(runtime, metric).stream()
                .filter(line -> line.contains(label))
                .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' '))))
                .findFirst()
                .orElse(Double.NEGATIVE_INFINITY);
    }

    // ---- phases

    /** Its Kubernetes is away, which keeps nobody from measuring. */
    private StageRuntime statusWriter(String replica) throws Exception {
        Path kubeconfig = Files.writeString(directory.resolve(replica), """
                apiVersion: v1
                kind: Config
                clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
                users: [{name: u, user: {}}]
                contexts: [{name: x, context: {cluster: c, user: u}}]
                current-context: x
                """);
        Map<String, String> environment = new HashMap<>(kafka.environment(replica));
        environment.put("KUBECONFIG", kubeconfig.toString());
        environment.put("TOKEN_KEY", "0123456789abcdef0123456789abcdef");
        Settings settings = new Settings(environment);
        StageRuntime runtime = StageRuntime.open("status-writer", settings);
        StatusWriter.start(runtime, settings);
        return runtime;
    }

    private List<String> phases(StageRuntime... replicas) throws Exception {
        List<String> all = new ArrayList<>();
        for (StageRuntime replica : replicas) {
            all.addAll(served(replica, PHASE));
        }
        return all;
    }

    @Test
    void everyImageIsMeasuredByTheOneReplicaThatHasItsPartition() throws Exception {
        List<Incarnation> images = new ArrayList<>();
        for (int i = 0; i < IMAGES; i++) {
            images.add(
                    new Incarnation("default", "image-" + i, UUID.randomUUID().toString(), 1, 0));
        }
        try (StageRuntime one = statusWriter("one")) {
            try (StageRuntime two = statusWriter("two")) {
                for (Incarnation image : images) {
                    kafka.say(requested(image));
                }
                await().atMost(SOON).untilAsserted(() -> {
                    assertThat(phases(one)).isNotEmpty();
                    assertThat(phases(two)).isNotEmpty();
                    assertThat(phases(one, two)).hasSize(IMAGES * 8);
                });
                assertThat(phases(one, two))
                        .map(line -> line.replaceFirst("replica=\"[a-z]+\",", ""))
                        .contains(
                                line(images.getFirst(), "Pending") + " 1.0", line(images.getFirst(), "Ready") + " 0.0")
                        .doesNotHaveDuplicates();
            }
            await().atMost(SOON).until(() -> phases(one).size() == IMAGES * 8);
            assertThat(value(one, "virtualimage_oldest_unfinished_seconds", "")).isPositive();

            kafka.say(published(images.getFirst()));
            await().atMost(SOON)
                    .until(() -> value(one, PHASE, key(images.getFirst(), "Ready")) == 1
                            && value(one, PHASE, key(images.getFirst(), "Pending")) == 0);
            for (Incarnation image : images) {
                kafka.say(new Event.ImageWithdrawn(image));
                kafka.say(new Event.ImageRemoved(image, null));
            }
            await().atMost(SOON).until(() -> phases(one).isEmpty());
            assertThat(value(one, "virtualimage_oldest_unfinished_seconds", "")).isZero();
        }
    }

    private static String key(Incarnation image, String phase) {
        return "name=\"%s\",namespace=\"default\",phase=\"%s\"".formatted(image.name(), phase);
    }

    private static String line(Incarnation image, String phase) {
        return "%s{%s,service=\"status-writer\",uid=\"%s\"}".formatted(PHASE, key(image, phase), image.uid());
    }

    private static Event requested(Incarnation image) {
        return new Event.ImageRequested(
                image,
                new DataSource.Http("http://host/x.img", false, Checksums.NONE),
                Storage.CONTAINER_REGISTRY,
                null,
                null,
                null);
    }

    private static Event published(Incarnation image) {
        return new Event.ImagePublished(
                image, 0, "r/x:1", "sha256:m", "sha256:l", 10, ImageFormat.RAW, false, 10, 10, null);
    }

    // ---- work

    private final Incarnation image =
            new Incarnation("default", "ubuntu", UUID.randomUUID().toString(), 1, 0);

    private StageRuntime worker() throws InterruptedException {
        Map<String, String> environment = new HashMap<>(kafka.environment("worker"));
        environment.put("LAG_INTERVAL", "500ms");
        return StageRuntime.open("test", new Settings(environment));
    }

    private Event task(int epoch) {
        return new Task.CleanStaging(new Task.Header(image, epoch, new Position(0, 0), 1), false);
    }

    @Test
    void tasksThatWaitAreCountedAndABrokerThatIsAwayIsSurvived() throws Exception {
        CountDownLatch free = new CountDownLatch(1);
        try (StageRuntime runtime = worker()) {
            runtime.work(WorkGroup.FETCH_TASKS, 1, (task, context) -> {
                boolean ignored = free.await(2, TimeUnit.MINUTES);
            });
            for (int i = 0; i < 5; i++) {
                kafka.say(task(i));
            }
            await().atMost(SOON).until(() -> lag(runtime) == 5);
            free.countDown();
            await().atMost(SOON).until(() -> lag(runtime) == 0);
            assertThat(value(runtime, "virtualimage_task_seconds_count", "kind=\"CleanStaging\""))
                    .isEqualTo(5);

            kafka.stopBroker();
            await().atMost(SOON).until(() -> Double.isNaN(lag(runtime)));
            kafka.startBroker();
            await().atMost(SOON).until(() -> lag(runtime) == 0);
            kafka.say(task(6));
            await().atMost(SOON)
                    .until(() -> value(runtime, "virtualimage_task_seconds_count", "kind=\"CleanStaging\"") == 6);
        }
    }

    private double lag(StageRuntime runtime) throws Exception {
        return value(runtime, "virtualimage_group_lag", "group=\"virtualimage.fetch-tasks\"");
    }

    @Test
    void whatAStageSaysIsCounted() throws Exception {
        try (StageRuntime runtime = kafka.open("stage")) {
            runtime.announcer()
                    .announce(new Event.SegmentFetched(image, 0, null, 0, 1000, 0, SegmentSet.EMPTY, false, null, "w"));
            runtime.announcer()
                    .announce(new Event.TaskDeferred(
                            image,
                            new TaskId("FetchRange/0/3"),
                            1,
                            Event.TaskDeferred.Deferral.SOURCE,
                            FailureReason.SOURCE_UNAVAILABLE,
                            "503",
                            Instant.EPOCH,
                            "w"));
            runtime.announcer()
                    .announce(new Event.StageFailed(image, Stage.FETCH, FailureReason.SOURCE_REFUSED, "404 Not Found"));
            assertThat(value(runtime, "virtualimage_segments_total", "stage=\"fetch\""))
                    .isOne();
            assertThat(value(runtime, "virtualimage_staged_bytes_total", "stage=\"fetch\""))
                    .isEqualTo(1000);
            assertThat(value(runtime, "virtualimage_tasks_deferred_total", "deferral=\"source\",kind=\"FetchRange\""))
                    .isOne();
            assertThat(value(runtime, "virtualimage_failures_total", "reason=\"source_refused\""))
                    .isOne();
        }
    }
}
