package io.virtualimage.stage.process;

import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.Delivery;
import io.virtualimage.stage.work.TaskRunner;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.UndecodableEventException;
import io.virtualimage.topics.WorkGroup;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ShareConsumer;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One member of a share group, with one task at a time. Its thread alone talks to the consumer: it hands the task to a
 * thread of its own, renews the lock (KIP-1222) meanwhile, and acknowledges.
 */
final class WorkerSlot {
    /** For how long closing may take. */
    static final Duration CLOSE = Duration.ofSeconds(10);

    private static final Logger LOG = LoggerFactory.getLogger(WorkerSlot.class);

    /** A third of the lock's time, so that one renewal may fail to arrive. */
    private static final Duration RENEW = Duration.ofMillis(WorkGroup.LOCK_MS / 3);

    private static final Duration COMMIT = Duration.ofMillis(WorkGroup.LOCK_MS / 3);
    private static final Duration POLL = Duration.ofMillis(500);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration STOP_WORK = Duration.ofSeconds(5);
    private static final Duration LEAVE = Duration.ofSeconds(3);

    private final String name;
    private final WorkerPool pool;
    private final WorkGroup group;
    private final KafkaClients clients;
    private final TaskRunner runner;
    private final Announcer announcer;
    private final StageMeters meters;
    private final Thread thread;

    /** Given when there is something to look at: the work is done, or the slot is to close. */
    private final Semaphore news = new Semaphore(0);

    private volatile boolean closing;
    private volatile boolean connected;

    WorkerSlot(
            String name,
            WorkerPool pool,
            WorkGroup group,
            KafkaClients clients,
            TaskRunner runner,
            Announcer announcer,
            StageMeters meters) {
        this.name = name;
        this.pool = pool;
        this.group = group;
        this.clients = clients;
        this.runner = runner;
        this.announcer = announcer;
        this.meters = meters;
        this.thread = Thread.ofPlatform().daemon().name("slot-" + name).unstarted(this::run);
    }

    void start() {
        thread.start();
    }

    boolean connected() {
        return connected;
    }

    void stop() {
        closing = true;
        news.release();
    }

    void join(Duration atMost) {
        try {
            thread.join(atMost);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (!closing) {
            try {
                takeTasksAsMember();
            } catch (RuntimeException e) { // a slot that ended would never come back
                LOG.atWarn().addKeyValue("slot", name).setCause(e).log("the share consumer broke and is replaced");
            }
            if (!closing) {
                await(PAUSE);
            }
        }
    }

    private void takeTasksAsMember() {
        ShareConsumer<String, byte[]> consumer = clients.shareMember(group.groupId());
        try {
            consumer.subscribe(List.of(group.topic().topicName()));
            takeTasks(consumer);
        } finally {
            connected = false;
            leave(consumer);
        }
    }

    private void leave(ShareConsumer<String, byte[]> consumer) {
        try {
            consumer.close(LEAVE);
        } catch (KafkaException | IllegalStateException e) {
            LOG.atDebug().addKeyValue("slot", name).setCause(e).log("the share consumer did not close well");
        }
    }

    private void takeTasks(ShareConsumer<String, byte[]> consumer) {
        while (!closing) {
            for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                if (closing) { // another slot of this replica may just have given it back
                    commit(consumer, record, AcknowledgeType.RELEASE);
                } else if (handle(consumer, record)) {
                    commit(consumer, record, AcknowledgeType.ACCEPT);
                }
            }
            connected = true;
        }
    }

    /** Returns whether the record is held still, and done with. */
    private boolean handle(ShareConsumer<String, byte[]> consumer, ConsumerRecord<String, byte[]> record) {
        try {
            Optional<EventCodec.Decoded> decoded = EventCodec.decode(record.value());
            if (decoded.isEmpty()) {
                throw new UndecodableEventException("a task of a type that this version doesn't know");
            }
            if (!(decoded.get().event() instanceof Task task)) {
                throw new UndecodableEventException("not a task");
            }
            return work(consumer, record, task);
        } catch (UndecodableEventException e) {
            return bury(consumer, record, String.valueOf(e.getMessage()));
        }
    }

