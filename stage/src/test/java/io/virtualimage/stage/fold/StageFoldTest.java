package io.virtualimage.stage.fold;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.Event.StagingCleaned;
import io.virtualimage.topics.Event.TaskDeferred;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.Event.TaskHeartbeat;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.ImageUse;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.TaskId;
import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The bookkeeping that all stages share, with a stage that probes what is requested, and cleans up what is withdrawn. */
class StageFoldTest {
    private static final Incarnation IMAGE = new Incarnation("default", "image", "uid", 1, 0);
    private static final Incarnation NEXT = new Incarnation("default", "image", "uid", 2, 0);
    private static final DataSource SOURCE = new DataSource.Http("http://host/x", false, Checksums.NONE);
    private static final TaskId PROBE = new TaskId("ProbeSource/0");

    private final StageFold fold = new StageFold(Stage.FETCH) {
        @Override
        protected List<Task> tasks(ImageFacts facts, PlanContext context) {
            Position cause = facts.cause();
            if (facts.withdrawn() && cause != null) {
                return List.of(new Task.CleanStaging(new Task.Header(facts.image(), 0, cause, 1), false));
            }
            return facts.wanted() == null || facts.over() || cause == null
                    ? List.of()
                    : List.of(new Task.ProbeSource(new Task.Header(facts.image(), 0, cause, 1), SOURCE, 100));
        }

        @Override
        protected List<Event> announcements(ImageFacts facts, PlanContext context) {
            return facts.source().verified() && !facts.source().completed()
                    ? List.of(new Event.FetchCompleted(facts.image(), 0, 1))
                    : List.of();
        }
    };

    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private StageState state;
    private long offset;

    @Test
    void aTaskIsGivenOutOnce() {
        assertThat(tell(requested(IMAGE))).hasSize(1);
        assertThat(tell(requested(IMAGE))).isEmpty();
        assertThat(after(Duration.ofMinutes(5))).isEmpty();
    }

    /** Who uses an image and who wants it checked is said in its request, again and again. */
    @Test
    void aRequestThatSaysNothingNewOfTheWorkLeavesItAlone() {
        tell(requested(IMAGE));
        tell(new TaskHeartbeat(IMAGE, PROBE, 1, "w", 0));
        StageState before = state;
        now = now.plusSeconds(30);
        assertThat(tell(requested(IMAGE).with(new ImageUse(List.of("vm"), false), null)))
                .isEmpty();
        assertThat(tell(requested(IMAGE).with(new ImageUse(List.of("vm"), true), "1")))
                .isEmpty();
        assertThat(state.assignments()).isEqualTo(before.assignments());
        assertThat(state.facts().since()).isEqualTo(before.facts().since());
        assertThat(state.facts().epochSince()).isEqualTo(before.facts().epochSince());
        assertThat(state.facts().wanted().use()).isNotNull();
        // What is given out later names the request as it stands then.
        assertThat(after(Duration.ofSeconds(30))).singleElement().isInstanceOfSatisfying(Task.class, task -> {
            assertThat(task.header().attempt()).isEqualTo(2);
            assertThat(task.header().cause()).isEqualTo(state.facts().cause());
        });
        assertThat(state.facts().cause().offset())
                .isGreaterThan(before.facts().cause().offset());
    }

    @Test
    void aTaskThatNobodyStartedIsGivenOutAgainUncounted() {
        tell(requested(IMAGE));
        assertThat(after(Duration.ofMinutes(10))).extracting(this::attempt).containsExactly(1);
        assertThat(after(Duration.ofMinutes(19))).isEmpty();
        assertThat(after(Duration.ofMinutes(1))).extracting(this::attempt).containsExactly(1);
    }

    @Test
    void whoTakesOverGivesOutAgainWhatMayNeverHaveArrived() {
        tell(requested(IMAGE));
        now = now.plusSeconds(7);
        state = fold.takenOver(state, now);
        assertThat(after(Duration.ZERO)).extracting(this::attempt).containsExactly(1);
        assertThat(after(Duration.ZERO)).isEmpty();
        // What somebody is at did arrive.
        tell(new TaskHeartbeat(IMAGE, PROBE, 1, "w", 0));
        assertThat(fold.takenOver(state, now)).isEqualTo(state);
    }

    @Test
    void whoTakesOverLaterHasNothingToDoubt() {
        tell(requested(IMAGE));
        now = now.plusSeconds(60);
        assertThat(fold.takenOver(state, now).assignments()).isEqualTo(state.assignments());
        assertThat(fold.takenOver(state, now).heldSince()).isEqualTo(now);
    }

