package io.virtualimage.stage.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What Prometheus reads of what a stage does. */
class StageMetersTest {
    private static final Incarnation IMAGE = new Incarnation("default", "ubuntu", "uid-1", 1, 0);
    private static final DataSource SOURCE = new DataSource.Http("https://example.com/a", false, Checksums.NONE);

    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final StageMeters meters = new StageMeters(registry);

    private List<String> served(String name) {
        return registry.scrape()
                .lines()
                .filter(line -> line.startsWith(name + "{"))
                .toList();
    }

    @Test
    void segmentsAndTheirBytes() {
        meters.announced(new Event.SegmentFetched(IMAGE, 0, null, 0, 1000, 0, SegmentSet.EMPTY, false, null, "w"));
        meters.announced(new Event.SegmentFetched(IMAGE, 0, null, 1, 24, 0, SegmentSet.EMPTY, true, null, "w"));
        meters.announced(
                new Event.SegmentConverted(IMAGE, 0, SegmentKind.DISK, 0, 512, 0, SegmentSet.EMPTY, false, "w"));
        assertThat(served("virtualimage_segments_total"))
                .containsExactly(
                        "virtualimage_segments_total{stage=\"convert\",zero=\"false\"} 1.0",
                        "virtualimage_segments_total{stage=\"fetch\",zero=\"false\"} 1.0",
                        "virtualimage_segments_total{stage=\"fetch\",zero=\"true\"} 1.0");
        assertThat(served("virtualimage_staged_bytes_total"))
                .containsExactly(
                        "virtualimage_staged_bytes_total{stage=\"convert\"} 512.0",
                        "virtualimage_staged_bytes_total{stage=\"fetch\"} 1024.0");
    }

    @Test
    void retries() {
        meters.announced(new Event.TaskDeferred(
                IMAGE,
                new TaskId("FetchRange/0/3"),
                1,
                Deferral.SOURCE,
                FailureReason.SOURCE_UNAVAILABLE,
                "503",
                Instant.EPOCH,
                "w"));
        assertThat(served("virtualimage_tasks_deferred_total"))
                .containsExactly(
                        "virtualimage_tasks_deferred_total{deferral=\"source\",kind=\"FetchRange\",reason=\"source_unavailable\"} 1.0");
    }

    @Test
    void tasksThatAreGivenOutAgain() {
        for (int attempt : new int[] {1, 1, 2, 3}) {
            meters.announced(
                    new Task.ProbeSource(new Task.Header(IMAGE, 0, new Position(0, 0), attempt), SOURCE, 1 << 20));
        }
        assertThat(served("virtualimage_tasks_given_total"))
                .containsExactly(
                        "virtualimage_tasks_given_total{again=\"false\",kind=\"ProbeSource\"} 2.0",
                        "virtualimage_tasks_given_total{again=\"true\",kind=\"ProbeSource\"} 2.0");
    }

    @Test
    void failuresAndDeadLetters() {
        meters.announced(new Event.StageFailed(IMAGE, Stage.CONVERT, FailureReason.NOT_AN_IMAGE, "text"));
        meters.buried(new DeadLetter("virtualimage.fetched", new Position(0, 0), "unreadable", "x"));
        assertThat(served("virtualimage_failures_total"))
                .containsExactly("virtualimage_failures_total{reason=\"not_an_image\",stage=\"convert\"} 1.0");
        assertThat(served("virtualimage_dead_letters_total"))
                .containsExactly("virtualimage_dead_letters_total{topic=\"virtualimage.fetched\"} 1.0");
    }

    @Test
    void secondsOfTasks() {
        Task task = new Task.ProbeSource(new Task.Header(IMAGE, 0, new Position(0, 0), 1), SOURCE, 1 << 20);
        meters.worked(task, "acknowledged", Duration.ofMillis(1500));
        assertThat(served("virtualimage_task_seconds_sum"))
                .containsExactly(
                        "virtualimage_task_seconds_sum{group=\"virtualimage.fetch-tasks\",kind=\"ProbeSource\",outcome=\"acknowledged\"} 1.5");
    }
}