    private boolean bury(
            ShareConsumer<String, byte[]> consumer, ConsumerRecord<String, byte[]> record, String message) {
        String payload = record.value() == null ? null : new String(record.value(), StandardCharsets.UTF_8);
        try {
            announcer.bury(
                    record.key() == null ? "" : record.key(),
                    new DeadLetter(
                            record.topic(), new Position(record.partition(), record.offset()), message, payload));
            return true;
        } catch (AnnouncementException e) {
            LOG.atWarn().addKeyValue("slot", name).setCause(e).log("a dead letter could not be buried");
        } catch (InterruptedException e) {
            closing = true;
        }
        commit(consumer, record, AcknowledgeType.RELEASE);
        return false;
    }

    private boolean work(ShareConsumer<String, byte[]> consumer, ConsumerRecord<String, byte[]> record, Task task) {
        news.drainPermits();
        Work work = new Work(
                task,
                ack -> runner.prepare(new Delivery(task, record.deliveryCount().orElse((short) 1), ack)),
                news::release);
        long begun = System.nanoTime();
        var beats = pool.keepBeating(work.running());
        String outcome = "released";
        try {
            work.start();
            boolean held = holdUntilDone(consumer, record, work);
            if (!held) {
                outcome = "revoked";
                return false;
            }
            if (work.acknowledged()) {
                outcome = "acknowledged";
                return true;
            }
            commit(consumer, record, AcknowledgeType.RELEASE);
            return false;
        } catch (KafkaException | IllegalStateException e) {
            // With the consumer goes the lock.
            stopRevoked(work);
            outcome = "revoked";
            throw e;
        } finally {
            beats.cancel(false);
            meters.worked(task, outcome, Duration.ofNanos(System.nanoTime() - begun));
        }
    }

    /** Renews the lock until the work is done, or is stopped; returns whether the record is held still. */
    private boolean holdUntilDone(
            ShareConsumer<String, byte[]> consumer, ConsumerRecord<String, byte[]> record, Work work) {
        long renewed = System.nanoTime();
        while (!work.done()) {
            if (closing) {
                work.interrupt();
                if (work.awaitEnd(STOP_WORK)) {
                    return true;
                }
                work.revoke();
                return false;
            }
            long left = renewed + RENEW.toNanos() - System.nanoTime();
            if (left > 0) {
                await(Duration.ofNanos(left));
            } else if (renew(consumer, record)) {
                renewed = System.nanoTime();
            } else {
                LOG.atWarn()
                        .addKeyValue("slot", name)
                        .addKeyValue("task", work.task().id())
                        .log("the lock is lost: somebody else has the task");
                stopRevoked(work);
                return false;
            }
        }
        return true;
    }

    /** Waits for the end, too: until then there is no room for another task here. */
    private void stopRevoked(Work work) {
        do {
            work.revoke();
        } while (!work.awaitEnd(STOP_WORK) && !closing);
    }

    /** Renews the lock and takes the record back, which is handed out again; returns whether it is held still. */
    private boolean renew(ShareConsumer<String, byte[]> consumer, ConsumerRecord<String, byte[]> record) {
        if (!commit(consumer, record, AcknowledgeType.RENEW)) {
            return false;
        }
        long deadline = System.nanoTime() + COMMIT.toNanos();
        while (System.nanoTime() < deadline) {
            for (ConsumerRecord<String, byte[]> back : consumer.poll(POLL)) {
                if (back.partition() == record.partition() && back.offset() == record.offset()) {
                    return true;
                }
                // Another one, though this one was held: give it back, it isn't its turn.
                commit(consumer, back, AcknowledgeType.RELEASE);
                return false;
            }
        }
        return false;
    }

    private boolean commit(
            ShareConsumer<String, byte[]> consumer, ConsumerRecord<String, byte[]> record, AcknowledgeType type) {
        consumer.acknowledge(record, type);
        @Nullable
        KafkaException failure = consumer.commitSync(COMMIT).values().stream()
                .flatMap(Optional::stream)
                .findFirst()
                .orElse(null);
        if (failure != null) {
            LOG.atWarn()
                    .addKeyValue("slot", name)
                    .addKeyValue("partition", record.partition())
                    .addKeyValue("offset", record.offset())
                    .addKeyValue("acknowledgement", type)
                    .setCause(failure)
                    .log("an acknowledgement failed");
        }
        return failure == null;
    }

    private void await(Duration atMost) {
        try {
            boolean ignored = news.tryAcquire(atMost.toNanos(), TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            closing = true;
        }
    }
}
