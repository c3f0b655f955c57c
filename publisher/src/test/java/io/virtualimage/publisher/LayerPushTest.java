package io.virtualimage.publisher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.oci.ChunkBody;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.RegistryException.Reason;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.LayerPushed;
import io.virtualimage.topics.Event.PushParked;
import io.virtualimage.topics.Event.StageProgressed;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.Task;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class LayerPushTest {
    private final Bench bench = new Bench();

    @Test
    void pushesInOneGo() throws Exception {
        bench.stageAll();
        TestContext context = bench.context();

        bench.worker().run(bench.push(), context);

        assertThat(bench.layerInRegistry()).hasValue(bench.layer());
        assertPushedOnce();
        assertThat(context.progressBytes()).isEqualTo(bench.layer().length);
        assertThat(bench.registry.openUploads()).isZero();
    }

    @Test
    void pushesWithReadingAhead() throws Exception {
        bench.stageAll();
        try (ExecutorService executor = Executors.newSingleThreadExecutor()) {
            PublishPorts ports = new PublishPorts(
                    bench.registry, bench.staging, (image, from) -> null, null, bench.clock, 2_500, executor);
            new PublishWorker(ports, Bench.NAMES).run(bench.push(), bench.context());
        }
        assertThat(bench.layerInRegistry()).hasValue(bench.layer());
    }

    @Test
    void pushesWhileSegmentsArrive() throws Exception {
        Deque<Integer> toCome = new ArrayDeque<>(List.of(5, 4, 9, 8, 6, 7));
        for (int i = 0; i < 4; i++) {
            bench.stage(i);
        }
        bench.whileWaiting = () -> bench.feed.add(bench.stage(toCome.remove()));

        bench.worker().run(bench.push(), bench.context());

        assertThat(toCome).isEmpty();
        assertThat(bench.layerInRegistry()).hasValue(bench.layer());
        assertPushedOnce();
    }

    @Test
    void saysProgressAtMostTwiceASecond() throws Exception {
        bench.stageAll();

        bench.worker().run(bench.push(), bench.context());

        // The clock stands still.
        assertThat(bench.said(StageProgressed.class)).hasSize(1);
        assertThat(bench.said(StageProgressed.class).getFirst().totalBytes()).isEqualTo(bench.layer().length);
    }

    @Test
    void parksWhenNothingComesAndGoesOnElsewhere() throws Exception {
        for (int i = 0; i < 4; i++) {
            bench.stage(i);
        }
        bench.worker().run(bench.push(), bench.context());

        assertThat(bench.said(PushParked.class))
                .containsExactly(new PushParked(Bench.IMAGE, 0, bench.push().id(), 1, 4));
        assertThat(bench.said(LayerPushed.class)).isEmpty();

        bench.stageAll();
        bench.worker().run(bench.push(), bench.context("publisher-1", 1, Fuse.none()));

        assertThat(bench.layerInRegistry()).hasValue(bench.layer());
        assertThat(bench.registry.openUploads()).isZero();
    }

    @Test
    void parksForASegmentFurtherOnTheMoreWasSent() throws Exception {
        for (int i = 0; i < 8; i++) {
            bench.stage(i);
        }
        bench.worker().run(bench.push(), bench.context());

        // Not 8: one segment is not worth reading eight again.
        assertThat(bench.said(PushParked.class).getFirst().nextIndex()).isEqualTo(9);
    }

    @Test
    void givesUpWhenTheEpochEnds() {
        bench.stage(0);
        bench.feed.add(new StreamBroken(Bench.IMAGE, 0, StreamBroken.Cause.SOURCE_CHANGED, "other ETag", "fetcher-0"));

        assertThatThrownBy(() -> bench.worker().run(bench.push(), bench.context()))
                .isInstanceOf(TaskAbandonedException.class);

        assertThat(bench.topic).isEmpty();
        assertThat(bench.registry.openUploads()).isZero();
    }

    @Test
    void ignoresEventsOfOtherSessionsAndImages() throws Exception {
        for (int i = 0; i < 9; i++) {
            bench.stage(i);
        }
        Task.PushLayer task = bench.push();
        Event.SegmentFetched last = bench.stage(9);
        bench.feed.add(new Event.SegmentFetched(
                Bench.IMAGE,
                0,
                "0123456789abcdef",
                9,
                456,
                last.crc32c(),
                last.zeroBlocks(),
                false,
                last.sourceLengthBytes(),
                "fetcher-1"));

        bench.worker().run(task, bench.context());

        assertThat(bench.said(PushParked.class).getFirst().nextIndex()).isEqualTo(9);
    }

    @Test
    void cancelsTheUploadOfAStaleImageButNotOfOneThatWasTakenAway() throws Exception {
        bench.stageAll();
        TestContext revoked = bench.context("publisher-0", 1, new Fuse(30, () -> {}));
        Fuse pause = new Fuse(30, revoked::revoke);
        assertThatThrownBy(() -> bench.worker(pause).run(bench.push(), revoked))
                .isInstanceOf(TaskAbandonedException.class);
        assertThat(bench.registry.openUploads()).isEqualTo(1);

        TestContext stale = bench.context("publisher-1", 2, Fuse.none());
        Fuse withdrawal = new Fuse(20, () -> {
            bench.verdict = Ledger.Verdict.STALE;
            stale.revoke();
        });
        assertThatThrownBy(() -> bench.worker(withdrawal).run(bench.push(), stale))
                .isInstanceOf(TaskAbandonedException.class);
        assertThat(bench.registry.openUploads()).isZero();
    }

    @Test
    void aLostSegmentIsSaidAndTheUploadStays() throws Exception {
        bench.stageAll();
        Task.PushLayer task = bench.push();
        bench.staging.clean(Bench.IMAGE, false);
        for (int i = 0; i < 5; i++) {
            bench.stage(i);
        }

        SegmentLostException lost = catchThrowableOfType(
                SegmentLostException.class, () -> bench.worker().run(task, bench.context()));
        assertThat(lost.key().index()).isEqualTo(5);

        bench.stageAll();
        bench.worker().run(task, bench.context("publisher-1", 1, Fuse.none()));
        assertThat(bench.layerInRegistry()).hasValue(bench.layer());
        assertThat(bench.registry.openUploads()).isZero();
    }

    @Test
    void goesOnAfterACrashAtAnyEffect() throws Exception {
        Random random = new Random(1);
        int effects = 0;
        for (boolean burnt = true; burnt; ) {
            effects++;
            Bench world = new Bench();
            world.stageAll();
            burnt = killed(world, effects, 1);
            if (burnt) {
                killed(world, 1 + random.nextInt(60), 2);
            }
            world.worker().run(world.push(), world.context("publisher-3", 3, Fuse.none()));

            assertThat(world.layerInRegistry())
                    .as("killed at effect %d", effects)
                    .hasValue(world.layer());
            assertThat(world.said(LayerPushed.class))
                    .extracting(LayerPushed::layer)
                    .containsOnly(Digest.sha256(world.layer()).toString());
        }
        assertThat(effects).isGreaterThan(50);
    }

    private static boolean killed(Bench world, int at, int delivery) throws Exception {
        Fuse fuse = Fuse.crash(at);
        try {
            world.worker(fuse).run(world.push(), world.context("publisher-" + delivery, delivery, fuse));
            return false;
        } catch (Fuse.Crash e) {
            return true;
        }
    }

    @Test
    void aPausedWorkerThatComesBackDoesNoHarm() throws Exception {
        int effects = 0;
        for (boolean burnt = true; burnt; ) {
            effects++;
            Bench world = new Bench();
            world.stageAll();
            Fuse pause = new Fuse(effects, () -> {
                try {
                    world.clock.advance(Duration.ofSeconds(20));
                    world.worker().run(world.push(), world.context("publisher-1", 2, Fuse.none()));
                } catch (Exception e) {
                    throw new IllegalStateException("the second worker is in nobody's way", e);
                }
            });
            try {
                world.worker(pause).run(world.push(), world.context("publisher-0", 1, pause));
            } catch (TaskAbandonedException | TaskDeferredException e) {
                assertThat(pause.burnt()).isTrue();
            } catch (IllegalStateException e) {
                // The registry in memory counts the bytes of a chunk that another one has overtaken.
                assertThat(e).hasMessageContaining("a chunk of");
            }
            burnt = pause.burnt();
            assertThat(world.layerInRegistry())
                    .as("paused at effect %d", effects)
                    .hasValue(world.layer());
            assertThat(world.said(LayerPushed.class))
                    .extracting(LayerPushed::layer)
                    .containsOnly(Digest.sha256(world.layer()).toString());
        }
        assertThat(effects).isGreaterThan(50);
    }

    @Test
    void beginsAnewWhenTheRegistryHasForgottenTheUpload() throws Exception {
        bench.stageAll();
        assertThat(killed(bench, 40, 1)).isTrue();
        bench.registry.forgetUploads();

        bench.worker().run(bench.push(), bench.context("publisher-1", 2, Fuse.none()));

        assertThat(bench.layerInRegistry()).hasValue(bench.layer());
    }

    @Test
    void anUploadThatWasForgottenMeanwhileIsBegunAnewByTheNextAttempt() throws Exception {
        bench.stageAll();
        Fuse purge = new Fuse(40, bench.registry::forgetUploads);
        TaskDeferredException deferred = catchThrowableOfType(
                TaskDeferredException.class,
                () -> bench.worker(purge).run(bench.push(), bench.context("publisher-0", 1, purge)));
        assertThat(deferred.deferral()).isEqualTo(Deferral.OUTAGE);

        bench.worker().run(bench.push(), bench.context("publisher-1", 1, Fuse.none()));
        assertThat(bench.layerInRegistry()).hasValue(bench.layer());
    }

    @Test
    void goesOnAfterABrokenConnectionWithoutReadingAllAgain() throws Exception {
        bench.stageAll();
        FlakyRegistry flaky = new FlakyRegistry(bench.registry, 1, Reason.UNAVAILABLE);

        bench.worker(flaky.port(), Fuse.none()).run(bench.push(), bench.context());

        assertThat(flaky.failed()).isEqualTo(1);
        assertThat(bench.layerInRegistry()).hasValue(bench.layer());
        assertPushedOnce();
    }

    @Test
    void aRegistryThatIsAwayIsAnOutage() throws Exception {
        bench.stageAll();
        FlakyRegistry away = new FlakyRegistry(bench.registry, Integer.MAX_VALUE, Reason.UNAVAILABLE);
        TaskDeferredException deferred = catchThrowableOfType(
                TaskDeferredException.class,
                () -> bench.worker(away.port(), Fuse.none()).run(bench.push(), bench.context()));
        assertThat(deferred.deferral()).isEqualTo(Deferral.OUTAGE);

        FlakyRegistry refusing = new FlakyRegistry(bench.registry, Integer.MAX_VALUE, Reason.UNAUTHORIZED);
        deferred = catchThrowableOfType(
                TaskDeferredException.class,
                () -> bench.worker(refusing.port(), Fuse.none()).run(bench.push(), bench.context()));
        assertThat(deferred.deferral()).isEqualTo(Deferral.OUTAGE);
        assertThat(deferred.words()).contains("REGISTRY_USERNAME");

        bench.worker().run(bench.push(), bench.context());
        assertThat(bench.layerInRegistry()).hasValue(bench.layer());
    }

    @Test
    void anUploadThatRefusesToGoOnTwiceAtOnePlaceIsReplaced() throws Exception {
        bench.stageAll();
        FlakyRegistry stuck = new FlakyRegistry(bench.registry, 2, Reason.UPLOAD_OUT_OF_STEP);
        for (int i = 0; i < 2; i++) {
            TaskDeferredException deferred = catchThrowableOfType(
                    TaskDeferredException.class,
                    () -> bench.worker(stuck.port(), Fuse.none()).run(bench.push(), bench.context()));
            assertThat(deferred.deferral()).isEqualTo(Deferral.OUTAGE);
            assertThat(deferred.delay()).isPositive();
            assertThat(bench.registry.openUploads()).isEqualTo(1 - i);
        }
        bench.worker(stuck.port(), Fuse.none()).run(bench.push(), bench.context());
        assertThat(bench.layerInRegistry()).hasValue(bench.layer());
    }

    @Test
    void bytesThatAreNotTheLayerAreDropped() throws Exception {
        bench.stageAll();
        Fuse crash = Fuse.crash(12);
        assertThatThrownBy(() -> bench.worker(crash).run(bench.push(), bench.context("publisher-0", 1, crash)))
                .isInstanceOf(Fuse.Crash.class);
        PushCheckpoint checkpoint =
                PushCheckpoint.read(bench.staging, bench.push()).orElseThrow();
        var status =
                bench.registry.uploadStatus(checkpoint.upload().orElseThrow()).orElseThrow();
        bench.registry.uploadChunk(status.location(), status.offsetBytes(), 700, out -> out.write(new byte[700]));

        TaskDeferredException deferred = catchThrowableOfType(
                TaskDeferredException.class, () -> bench.worker().run(bench.push(), bench.context()));
        assertThat(deferred.deferral()).isEqualTo(Deferral.FAULT);
        assertThat(bench.registry.openUploads()).isZero();
        assertThat(bench.said(LayerPushed.class)).isEmpty();

        bench.worker().run(bench.push(), bench.context());
        assertThat(bench.layerInRegistry()).hasValue(bench.layer());
    }

    @Test
    void aPushOfWhatIsThereAlreadyMovesNothing() throws Exception {
        bench.stageAll();
        bench.worker().run(bench.push(), bench.context());
        Task.PushLayer task = bench.push();
        FlakyRegistry closed = new FlakyRegistry(bench.registry, Integer.MAX_VALUE, Reason.UNAVAILABLE);

        bench.worker(closed.port(), Fuse.none()).run(task, bench.context("publisher-1", 2, Fuse.none()));

        assertThat(bench.said(LayerPushed.class)).hasSize(2);
        assertThat(closed.failed()).isZero();
    }

    @Test
    void aStaleDeliveryCancelsWhatAnEarlierOneBegan() throws Exception {
        bench.stageAll();
        assertThat(killed(bench, 40, 1)).isTrue();
        bench.worker().discard(bench.push(), bench.context("publisher-1", 1, Fuse.none()));
        assertThat(bench.registry.openUploads()).isEqualTo(1);
        bench.worker().discard(bench.push(), bench.context("publisher-1", 2, Fuse.none()));
        assertThat(bench.registry.openUploads()).isZero();
    }

    private void assertPushedOnce() {
        assertThat(bench.said(LayerPushed.class))
                .containsExactly(new LayerPushed(
                        Bench.IMAGE, 0, Digest.sha256(bench.layer()).toString(), bench.layer().length));
    }

    /** Fails the first chunks: takes half of each until the connection breaks, or refuses it. */
    private static final class FlakyRegistry {
        private final OciRegistry registry;
        private final Reason reason;
        private int failuresLeft;
        private int failed;

        FlakyRegistry(OciRegistry registry, int failures, Reason reason) {
            this.registry = registry;
            this.failuresLeft = failures;
            this.reason = reason;
        }

        int failed() {
            return failed;
        }

        OciRegistry port() {
            return (OciRegistry) Proxy.newProxyInstance(
                    OciRegistry.class.getClassLoader(),
                    new Class<?>[] {OciRegistry.class},
                    (proxy, method, arguments) -> {
                        if (method.getName().equals("uploadChunk") && failuresLeft > 0) {
                            failuresLeft--;
                            failed++;
                            if (reason == Reason.UNAVAILABLE) {
                                long half = (long) arguments[2] / 2;
                                ChunkBody body = (ChunkBody) arguments[3];
                                arguments[3] = (ChunkBody) out -> body.writeTo(new BreakingStream(out, half));
                                return invoke(method, arguments);
                            }
                            throw RegistryException.of(reason, "upload", "it is so", null);
                        }
                        return invoke(method, arguments);
                    });
        }

        private Object invoke(Method method, Object[] arguments) throws Throwable {
            try {
                return method.invoke(registry, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }
    }

    /** A connection that breaks after so many bytes. */
    private static final class BreakingStream extends OutputStream {
        private final OutputStream out;
        private long left;

        BreakingStream(OutputStream out, long left) {
            this.out = out;
            this.left = left;
        }

        @Override
        public void write(int one) throws IOException {
            if (left-- <= 0) {
                throw RegistryException.of(Reason.UNAVAILABLE, "upload", "the connection broke", null);
            }
            out.write(one);
        }
    }
}