    @Test
    void aTaskWhoseWorkerFellSilentIsTheNextAttempt() {
        tell(requested(IMAGE));
        for (int i = 0; i < 20; i++) {
            now = now.plusSeconds(5);
            assertThat(tell(new TaskHeartbeat(IMAGE, PROBE, 1, "w", 0))).isEmpty();
        }
        assertThat(after(Duration.ofSeconds(59))).isEmpty();
        assertThat(after(Duration.ofSeconds(1))).extracting(this::attempt).containsExactly(2);
        // The one who was given up is not heard any more.
        tell(new TaskHeartbeat(IMAGE, PROBE, 1, "w", 0));
        assertThat(after(Duration.ofMinutes(2))).isEmpty();
    }

    @Test
    void aTaskThatWasGivenBackComesAgainLaterAndLater() {
        tell(requested(IMAGE));
        Duration[] backoffs = {Duration.ofMillis(500), Duration.ofSeconds(1), Duration.ofSeconds(2)};
        for (Duration backoff : backoffs) {
            assertThat(tell(deferred(1, Deferral.SOURCE))).isEmpty();
            assertThat(after(backoff.minusMillis(1))).isEmpty();
            assertThat(after(Duration.ofMillis(1))).extracting(this::attempt).containsExactly(1);
        }
        assertThat(state.facts().sourceTrouble()).isNotNull();
    }

    @Test
    void aTaskThatKeepsBreakingIsGivenUp() {
        tell(requested(IMAGE));
        for (int attempt = 1; attempt < Assignment.MAX_ATTEMPTS; attempt++) {
            tell(deferred(attempt, Deferral.FAULT));
            assertThat(after(Duration.ofSeconds(30))).extracting(this::attempt).containsExactly(attempt + 1);
        }
        List<Event> said = tell(deferred(Assignment.MAX_ATTEMPTS, Deferral.FAULT));
        assertThat(said).singleElement().isInstanceOfSatisfying(StageFailed.class, failed -> {
            assertThat(failed.reason()).isEqualTo(FailureReason.INTERNAL);
            assertThat(failed.message()).contains("ProbeSource/0").contains("10 times");
        });
        tell(said.getFirst());
        assertThat(after(Duration.ofHours(1))).isEmpty();
    }

    @Test
    void cleaningUpGoesOnForEverLaterAndLater() {
        tell(new ImageWithdrawn(IMAGE));
        TaskId clean = new TaskId("CleanStaging/0");
        for (int attempt = 1; attempt < 40; attempt++) {
            TaskDeferred broke = new TaskDeferred(
                    IMAGE, clean, attempt, Deferral.FAULT, FailureReason.INTERNAL, "it broke", now, "w");
            assertThat(tell(broke)).isEmpty();
            Duration pause = Duration.ofMillis(500L << Math.min(attempt - 1, 10));
            Duration bounded = pause.compareTo(Duration.ofMinutes(5)) < 0 ? pause : Duration.ofMinutes(5);
            assertThat(after(bounded.minusMillis(1))).isEmpty();
            assertThat(after(Duration.ofMillis(1)))
                    .singleElement()
                    .isInstanceOfSatisfying(
                            Task.CleanStaging.class,
                            task -> assertThat(task.id()).isEqualTo(clean));
        }
    }

    @Test
    void cleaningUpWaitsNoLongerForAnOutageThanOthers() {
        tell(new ImageWithdrawn(IMAGE));
        for (int i = 0; i < 100; i++) {
            tell(new TaskDeferred(
                    IMAGE,
                    new TaskId("CleanStaging/0"),
                    1,
                    Deferral.OUTAGE,
                    FailureReason.INTERNAL,
                    "the store is away",
                    now,
                    "w"));
            assertThat(after(Duration.ofSeconds(30))).extracting(this::attempt).containsExactly(1);
        }
    }

    @Test
    void cleaningUpIsGivenToAnotherHoweverOftenItsWorkerFallsSilent() {
        tell(new ImageWithdrawn(IMAGE));
        for (int attempt = 1; attempt < 40; attempt++) {
            tell(new TaskHeartbeat(IMAGE, new TaskId("CleanStaging/0"), attempt, "w", 0));
            assertThat(after(Duration.ofMinutes(1))).extracting(this::attempt).containsExactly(attempt + 1);
        }
    }

    @Test
    void outagesOfOurOwnNeverFailAnImage() {
        tell(requested(IMAGE));
        for (int i = 0; i < 100; i++) {
            tell(deferred(1, Deferral.OUTAGE));
            assertThat(after(Duration.ofSeconds(30))).extracting(this::attempt).containsExactly(1);
        }
    }

