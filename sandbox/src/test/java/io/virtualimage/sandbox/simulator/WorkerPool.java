package io.virtualimage.sandbox.simulator;

import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.Delivery;
import io.virtualimage.stage.work.TaskRunner;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.WorkGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The members of a share group in one process: each takes one task at a time; locks are renewed beside the work. */
final class WorkerPool {
    private static final Duration BEAT = Duration.ofMillis(WorkGroup.LOCK_MS / 3);
    private static final Duration LONG = Duration.ofDays(1);

    /** One task that is being worked on. */
    private static final class Held {
        private final ShareGroup.Acquired acquired;
        private final TaskRunner.Running running;
        private long beatAt;

        private Held(ShareGroup.Acquired acquired, TaskRunner.Running running, long beatAt) {
            this.acquired = acquired;
            this.running = running;
            this.beatAt = beatAt;
        }
    }

    private final SimProcess process;
    private final ShareGroup group;
    private final TaskRunner runner;
    private final Announcer announcer;
    private final Dice dice;
    private final Saboteur saboteur;
    private final List<Held> held = new ArrayList<>();

    WorkerPool(
            SimProcess process,
            ShareGroup group,
            int members,
            TaskRunner runner,
            Announcer announcer,
            Dice dice,
            Saboteur saboteur) {
        this.process = process;
        this.group = group;
        this.runner = runner;
        this.announcer = announcer;
        this.dice = dice;
        this.saboteur = saboteur;
        for (int i = 0; i < members; i++) {
            process.start(group.group() + "-" + i, this::work);
        }
        process.start(group.group() + "-beats", this::beat);
        process.atDeath(() -> group.disconnect(process));
    }

    /** The tasks that are being worked on. */
    List<Task> tasks() {
        return held.stream().map(each -> each.acquired.task()).toList();
    }

    private void work() throws InterruptedException {
        while (true) {
            process.scheduler().await(group::hasWork, LONG);
            process.effect("polls", group.group());
            Optional<ShareGroup.Acquired> next = group.acquire(process, dice);
            if (next.isPresent()) {
                work(next.get());
            }
        }
    }

    private void work(ShareGroup.Acquired acquired) throws InterruptedException {
        Task task = acquired.task();
        process.scheduler().note(process.name(), "is given (" + acquired.deliveryCount() + ")", task);
        if (saboteur.acknowledgesFirst()) {
            acquired.acknowledge();
        }
        TaskRunner.Running running = runner.prepare(new Delivery(task, acquired.deliveryCount(), () -> {
            process.effect("acknowledges", task.id());
            acquired.acknowledge();
        }));
        Held mine = new Held(acquired, running, process.scheduler().millis() + firstBeat());
        held.add(mine);
        boolean acknowledged = running.run();
        held.remove(mine);
        if (!acknowledged) {
            process.effect("releases", task.id());
            acquired.release();
        }
    }

    /** Those of a stream begin at once. */
    private long firstBeat() {
        return switch (group.group()) {
            case FETCH_STREAMS, CONVERT_STREAMS, PUBLISH_STREAMS -> 0;
            case FETCH_TASKS, CONVERT_TASKS, PUBLISH_TASKS -> BEAT.toMillis();
        };
    }

    private void beat() {
        while (true) {
            process.scheduler().await(() -> !held.isEmpty(), LONG);
            long due = held.stream().mapToLong(each -> each.beatAt).min().orElse(0);
            process.scheduler()
                    .await(
                            null,
                            Duration.ofMillis(
                                    Math.max(0, due - process.scheduler().millis())));
            for (Held each : List.copyOf(held)) {
                if (each.beatAt <= process.scheduler().millis() && held.contains(each)) {
                    each.beatAt = process.scheduler().millis() + BEAT.toMillis();
                    renew(each);
                }
            }
        }
    }

    private void renew(Held each) {
        process.effect("renews", each.acquired.task().id());
        if (!each.acquired.renew()) {
            each.running.revoke();
            return;
        }
        try {
            announcer.announce(each.running.heartbeat());
        } catch (AnnouncementException | InterruptedException ignored) {
            // The next one will do.
        }
    }
}
