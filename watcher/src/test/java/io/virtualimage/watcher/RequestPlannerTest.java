package io.virtualimage.watcher;

import static io.virtualimage.watcher.Samples.NOW;
import static io.virtualimage.watcher.Samples.UID;
import static io.virtualimage.watcher.Samples.deleted;
import static io.virtualimage.watcher.Samples.fresh;
import static io.virtualimage.watcher.Samples.generation;
import static io.virtualimage.watcher.Samples.incarnation;
import static io.virtualimage.watcher.Samples.kept;
import static io.virtualimage.watcher.Samples.phase;
import static io.virtualimage.watcher.Samples.published;
import static io.virtualimage.watcher.Samples.record;
import static io.virtualimage.watcher.Samples.requested;
import static io.virtualimage.watcher.Samples.retry;
import static io.virtualimage.watcher.Samples.spec;
import static io.virtualimage.watcher.Samples.withFinalizers;
import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.k8s.ObjectRefKind;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event.ImageBlocked;
import io.virtualimage.topics.Event.ImageRemoved;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Topic;
import io.virtualimage.watcher.Action.AddFinalizer;
import io.virtualimage.watcher.Action.Forget;
import io.virtualimage.watcher.Action.LookAgain;
import io.virtualimage.watcher.Action.RemoveFinalizer;
import io.virtualimage.watcher.Action.Say;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class RequestPlannerTest {
    private static final Duration KEPT = Duration.ofHours(24);
    private static final Dependency MACHINES = Dependency.allIn("ns", Dependency.Kind.VIRTUAL_MACHINE);
    private final RequestPlanner planner = new RequestPlanner(KEPT);
    private final FakeSurroundings surroundings = new FakeSurroundings();

    private List<Action> plan(WantedImage image, OnRecord record) {
        return planner.plan(image, record, surroundings);
    }

    @Nested
    class Wanted {
        @Test
        void aNewImageIsKeptFirstAndRequestedThen() {
            assertThat(plan(fresh(), OnRecord.NOTHING))
                    .containsExactly(new AddFinalizer(fresh()), new Say(requested(1, 0, null)));
        }

        @Test
        void theFirstRequestCarriesTheRetryValueAsItIsAlready() {
            assertThat(plan(retry(kept(), "a"), OnRecord.NOTHING)).containsExactly(new Say(requested(1, 0, "a")));
        }

        @Test
        void nothingIsSaidTwice() {
            assertThat(plan(kept(), record(requested(1, 0, null)))).isEmpty();
        }

        @Test
        void aLostFinalizerComesBack() {
            WantedImage other = withFinalizers(fresh(), "example.com/other");
            assertThat(plan(other, record(requested(1, 0, null)))).containsExactly(new AddFinalizer(other));
        }

        @Test
        void aNewSpecStartsOverInRunZero() {
            assertThat(plan(generation(retry(kept(), "b"), 3), record(requested(2, 4, "b"))))
                    .containsExactly(new Say(requested(3, 0, "b")));
        }

        @Test
        void aNewRetryValueIsTheNextRun() {
            WantedImage failed = phase(retry(kept(), "b"), Phase.FAILED, 1);
            assertThat(plan(failed, record(requested(1, 2, "a")))).containsExactly(new Say(requested(1, 3, "b")));
            assertThat(plan(failed, record(requested(1, 3, "b")))).isEmpty();
        }

        @Test
        void whatIsUnderWayIsNotRetried() {
            assertThat(plan(phase(retry(kept(), "b"), Phase.PROVISIONING, 1), record(requested(1, 2, "a"))))
                    .isEmpty();
        }

        @Test
        void aRetryAnnotationThatIsTakenAwayAsksForNothing() {
            assertThat(plan(kept(), record(requested(1, 2, "a")))).isEmpty();
        }

        @Test
        void whatIsPublishedIsNotRetried() {
            assertThat(plan(retry(kept(), "b"), record(requested(1, 0, null), published(1, 0))))
                    .isEmpty();
            assertThat(plan(phase(retry(kept(), "b"), Phase.READY, 1), record(requested(1, 0, null))))
                    .isEmpty();
        }

        @Test
        void aLateRecordOfAPausedLeaderIsCorrected() {
            OnRecord record = record(requested(1, 0, null), requested(2, 1, "a"), requested(1, 0, null));
            assertThat(plan(generation(retry(kept(), "a"), 2), record)).containsExactly(new Say(requested(2, 1, "a")));
        }

        @Test
        void anObjectOlderThanTheRecordIsNotActedOn() {
            assertThat(plan(kept(), record(requested(2, 0, null)))).isEmpty();
            assertThat(plan(kept(), record(new ImageWithdrawn(incarnation(2, 0)))))
                    .isEmpty();
        }

        @Test
        void aReadyImageWithoutRecordIsAdopted() {
            assertThat(plan(phase(fresh(), Phase.READY, 1), OnRecord.NOTHING)).isEmpty();
            assertThat(plan(phase(fresh(), Phase.IMAGE_LOST, 1), OnRecord.NOTHING))
                    .isEmpty();
        }

        @Test
        void aStatusOfAnotherSpecAdoptsNothing() {
            WantedImage image = phase(generation(kept(), 2), Phase.READY, 1);
            assertThat(plan(image, OnRecord.NOTHING)).containsExactly(new Say(requested(2, 0, null)));
            assertThat(plan(phase(kept(), Phase.PROVISIONING, 1), OnRecord.NOTHING))
                    .hasSize(1);
        }

        @Test
        void whatIsSupportedOneDayIsRequestedThen() {
            OnRecord record =
                    record(new ImageBlocked(incarnation(1, 0), "Ready", "ProvisioningNotStarted", "no", null));
            assertThat(plan(kept(), record)).containsExactly(new Say(requested(1, 0, null)));
        }
    }

    /** An image of a container image whose Secret comes and goes, and of other objects. */
    @Nested
    class Waiting {
        private final WantedImage image = spec(
                kept(),
                VirtualImageSpec.inRegistry(
                        new Origin.ContainerImage("example.com/a", new Origin.PullSecret("s"), null)));
        private final ImageRequested first = wanted(0, null);
        private final ImageBlocked firstBlocked = missing(0, null);

        private ImageRequested wanted(long run, @Nullable String retry) {
            return new ImageRequested(
                    incarnation(1, run),
                    new DataSource.ContainerImage("example.com/a", "s", false),
                    Storage.CONTAINER_REGISTRY,
                    retry,
                    null,
                    null);
        }

        private ImageBlocked missing(long run, @Nullable String retry) {
            return new ImageBlocked(
                    incarnation(1, run),
                    "DatasourceReady",
                    "ContainerRegistrySecretNotFound",
                    "Secret ns/s does not exist.",
                    retry);
        }

        private void secretIsThere() {
            surroundings.with(Dependency.Kind.SECRET, "s", "");
        }

        private void nobodyKnows(boolean overdue) {
            surroundings.answering(Dependency.Kind.SECRET, new Lookup.Unknown("500.", overdue));
        }

        @Test
        void isBlockedAndThenRequestedInTheSameRun() {
            assertThat(plan(image, OnRecord.NOTHING)).containsExactly(new Say(firstBlocked));
            assertThat(plan(image, record(firstBlocked))).isEmpty();
            secretIsThere();
            assertThat(plan(image, record(firstBlocked))).containsExactly(new Say(first));
        }

        @Test
        void whatWasRequestedIsBlockedInTheNextRunAndGoesOnInThat() {
            assertThat(plan(image, record(first))).containsExactly(new Say(missing(1, null)));
            assertThat(plan(image, record(first, missing(1, null)))).isEmpty();
            secretIsThere();
            assertThat(plan(image, record(first, missing(1, null)))).containsExactly(new Say(wanted(1, null)));
        }

        @Test
        void anotherSourceIsTheNextRun() {
            WantedImage other =
                    spec(kept(), VirtualImageSpec.inRegistry(new Origin.ObjectRef(ObjectRefKind.VIRTUAL_DISK, "a")));
            surroundings.with(
                    Dependency.Kind.VIRTUAL_DISK, "a", "{phase: Ready, target: {persistentVolumeClaimName: c}}");
            ImageRequested before = said(other, OnRecord.NOTHING);
            assertThat(before.image()).isEqualTo(incarnation(1, 0));
            assertThat(plan(other, record(before))).isEmpty();

            surroundings.with(
                    Dependency.Kind.VIRTUAL_DISK, "a", "{phase: Ready, target: {persistentVolumeClaimName: d}}");
            ImageRequested after = said(other, record(before));
            assertThat(after.image()).isEqualTo(incarnation(1, 1));
            assertThat(after.source()).isNotEqualTo(before.source());

            surroundings.with(
                    Dependency.Kind.VIRTUAL_DISK,
                    new Referent(
                            "a",
                            "another",
                            1,
                            false,
                            Map.of(),
                            Map.of("phase", "Ready", "target", Map.of("persistentVolumeClaimName", "d"))));
            ImageRequested again = said(other, record(before, after));
            assertThat(again.image()).isEqualTo(incarnation(1, 2));
            assertThat(again.source()).isEqualTo(after.source());
            assertThat(again.sourceUid()).isEqualTo("another");
        }

        private ImageRequested said(WantedImage wanted, OnRecord record) {
            return plan(wanted, record).stream()
                    .map(action -> ((Say) action).request())
                    .map(ImageRequested.class::cast)
                    .reduce((a, b) -> {
                        throw new AssertionError("said twice");
                    })
                    .orElseThrow();
        }

        @Test
        void whatIsPublishedOrSettledOrFailedStaysAsItIs() {
            assertThat(plan(image, record(first, published(1, 0)))).isEmpty();
            for (Phase phase : List.of(Phase.READY, Phase.IMAGE_LOST, Phase.PVC_LOST, Phase.FAILED)) {
                assertThat(plan(phase(image, phase, 1), record(first))).isEmpty();
                assertThat(planner.needs(phase(image, phase, 1), record(first))).containsExactly(MACHINES);
            }
            assertThat(planner.needs(image, record(first, published(1, 0)))).containsExactly(MACHINES);
            assertThat(plan(phase(image, Phase.PROVISIONING, 1), record(first)))
                    .containsExactly(new Say(missing(1, null)));
        }

        @Test
        void whatIsPublishedIsSaidAgainAsItWasIfALateRecordCoversIt() {
            OnRecord record = record(first, published(1, 0), firstBlocked);
            assertThat(plan(image, record)).containsExactly(new Say(first));
        }

        @Test
        void aFailureOfAnotherSpecFixesNothing() {
            WantedImage failed = generation(phase(image, Phase.FAILED, 1), 2);
            assertThat(plan(failed, record(first)))
                    .containsExactly(new Say(new ImageBlocked(
                            incarnation(2, 0),
                            firstBlocked.condition(),
                            firstBlocked.reason(),
                            firstBlocked.message(),
                            null)));
        }

        @Test
        void aRetryOfAFailedOneLooksAtWhatThereIs() {
            WantedImage failed = retry(phase(image, Phase.FAILED, 1), "a");
            assertThat(plan(failed, record(first))).containsExactly(new Say(missing(1, "a")));
            // The status still speaks of the run before.
            assertThat(plan(failed, record(first, missing(1, "a")))).isEmpty();
            secretIsThere();
            assertThat(plan(failed, record(first))).containsExactly(new Say(wanted(1, "a")));
            assertThat(plan(phase(failed, Phase.PENDING, 1), record(first, missing(1, "a"))))
                    .containsExactly(new Say(wanted(1, "a")));
        }

        @Test
        void theAnsweredRetryStays() {
            WantedImage retried = retry(image, "a");
            assertThat(plan(retried, record(wanted(1, "a")))).containsExactly(new Say(missing(2, "a")));
            secretIsThere();
            assertThat(plan(image, record(wanted(1, "a"), missing(2, "a")))).containsExactly(new Say(wanted(2, "a")));
        }

        @Test
        void aSourceThatTwoLeadersGaveDifferentlyIsGivenUp() {
            secretIsThere();
            assertThat(plan(image, record(requested(1, 0, null), first))).containsExactly(new Say(wanted(1, null)));
            assertThat(plan(image, record(requested(1, 0, null), first, first)))
                    .containsExactly(new Say(wanted(1, null)));
            assertThat(plan(image, record(requested(1, 0, null), first, wanted(1, null))))
                    .isEmpty();
        }

        @Test
        void aLateBlockInTheSameRunDoesNotHideThatItWasRequested() {
            OnRecord record = record(requested(1, 0, null), firstBlocked);
            assertThat(plan(image, record)).containsExactly(new Say(missing(1, null)));
            secretIsThere();
            assertThat(plan(image, record)).containsExactly(new Say(wanted(1, null)));
            assertThat(plan(image, record(first, firstBlocked))).containsExactly(new Say(first));
        }

        @Test
        void nothingIsSaidWhileNobodyKnows() {
            nobodyKnows(false);
            assertThat(plan(image, OnRecord.NOTHING)).containsExactly(new LookAgain());
            assertThat(plan(image, record(first))).containsExactly(new LookAgain());
            assertThat(plan(image, record(firstBlocked))).containsExactly(new LookAgain());
        }

        @Test
        void whatNobodyKnowsForLongIsToldButStopsNothing() {
            nobodyKnows(true);
            ImageBlocked told = new ImageBlocked(
                    incarnation(1, 0),
                    firstBlocked.condition(),
                    firstBlocked.reason(),
                    "Secret ns/s can't be looked up: 500.",
                    null);
            assertThat(plan(image, OnRecord.NOTHING)).containsExactly(new Say(told), new LookAgain());
            assertThat(plan(image, record(firstBlocked))).containsExactly(new Say(told), new LookAgain());
            assertThat(plan(image, record(told))).containsExactly(new LookAgain());
            assertThat(plan(image, record(first))).containsExactly(new LookAgain());
        }

        @Test
        void neededIsNothingByWhoLeaves() {
            ImageWithdrawn withdrawn = new ImageWithdrawn(incarnation(2, 0));
            assertThat(planner.needs(image, OnRecord.NOTHING)).hasSize(2).contains(MACHINES);
            assertThat(planner.needs(deleted(image), record(first))).containsExactly(MACHINES);
            assertThat(planner.needs(deleted(image), record(first, withdrawn))).isEmpty();
            assertThat(planner.needs(image, record(withdrawn))).isEmpty();
        }
    }

    @Nested
    class Leaving {
        private final WantedImage image = deleted(kept());

        @Test
        void isWithdrawnWithItsPresentGeneration() {
            assertThat(plan(image, record(requested(1, 2, "a"))))
                    .containsExactly(new Say(new ImageWithdrawn(incarnation(2, 0))));
        }

        @Test
        void neverStartsAnIncarnation() {
            assertThat(plan(deleted(fresh()), OnRecord.NOTHING)).isEmpty();
        }

        @Test
        void isWithdrawnEvenIfItsRequestWasNeverSaid() {
            assertThat(plan(image, OnRecord.NOTHING)).containsExactly(new Say(new ImageWithdrawn(incarnation(2, 0))));
        }

        @Test
        void isWithdrawnOnce() {
            assertThat(plan(image, record(requested(1, 0, null), new ImageWithdrawn(incarnation(2, 0)))))
                    .isEmpty();
        }

        @Test
        void isWithdrawnAgainAfterALateRequest() {
            OnRecord record = record(new ImageWithdrawn(incarnation(2, 0)), requested(1, 0, null));
            assertThat(plan(image, record)).containsExactly(new Say(new ImageWithdrawn(incarnation(2, 0))));
        }

        @Test
        void coversWhatIsOnRecordIfTheDeletionDidNotRaiseTheGeneration() {
            assertThat(plan(generation(image, 1), record(requested(1, 2, "a"))))
                    .containsExactly(new Say(new ImageWithdrawn(incarnation(1, 2))));
        }

        @Test
        void isLetGoWhenAllIsRemoved() {
            OnRecord record = record(new ImageWithdrawn(incarnation(2, 0)), new ImageRemoved(incarnation(2, 0), null));
            assertThat(plan(image, record)).containsExactly(new RemoveFinalizer(image));
            assertThat(plan(withFinalizers(image, "example.com/other"), record)).isEmpty();
        }

        @Test
        void isNotLetGoByTheRemovalOfOlderVersions() {
            ImageWithdrawn withdrawn = new ImageWithdrawn(incarnation(2, 0));
            assertThat(plan(image, record(withdrawn, new ImageRemoved(incarnation(1, 0), null))))
                    .isEmpty();
            assertThat(plan(image, record(withdrawn, new ImageRemoved(incarnation(2, 0), incarnation(2, 0)))))
                    .isEmpty();
            assertThat(plan(image, record(withdrawn, new ImageRemoved(incarnation(2, 0), null), published(1, 0))))
                    .isEmpty();
        }
    }

    @Nested
    class Absent {
        @Test
        void anImageWhoseDeletionNobodySawIsWithdrawn() {
            assertThat(planner.planAbsent(record(requested(1, 2, "a")), NOW))
                    .containsExactly(new Say(new ImageWithdrawn(incarnation(1, 2))));
            assertThat(planner.planAbsent(record(published(1, 2)), NOW))
                    .containsExactly(new Say(new ImageWithdrawn(incarnation(1, 2))));
        }

        @Test
        void nothingIsDoneWhileItIsBeingRemoved() {
            assertThat(planner.planAbsent(record(new ImageWithdrawn(incarnation(2, 0))), NOW))
                    .isEmpty();
            assertThat(planner.planAbsent(OnRecord.NOTHING, NOW)).isEmpty();
        }

        @Test
        void isForgottenLongAfterItWasRemoved() {
            OnRecord record = record(new ImageWithdrawn(incarnation(2, 0)), new ImageRemoved(incarnation(2, 0), null));
            assertThat(planner.planAbsent(record, NOW.plus(KEPT).minusMillis(1)))
                    .isEmpty();
            assertThat(planner.planAbsent(record, NOW.plus(KEPT))).containsExactly(new Forget(UID));
        }

        @Test
        void isForgottenOnce() {
            OnRecord record = record(new ImageWithdrawn(incarnation(2, 0)), new ImageRemoved(incarnation(2, 0), null))
                    .with(new ViewRecord(Topic.REQUESTS, UID, null));
            assertThat(planner.planAbsent(record, NOW.plus(KEPT))).isEmpty();
            assertThat(record.with(new ViewRecord(Topic.PUBLISHED, UID, null)).isEmpty())
                    .isTrue();
        }
    }
}
