package io.virtualimage.stage.process;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Task;
import java.time.Duration;
import java.util.Locale;

/** What every stage counts. */
final class StageMeters {
    private final MeterRegistry registry;

    StageMeters(MeterRegistry registry) {
        this.registry = registry;
    }

    MeterRegistry registry() {
        return registry;
    }

    void announced(Event event) {
        Counter.builder("virtualimage.events.announced")
                .description("Events put on topics")
                .tag("type", event.getClass().getSimpleName())
                .register(registry)
                .increment();
        switch (event) {
            case Event.SegmentFetched segment -> staged(Stage.FETCH, segment.lengthBytes(), segment.allZero());
            case Event.SegmentConverted segment -> staged(Stage.CONVERT, segment.lengthBytes(), segment.allZero());
            case Event.TaskDeferred deferred -> deferred(deferred);
            case Event.StageFailed failed -> failed(failed);
            case Task task -> given(task);
            default -> {} // is counted by its type
        }
    }

    /** Segments and their bytes, those included that a stage had to do again. */
    private void staged(Stage stage, long lengthBytes, boolean allZero) {
        Counter.builder("virtualimage.segments")
                .description("Segments staged; those that are all zero have no object")
                .tag("stage", label(stage))
                .tag("zero", Boolean.toString(allZero))
                .register(registry)
                .increment();
        Counter.builder("virtualimage.staged.bytes")
                .description("Bytes of the segments staged, zeros included")
                .tag("stage", label(stage))
                .register(registry)
                .increment((double) lengthBytes);
    }

    private void deferred(Event.TaskDeferred deferred) {
        Counter.builder("virtualimage.tasks.deferred")
                .description("Tasks given back to be tried again later")
                .tag("kind", deferred.task().kind())
                .tag("deferral", label(deferred.deferral()))
                .tag("reason", label(deferred.reason()))
                .register(registry)
                .increment();
    }

    private void given(Task task) {
        Counter.builder("virtualimage.tasks.given")
                .description("Tasks given out by a fold; again: because an attempt fell silent or broke")
                .tag("kind", task.getClass().getSimpleName())
                .tag("again", Boolean.toString(task.header().attempt() > 1))
                .register(registry)
                .increment();
    }

    private void failed(Event.StageFailed failed) {
        Counter.builder("virtualimage.failures")
                .description("Images that were said to have failed")
                .tag("stage", label(failed.stage()))
                .tag("reason", label(failed.reason()))
                .register(registry)
                .increment();
    }

    private static String label(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    void buried(DeadLetter letter) {
        Counter.builder("virtualimage.dead.letters")
                .description("Records put away because they could not be worked on")
                .tag("topic", letter.topic())
                .register(registry)
                .increment();
    }

    void worked(Task task, String outcome, Duration time) {
        Timer.builder("virtualimage.task")
                .description("Time that a worker had a task for")
                .tag("group", task.group().groupId())
                .tag("kind", task.getClass().getSimpleName())
                .tag("outcome", outcome)
                .register(registry)
                .record(time);
    }
}
