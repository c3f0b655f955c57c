package io.virtualimage.stage.work;

import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.Task;
import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes one delivery through its life: is it still wanted, do it, announce what came of it, acknowledge. Acknowledges
 * only what is announced; a delivery that is not acknowledged goes to somebody else when its lock runs out.
 */
public final class TaskRunner {
    private static final Logger LOG = LoggerFactory.getLogger(TaskRunner.class);

    private final String name;
    private final Ledger ledger;
    private final Announcer announcer;
    private final Worker worker;
    private final Clock clock;

    /** @param name of this replica, as events say it */
    public TaskRunner(String name, Ledger ledger, Announcer announcer, Worker worker, Clock clock) {
        this.name = name;
        this.ledger = ledger;
        this.announcer = announcer;
        this.worker = worker;
        this.clock = clock;
    }

    /** What the pool may see and say of a task while it runs, from another thread. */
    public final class Running implements TaskContext {
        private final Delivery delivery;
        private final AtomicLong doneBytes = new AtomicLong();
        private final AtomicBoolean revoked = new AtomicBoolean();

        private Running(Delivery delivery) {
            this.delivery = delivery;
        }

        /** The sign of life to send now. */
        public Event heartbeat() {
            Task task = delivery.task();
            return new Event.TaskHeartbeat(
                    task.image(), task.id(), task.header().attempt(), name, doneBytes.get());
        }

        /** The broker may have given the task to somebody else: the worker stops at its next checkpoint. */
        public void revoke() {
            revoked.set(true);
        }

        /** Does the task; returns whether it was acknowledged. */
        public boolean run() throws InterruptedException {
            return TaskRunner.this.run(this);
        }

        @Override
        public String worker() {
            return name;
        }

        @Override
        public int deliveryCount() {
            return delivery.deliveryCount();
        }

        @Override
        public boolean mayHaveBegun() {
            return delivery.deliveryCount() > 1 || delivery.task().header().attempt() > 1;
        }

        @Override
        public void announce(Event event) throws AnnouncementException, InterruptedException {
            announcer.announce(event);
        }

        @Override
        public void progress(long done) {
            doneBytes.set(done);
        }

        @Override
        public void checkpoint() throws TaskAbandonedException, InterruptedException {
            if (Thread.interrupted()) {
                throw new InterruptedException();
            }
            if (revoked.get()) {
                throw new TaskAbandonedException("the task was taken away");
            }
            if (needsWish(delivery.task()) && ledger.judgeNow(delivery.task().image()) == Ledger.Verdict.STALE) {
                throw new TaskAbandonedException("the incarnation is not wanted any more");
            }
        }
    }

    /** Prepares a delivery; {@link Running#run} does it. */
    public Running prepare(Delivery delivery) {
        return new Running(delivery);
    }

    /** Removing is right whatever is wanted: it names the versions that it may touch. */
    private static boolean needsWish(Task task) {
        return switch (task) {
            case Task.CleanStaging ignored -> false;
            case Task.RemoveImage ignored -> false;
            case Task.ProbeSource ignored -> true;
            case Task.FetchRange ignored -> true;
            case Task.FetchStream ignored -> true;
            case Task.ReadVolume ignored -> true;
            case Task.VerifySource ignored -> true;
            case Task.InspectDisk ignored -> true;
            case Task.UnpackSource ignored -> true;
            case Task.MapDisk ignored -> true;
            case Task.ConvertSegment ignored -> true;
            case Task.PushLayer ignored -> true;
            case Task.MountImage ignored -> true;
            case Task.FillVolume ignored -> true;
            case Task.PublishManifest ignored -> true;
        };
    }

    private boolean run(Running running) throws InterruptedException {
        Task task = running.delivery.task();
        try {
            try {
                if (needsWish(task) && ledger.judge(task.image(), task.header().cause()) == Ledger.Verdict.STALE) {
                    worker.discard(task, running);
                } else {
                    work(task, running);
                }
            } catch (TaskDeferredException e) {
                defer(task, e);
            } catch (StagingUnavailableException e) {
                defer(task, TaskDeferredException.outage(String.valueOf(e.getMessage()), e));
            } catch (Ledger.LedgerBehindException e) {
                defer(task, TaskDeferredException.outage(String.valueOf(e.getMessage()), e));
            } catch (RuntimeException | OutOfMemoryError | StackOverflowError e) {
                LOG.atError().addKeyValue("task", task.id()).setCause(e).log("a worker broke on a task");
                defer(
                        task,
                        new TaskDeferredException(
                                Deferral.FAULT, FailureReason.INTERNAL, String.valueOf(e), Duration.ZERO, e));
            }
        } catch (TaskAbandonedException e) {
            discardStale(task, running);
            if (running.revoked.get()) {
                return false; // it is somebody else's now
            }
        } catch (AnnouncementException e) {
            LOG.atWarn()
                    .addKeyValue("task", task.id())
                    .setCause(e)
                    .log("not announced, so not acknowledged: the task will be delivered again");
            return false;
        }
        running.delivery.acknowledge().run();
        return true;
    }

    /** What was begun and became stale in the middle; what stays all the same is for the sweepers. */
    private void discardStale(Task task, Running running) throws InterruptedException {
        if (!needsWish(task) || ledger.judgeNow(task.image()) != Ledger.Verdict.STALE) {
            return;
        }
        try {
            worker.discard(task, running);
        } catch (TaskDeferredException | StagingUnavailableException e) {
            LOG.atWarn().addKeyValue("task", task.id()).setCause(e).log("what a stale task left could not be removed");
        }
    }

    private void work(Task task, Running running)
            throws TaskDeferredException, TaskAbandonedException, StagingUnavailableException, AnnouncementException,
                    InterruptedException {
        try {
            worker.run(task, running);
        } catch (ImageFailedException e) {
            announcer.announce(new Event.StageFailed(task.image(), task.group().stage(), e.reason(), e.words()));
        } catch (SegmentLostException e) {
            SegmentKey lost = e.key();
            boolean ofSource = lost.kind() == SegmentKind.SOURCE;
            announcer.announce(new Event.SegmentMissing(
                    task.image(),
                    task.epoch(),
                    ofSource ? sessionOf(task) : null,
                    lost.index(),
                    ofSource ? null : lost.kind()));
            // What the converter made takes its time to be made again: backs off.
            throw ofSource
                    ? TaskDeferredException.starved(String.valueOf(e.getMessage()))
                    : TaskDeferredException.outage(String.valueOf(e.getMessage()), e);
        }
    }

    private static @Nullable String sessionOf(Task task) {
        return switch (task) {
            case Task.VerifySource verify -> verify.staged().session();
            case Task.InspectDisk inspect -> inspect.staged().session();
            case Task.UnpackSource unpack -> unpack.staged().session();
            case Task.MapDisk map -> map.staged().session();
            case Task.ConvertSegment convert -> convert.staged().session();
            case Task.PushLayer push -> push.staged().session();
            case Task.FillVolume fill -> fill.staged().session();
            default -> null;
        };
    }

    private void defer(Task task, TaskDeferredException e) throws AnnouncementException, InterruptedException {
        announcer.announce(new Event.TaskDeferred(
                task.image(),
                task.id(),
                task.header().attempt(),
                e.deferral(),
                e.reason(),
                e.words(),
                clock.instant().plus(e.delay()),
                name));
    }
}
