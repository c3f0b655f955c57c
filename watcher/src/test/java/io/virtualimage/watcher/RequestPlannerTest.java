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
import static io.virtualimage.watcher.Samples.withFinalizers;
import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.k8s.Phase;
import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.topics.Event.ImageBlocked;
import io.virtualimage.topics.Event.ImageRemoved;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.Topic;
import io.virtualimage.watcher.Action.AddFinalizer;
import io.virtualimage.watcher.Action.Forget;
import io.virtualimage.watcher.Action.RemoveFinalizer;
import io.virtualimage.watcher.Action.Say;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class RequestPlannerTest {
    private static final Duration KEPT = Duration.ofHours(24);
    private final RequestPlanner planner = new RequestPlanner(KEPT);

    private List<Action> plan(WantedImage image, OnRecord record) {
        return planner.plan(image, record);
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
            assertThat(plan(retry(kept(), "b"), record(requested(1, 2, "a"))))
                    .containsExactly(new Say(requested(1, 3, "b")));
            assertThat(plan(retry(kept(), "b"), record(requested(1, 3, "b")))).isEmpty();
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
