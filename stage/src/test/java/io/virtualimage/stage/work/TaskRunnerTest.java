package io.virtualimage.stage.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.SegmentMissing;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.Event.StagingCleaned;
import io.virtualimage.topics.Event.TaskDeferred;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Task;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class TaskRunnerTest {
    private static final Incarnation IMAGE = new Incarnation("default", "image", "uid", 1, 0);
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Task.Header HEADER = new Task.Header(IMAGE, 0, new Position(0, 5), 2);
    private static final Task TASK = new Task.RemoveImage(HEADER, false);
    private static final Task WISHED = new Task.PublishManifest(HEADER, "sha256:x", 1, ImageFormat.RAW, false, 1, 1);

    /** What happened, in order. */
    private final List<Object> done = new ArrayList<>();

    private Ledger.Verdict verdict = Ledger.Verdict.WANTED;
    private boolean brokerAway;

    @Test
    void announcesAndThenAcknowledges() throws Exception {
        Event said = new StagingCleaned(IMAGE, null);
        assertThat(run(TASK, (task, context) -> context.announce(said))).isTrue();
        assertThat(done).containsExactly(said, "acknowledged");
    }

    @Test
    void whatIsStaleIsDiscardedNotDone() throws Exception {
        verdict = Ledger.Verdict.STALE;
        assertThat(run(WISHED, (task, context) -> done.add("worked"))).isTrue();
        assertThat(done).containsExactly("discarded", "acknowledged");
    }

    @Test
    void removingIsRightWhateverIsWanted() throws Exception {
        verdict = Ledger.Verdict.STALE;
        run(TASK, (task, context) -> {
            context.checkpoint();
            done.add("worked");
        });
        assertThat(done).containsExactly("worked", "acknowledged");
    }

    @Test
    void whatBecomesStaleInTheMiddleIsDiscardedWithoutAWord() throws Exception {
        assertThat(run(WISHED, (task, context) -> {
                    verdict = Ledger.Verdict.STALE;
                    context.checkpoint();
                    done.add("went on");
                }))
                .isTrue();
        assertThat(done).containsExactly("discarded", "acknowledged");
    }

    @Test
    void whatWasTakenAwayIsNotAcknowledged() throws Exception {
        TaskRunner runner = runner((task, context) -> context.checkpoint());
        TaskRunner.Running running = runner.prepare(new Delivery(WISHED, 1, () -> done.add("acknowledged")));
        running.revoke();
        assertThat(running.run()).isFalse();
        assertThat(done).isEmpty();
    }

    @Test
    void whatWasNotAnnouncedIsNotAcknowledged() throws Exception {
        brokerAway = true;
        assertThat(run(TASK, (task, context) -> context.announce(new StagingCleaned(IMAGE, null))))
                .isFalse();
        assertThat(done).isEmpty();
    }

    @Test
    void failuresBecomeEvents() throws Exception {
        run(WISHED, (task, context) -> {
            throw new ImageFailedException(FailureReason.CHECKSUM_MISMATCH, "expected a, found b", null);
        });
        assertThat(done)
                .containsExactly(
                        new StageFailed(IMAGE, Stage.PUBLISH, FailureReason.CHECKSUM_MISMATCH, "expected a, found b"),
                        "acknowledged");
    }

    @Test
    void deferralsSayWhenAndWhy() throws Exception {
        run(WISHED, (task, context) -> {
            throw new TaskDeferredException(
                    TaskDeferred.Deferral.SOURCE,
                    FailureReason.SOURCE_UNAVAILABLE,
                    "503",
                    Duration.ofSeconds(7),
                    new IOException());
        });
        assertThat(done)
                .containsExactly(
                        new TaskDeferred(
                                IMAGE,
                                WISHED.id(),
                                2,
                                TaskDeferred.Deferral.SOURCE,
                                FailureReason.SOURCE_UNAVAILABLE,
                                "503",
                                NOW.plusSeconds(7),
                                "worker"),
                        "acknowledged");
    }

    @Test
    void anAwayStoreIsAnOutageAndALostSegmentIsNamed() throws Exception {
        run(WISHED, (task, context) -> {
            throw new StagingUnavailableException("away", new IOException());
        });
        assertThat(done.getFirst())
                .isInstanceOfSatisfying(
                        TaskDeferred.class,
                        deferred -> assertThat(deferred.deferral()).isEqualTo(TaskDeferred.Deferral.OUTAGE));
        done.clear();
        run(WISHED, (task, context) -> {
            throw new SegmentLostException(SegmentKey.source(IMAGE, 0, 3), "gone");
        });
        assertThat(done.getFirst()).isEqualTo(new SegmentMissing(IMAGE, 0, null, 3, null));
        assertThat(done.get(1))
                .isInstanceOfSatisfying(
                        TaskDeferred.class,
                        deferred -> assertThat(deferred.deferral()).isEqualTo(TaskDeferred.Deferral.STARVED));
        assertThat(done).hasSize(3);
    }

    @Test
    void defectsCountEvenWhenMemoryRunsOut() throws Exception {
        for (Throwable defect : new Throwable[] {new IllegalStateException("bug"), new OutOfMemoryError("heap")}) {
            done.clear();
            run(WISHED, (task, context) -> {
                if (defect instanceof RuntimeException e) {
                    throw e;
                }
                throw (Error) defect;
            });
            assertThat(done.getFirst()).isInstanceOfSatisfying(TaskDeferred.class, deferred -> {
                assertThat(deferred.deferral()).isEqualTo(TaskDeferred.Deferral.FAULT);
                assertThat(deferred.message()).contains(defect.getMessage());
            });
            assertThat(done).hasSize(2);
        }
    }

    @Test
    void anInterruptIsNotAnOutcome() {
        assertThatThrownBy(() -> run(WISHED, (task, context) -> {
                    throw new InterruptedException();
                }))
                .isInstanceOf(InterruptedException.class);
        assertThat(done).isEmpty();
    }

    private boolean run(Task task, Work work) throws InterruptedException {
        return runner(work)
                .prepare(new Delivery(task, 1, () -> done.add("acknowledged")))
                .run();
    }

    private TaskRunner runner(Work work) {
        Ledger ledger = new Ledger() {
            @Override
            public Verdict judge(Incarnation image, Position cause) {
                return verdict;
            }

            @Override
            public Verdict judgeNow(Incarnation image) {
                return verdict;
            }

            @Override
            public Optional<Incarnation> wanted(String uid) {
                return Optional.of(IMAGE);
            }
        };
        Announcer announcer = new Announcer() {
            @Override
            public void announce(Event event) throws AnnouncementException {
                if (brokerAway) {
                    throw new AnnouncementException("away", new IOException());
                }
                done.add(event);
            }

            @Override
            public void bury(String key, DeadLetter letter) {
                done.add(letter);
            }
        };
        Worker worker = new Worker() {
            @Override
            public void run(Task task, TaskContext context)
                    throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                            StagingUnavailableException, AnnouncementException, InterruptedException {
                work.run(task, context);
            }

            @Override
            public void discard(Task task, TaskContext context) {
                done.add("discarded");
            }
        };
        return new TaskRunner("worker", ledger, announcer, worker, Clock.fixed(NOW, ZoneOffset.UTC));
    }

    /** What the worker does. */
    private interface Work {
        void run(Task task, TaskContext context)
                throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                        StagingUnavailableException, AnnouncementException, InterruptedException;
    }
}
