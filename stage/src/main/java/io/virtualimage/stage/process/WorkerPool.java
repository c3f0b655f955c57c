package io.virtualimage.stage.process;

import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.TaskRunner;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.WorkGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Takes tasks from one share group, with as many consumers as it may have tasks at a time: a consumer that holds a
 * record is given no other.
 */
final class WorkerPool implements AutoCloseable {
    private static final Duration BEAT = Duration.ofSeconds(5);

    private final WorkGroup group;
    private final Consumer<Event> mention;
    private final ScheduledThreadPoolExecutor beats;
    private final List<WorkerSlot> slots = new ArrayList<>();

    /** @param mention says an event without waiting, for signs of life */
    WorkerPool(
            WorkGroup group,
            int threads,
            KafkaClients clients,
            TaskRunner runner,
            Announcer announcer,
            Consumer<Event> mention,
            StageMeters meters) {
        this.group = group;
        this.mention = mention;
        this.beats = new ScheduledThreadPoolExecutor(
                1,
                Thread.ofPlatform()
                        .daemon()
                        .name("heartbeats-" + group.groupId())
                        .factory());
        beats.setRemoveOnCancelPolicy(true);
        for (int i = 0; i < threads; i++) {
            slots.add(new WorkerSlot(group.groupId() + "-" + i, this, group, clients, runner, announcer, meters));
        }
    }

    WorkerPool start() {
        slots.forEach(WorkerSlot::start);
        return this;
    }

    /** Whether all consumers are connected. */
    boolean ready() {
        return slots.stream().allMatch(WorkerSlot::connected);
    }

    /** Sends signs of life until it is cancelled. Those of a stream begin at once: another must not be given out. */
    ScheduledFuture<?> keepBeating(TaskRunner.Running running) {
        long first = switch (group) {
            case FETCH_STREAMS, CONVERT_STREAMS, PUBLISH_STREAMS -> 0;
            case FETCH_TASKS, CONVERT_TASKS, PUBLISH_TASKS -> BEAT.toMillis();
        };
        return beats.scheduleAtFixedRate(
                () -> mention.accept(running.heartbeat()), first, BEAT.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Interrupts what is being worked on and gives it back; takes at most {@link WorkerSlot#CLOSE}. */
    @Override
    public void close() {
        slots.forEach(WorkerSlot::stop);
        long deadline = System.nanoTime() + WorkerSlot.CLOSE.toNanos();
        for (WorkerSlot slot : slots) {
            slot.join(Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
        }
        beats.shutdownNow();
    }
}