    @Test
    void anAnnouncementIsMadeAgainUntilItIsSeen() {
        tell(requested(IMAGE));
        Event.SourceVerified verified = new Event.SourceVerified(IMAGE, 0, Checksums.NONE);
        List<Event> said = tell(verified);
        assertThat(said).hasSize(1);
        assertThat(after(Duration.ofSeconds(9))).isEmpty();
        assertThat(after(Duration.ofSeconds(1))).isEqualTo(said);
        assertThat(tell(said.getFirst())).isEmpty();
        assertThat(after(Duration.ofMinutes(1))).isEmpty();
    }

    @Test
    void aNewIncarnationReplacesWhatWasKnown() {
        tell(requested(IMAGE));
        assertThat(tell(requested(NEXT)))
                .singleElement()
                .extracting(Event::image)
                .isEqualTo(NEXT);
        assertThat(state.facts().straysPublished()).isTrue();
        assertThat(tell(requested(IMAGE))).isEmpty();
        assertThat(state.facts().image()).isEqualTo(NEXT);
    }

    @Test
    void factsMayComeBeforeTheirRequest() {
        Event.SourceOpened opened = new Event.SourceOpened(NEXT, 0, 7L, 100, null, false, "x", null);
        assertThat(tell(opened)).isEmpty();
        assertThat(fold.forgettable(state, now.plus(Duration.ofMinutes(59)))).isFalse();
        assertThat(fold.forgettable(state, now.plus(Duration.ofMinutes(61)))).isTrue();
        assertThat(tell(requested(NEXT))).hasSize(1);
        assertThat(state.facts().source().opened()).isEqualTo(opened);
    }

    @Test
    void aLatePublicationOfAnOlderVersionIsAStray() {
        tell(requested(NEXT));
        tell(published(NEXT));
        tell(new Event.ImageRemoved(NEXT, NEXT));
        assertThat(state.facts().straysPublished()).isFalse();
        assertThat(state.facts().hidden()).isTrue();
        tell(published(NEXT));
        assertThat(state.facts().hidden()).isFalse();
        tell(published(IMAGE));
        assertThat(state.facts().straysPublished()).isTrue();
        assertThat(state.facts().hidden()).isTrue();
        assertThat(state.facts().published()).isEqualTo(published(NEXT));
    }

    @Test
    void withdrawalIsFinal() {
        tell(requested(IMAGE));
        tell(new ImageWithdrawn(NEXT));
        assertThat(state.facts().over()).isTrue();
        tell(requested(IMAGE));
        tell(new StagingCleaned(NEXT, null));
        tell(new Event.ImageRemoved(NEXT, null));
        assertThat(state.facts().withdrawn()).isTrue();
        assertThat(state.facts().cleaned()).isTrue();
        assertThat(state.facts().removed()).isTrue();
        // Somebody who was paused for long publishes what nobody wants any more.
        tell(published(IMAGE));
        assertThat(state.facts().removed()).isFalse();
        assertThat(fold.forgettable(state, now.plus(Duration.ofDays(1)))).isFalse();
    }

    private List<Event> tell(Event event) {
        Recorded recorded = new Recorded(event, Topic.of(event), new Position(0, offset++), now);
        state = fold.merge(state, recorded);
        return plan();
    }

    private List<Event> after(Duration time) {
        now = now.plus(time);
        return plan();
    }

    private List<Event> plan() {
        // Through JSON, as the changelog keeps it.
        String json = EventCodec.mapper().writeValueAsString(state);
        state = EventCodec.mapper().readValue(json, StageState.class);
        Plan<StageState> plan = fold.plan(state, new PlanContext(now, 1));
        state = plan.state();
        return plan.emit();
    }

    private int attempt(Event event) {
        return ((Task) event).header().attempt();
    }

    private TaskDeferred deferred(int attempt, Deferral deferral) {
        return new TaskDeferred(
                IMAGE, PROBE, attempt, deferral, FailureReason.SOURCE_UNAVAILABLE, "no answer", now, "w");
    }

    private static ImageRequested requested(Incarnation image) {
        return new ImageRequested(image, SOURCE, Storage.CONTAINER_REGISTRY, null, null, null);
    }

    private static ImagePublished published(Incarnation image) {
        return new ImagePublished(
                image,
                0,
                "registry/x:" + image.publicName(),
                "sha256:m",
                "sha256:l",
                1,
                ImageFormat.RAW,
                false,
                1,
                1,
                null);
    }
}
