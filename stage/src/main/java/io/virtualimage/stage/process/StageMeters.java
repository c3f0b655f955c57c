package io.virtualimage.stage.process;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Task;
import java.time.Duration;

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
