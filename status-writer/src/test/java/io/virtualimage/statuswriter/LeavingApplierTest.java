package io.virtualimage.statuswriter;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.topics.Event.StatusChanged;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.ImageStatus.Condition;
import io.virtualimage.topics.ImageStatus.Notice;
import io.virtualimage.topics.ImageStatus.Phase;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What comes to Kubernetes of images that are deleted, are lost, and were notified of long ago. */
class LeavingApplierTest {
    private static final Instant NOW = Story.BEGIN;
    private static final Incarnation FIRST = Story.image(1, 0);
    private static final Incarnation DELETED = Story.image(2, 0);

    private final FakeImageApi api = new FakeImageApi();
    private StatusApplier applier = applier();
    private long offset;

    private StatusApplier applier() {
        return new StatusApplier(api, Pace.UNLIMITED, Clock.fixed(NOW, ZoneOffset.UTC));
    }

    @BeforeEach
    void object() {
        api.put("disk", "u1", 1);
    }

    private ViewRecord record(Incarnation image, Phase phase, String message, int second, Notice... notices) {
        List<Condition> conditions = new ArrayList<>();
        conditions.add(new Condition("Ready", phase == Phase.READY, "R" + phase, "", NOW.plusSeconds(second)));
        if (phase == Phase.TERMINATING) {
            conditions.add(new Condition("Terminating", true, "CleanupPending", message, NOW.plusSeconds(second)));
        }
        ImageStatus status = new ImageStatus(
                phase,
                "100%",
                false,
                null,
                null,
                null,
                "r/vi/ns/disk:u1",
                null,
                null,
                null,
                null,
                conditions,
                List.of(notices));
        return new ViewRecord(
                Topic.STATUS,
                image.uid(),
                new Recorded(new StatusChanged(image, status), Topic.STATUS, new Position(0, offset++), NOW));
    }

    private List<String> shown() {
        return api.written.stream()
                .map(status ->
                        status.phase() + " " + status.conditions().getLast().getMessage())
                .toList();
    }

    @Test
    void aDeletionThatWaitsIsShownThoughItRaisedTheGeneration() throws Exception {
        applier.handle(record(FIRST, Phase.READY, "", 0));
        api.put("disk", "u1", 2);
        applier.handle(record(FIRST, Phase.TERMINATING, "waits for a", 1));
        applier.handle(record(FIRST, Phase.TERMINATING, "waits for a, b", 1));
        applier.handle(record(FIRST, Phase.TERMINATING, "waits for b", 1));
        applier.handle(record(DELETED, Phase.TERMINATING, "removed", 1));
        applier.handle(record(FIRST, Phase.TERMINATING, "waits for b", 1));
        assertThat(shown())
                .containsExactly(
                        "READY ",
                        "TERMINATING waits for a",
                        "TERMINATING waits for a, b",
                        "TERMINATING waits for b",
                        "TERMINATING removed");
    }

    @Test
    void aNewMachineIsShownByAReplicaThatWroteNothingBefore() throws Exception {
        api.put("disk", "u1", 2);
        applier.handle(record(FIRST, Phase.TERMINATING, "waits for a", 1));
        applier = applier();
        applier.handle(record(FIRST, Phase.TERMINATING, "waits for b", 1));
        assertThat(shown()).containsExactly("TERMINATING waits for a", "TERMINATING waits for b");
    }

    @Test
    void nothingTakesADeletionBackHoweverLateItIsDated() throws Exception {
        for (long generation : new long[] {1, 2}) {
            for (boolean restarted : new boolean[] {false, true}) {
                api.written.clear();
                api.images.clear();
                api.put("disk", "u1", generation);
                applier.handle(record(FIRST, Phase.TERMINATING, "waits for a", 1));
                applier = restarted ? applier() : applier;
                for (Phase phase : Phase.values()) {
                    if (phase != Phase.TERMINATING) {
                        applier.handle(record(FIRST, phase, "", 50));
                    }
                }
                assertThat(shown())
                        .as("generation %d, restarted %s", generation, restarted)
                        .containsExactly("TERMINATING waits for a");
            }
        }
    }

    @Test
    void aLossAndAReturnAreShownEachTime() throws Exception {
        applier.handle(record(FIRST, Phase.READY, "", 0));
        applier.handle(record(FIRST, Phase.IMAGE_LOST, "", 1));
        applier.handle(record(FIRST, Phase.READY, "", 2, recovered(7)));
        applier.handle(record(FIRST, Phase.PVC_LOST, "", 3, recovered(7)));
        applier.handle(record(FIRST, Phase.READY, "", 4, recovered(9)));
        assertThat(shown()).containsExactly("READY ", "IMAGE_LOST ", "READY ", "PVC_LOST ", "READY ");
        assertThat(api.events).hasSize(2).allMatch(event -> event.startsWith("VirtualImageLostRecovered disk."));
    }

    private static Notice recovered(long number) {
        return NoticeReason.LOST_RECOVERED.notice("It is there again.", number, NOW);
    }

    @Test
    void aLostImageDoesNotGoBackToBeingMade() throws Exception {
        applier.handle(record(FIRST, Phase.IMAGE_LOST, "", 1));
        applier.handle(record(FIRST, Phase.PROVISIONING, "", 9));
        applier = applier();
        applier.handle(record(FIRST, Phase.PROVISIONING, "", 9));
        assertThat(shown()).containsExactly("IMAGE_LOST ");
    }

    @Test
    void whatIsLeftBehindIsToldThoughTheObjectIsGone() throws Exception {
        Notice left = NoticeReason.CLEANUP_INCOMPLETE.notice("405", null, NOW);
        api.images.clear();
        applier.handle(record(DELETED, Phase.TERMINATING, "removed", 1, left));
        applier.handle(record(DELETED, Phase.TERMINATING, "removed", 1, left));
        assertThat(api.written).isEmpty();
        assertThat(api.notices).singleElement().satisfies(notice -> {
            assertThat(notice.image()).isEqualTo(DELETED);
            assertThat(notice.resourceVersion()).isNull();
            assertThat(notice.notice().warning()).isTrue();
        });
        api.put("disk", "u2", 1);
        applier = applier();
        applier.handle(record(DELETED, Phase.TERMINATING, "removed", 1, left));
        assertThat(api.notices)
                .hasSize(2)
                .allMatch(notice -> notice.image().uid().equals("u1"));
        assertThat(api.written).isEmpty();
    }

    @Test
    void whatHappenedLongAgoIsNotToldAgainByAReplicaThatDidNotTellIt() throws Exception {
        Notice old = NoticeReason.IMPORT_COMPLETED.notice("", null, NOW.minus(Duration.ofHours(2)));
        Notice recent = recovered(7);
        applier.handle(record(FIRST, Phase.READY, "", 0, old, recent));
        assertThat(api.notices).extracting(ImageNotice::notice).containsExactly(recent);
        assertThat(api.notices.getFirst().at()).isEqualTo(NOW);
    }
}
