package io.virtualimage.statuswriter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.statuswriter.ImageApi.ImageApiException;
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
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class StatusApplierTest {
    private static final Instant NOW = Story.BEGIN;
    private final FakeImageApi api = new FakeImageApi();
    private StatusApplier applier = applier();

    private StatusApplier applier() {
        return new StatusApplier(api, Pace.UNLIMITED, Clock.fixed(NOW, ZoneOffset.UTC));
    }

    @BeforeEach
    void object() {
        api.put("disk", "u1", 1);
    }

    /** A record at an offset: a phase that began in a second. */
    private static ViewRecord record(
            long offset, Incarnation image, Phase phase, @Nullable String progress, int second, Notice... notices) {
        ImageStatus status = new ImageStatus(
                phase,
                progress,
                false,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                List.of(new Condition("Ready", phase == Phase.READY, "R" + phase, "", NOW.plusSeconds(second))),
                List.of(notices));
        return new ViewRecord(
                Topic.STATUS,
                image.uid(),
                new Recorded(new StatusChanged(image, status), Topic.STATUS, new Position(0, offset), NOW));
    }

    private static final Incarnation FIRST = Story.image(1, 0);

    private static final List<ViewRecord> WHOLE_LIFE = List.of(
            record(0, FIRST, Phase.PENDING, null, 0),
            record(1, FIRST, Phase.PROVISIONING, "0.0%", 1),
            record(2, FIRST, Phase.PROVISIONING, "9.5%", 1),
            record(3, FIRST, Phase.PROVISIONING, "50.0%", 1),
            record(4, FIRST, Phase.FAILED, "50.0%", 2),
            record(5, Story.image(1, 1), Phase.PENDING, null, 3),
            record(6, Story.image(1, 1), Phase.PROVISIONING, "10.0%", 3),
            record(7, Story.image(1, 1), Phase.READY, "100%", 4));

    private List<String> shown() {
        return api.written.stream()
                .map(status -> status.phase() + " " + status.progress())
                .toList();
    }

    private static final List<String> IN_ORDER = List.of(
            "PENDING null",
            "PROVISIONING 0.0%",
            "PROVISIONING 9.5%",
            "PROVISIONING 50.0%",
            "FAILED 50.0%",
            "PENDING null",
            "PROVISIONING 10.0%",
            "READY 100%");

    @Test
    void writesWhatComesInOrder() throws Exception {
        for (ViewRecord record : WHOLE_LIFE) {
            applier.handle(record);
        }
        assertThat(shown()).isEqualTo(IN_ORDER);
    }

    @Test
    void nothingGoesBackwardsWhereverItIsTakenUpAgain() throws Exception {
        for (int stop = 1; stop <= WHOLE_LIFE.size(); stop++) {
            for (int resume = 0; resume < stop; resume++) {
                api.images.clear();
                api.written.clear();
                object();
                applier = applier();
                for (ViewRecord record : WHOLE_LIFE.subList(0, stop)) {
                    applier.handle(record);
                }
                applier = applier();
                for (ViewRecord record : WHOLE_LIFE.subList(resume, WHOLE_LIFE.size())) {
                    applier.handle(record);
                }
                assertThat(shown())
                        .as("stopped before %d, resumed at %d", stop, resume)
                        .isEqualTo(IN_ORDER);
            }
        }
    }

    @Test
    void aPartitionThatWasElsewhereIsComparedAgain() throws Exception {
        applier.handle(WHOLE_LIFE.get(0));
        applier.handle(WHOLE_LIFE.get(1));
        StatusApplier other = applier();
        for (ViewRecord record : WHOLE_LIFE) {
            other.handle(record);
        }
        int count = api.written.size();
        applier.handle(WHOLE_LIFE.get(3));
        applier.handle(WHOLE_LIFE.get(4));
        assertThat(api.written).hasSize(count);
    }

    @Test
    void aProcessThatWasPausedTakesNothingBackEvenIfItDatesItLater() throws Exception {
        applier.handle(record(0, FIRST, Phase.PROVISIONING, "50.0%", 1));
        applier.handle(record(1, FIRST, Phase.PROVISIONING, "0.0%", 8));
        applier.handle(record(2, FIRST, Phase.READY, "100%", 2));
        applier.handle(record(3, FIRST, Phase.PROVISIONING, "50.0%", 9));
        assertThat(shown()).containsExactly("PROVISIONING 50.0%", "READY 100%");
    }

    @Test
    void aProcessThatWasPausedBetweenReadingAndWritingLooksAgain() throws Exception {
        applier.handle(record(0, FIRST, Phase.PROVISIONING, "10.0%", 1));
        StatusApplier other = applier();
        api.meanwhile = () -> {
            try {
                other.handle(record(2, FIRST, Phase.READY, "100%", 2));
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        };
        applier.handle(record(1, FIRST, Phase.PROVISIONING, "20.0%", 1));
        assertThat(shown()).containsExactly("PROVISIONING 10.0%", "READY 100%");
    }

    @Test
    void aStatusOfAnotherVersionIsDropped() throws Exception {
        api.put("disk", "u1", 2);
        applier.handle(record(0, FIRST, Phase.READY, "100%", 0));
        applier.handle(record(1, Story.image(3, 0), Phase.READY, "100%", 0));
        assertThat(api.written).isEmpty();
    }

    @Test
    void aStatusOfAnotherObjectOfThatNameIsDroppedWithItsNotices() throws Exception {
        api.put("disk", "u2", 1);
        applier.handle(record(0, FIRST, Phase.READY, "100%", 0, new Notice(false, "Done", "")));
        api.images.clear();
        applier.handle(record(1, FIRST, Phase.READY, "100%", 0, new Notice(false, "Done", "")));
        assertThat(api.written).isEmpty();
        assertThat(api.events).isEmpty();
    }

    @Test
    void aSpecChangeBetweenReadAndWriteKeepsTheOldReadyOut() throws Exception {
        api.meanwhile = () -> api.put("disk", "u1", 2);
        applier.handle(record(0, FIRST, Phase.READY, "100%", 0));
        assertThat(api.written).isEmpty();
    }

    @Test
    void anyOtherChangeBetweenReadAndWriteOnlyMeansAnotherLook() throws Exception {
        api.meanwhile = () -> api.put("disk", "u1", 1);
        applier.handle(record(0, FIRST, Phase.READY, "100%", 0));
        assertThat(shown()).containsExactly("READY 100%");
    }

    @Test
    void aWithdrawnImagesStatusMayBeOfAnEarlierGeneration() throws Exception {
        api.put("disk", "u1", 5);
        applier.handle(record(0, Story.image(4, 0), Phase.TERMINATING, "100%", 0));
        assertThat(shown()).containsExactly("TERMINATING 100%");
    }

    @Test
    void whatStandsAlreadyIsNotWrittenAgain() throws Exception {
        applier.handle(record(0, FIRST, Phase.READY, "100%", 0));
        applier.handle(record(1, FIRST, Phase.READY, "100%", 0));
        assertThat(api.written).hasSize(1);
    }

    @Test
    void noticesAreWrittenOnceUnderANameOfTheirOwn() throws Exception {
        Notice started = new Notice(false, "Started", "m");
        Notice failed = new Notice(true, "Failed", "m");
        applier.handle(record(0, FIRST, Phase.PROVISIONING, "1.0%", 0, started));
        applier.handle(record(1, FIRST, Phase.FAILED, "1.0%", 1, started, failed));
        applier.handle(record(2, Story.image(1, 1), Phase.PROVISIONING, "1.0%", 2, started));
        applier = applier();
        applier.handle(record(2, Story.image(1, 1), Phase.PROVISIONING, "1.0%", 2, started));
        assertThat(api.events).hasSize(3).allMatch(event -> event.matches("(Started|Failed) disk[.][0-9a-f]{16}"));
    }

    @Test
    void noticesOfASupersededVersionAreStillWritten() throws Exception {
        api.put("disk", "u1", 2);
        applier.handle(record(0, FIRST, Phase.FAILED, null, 0, new Notice(true, "Failed", "m")));
        assertThat(api.events).hasSize(1);
    }

    @Test
    void anOutageIsTheReadersToWaitFor() throws Exception {
        api.failures = 1;
        assertThatThrownBy(() -> applier.handle(WHOLE_LIFE.get(0))).isInstanceOf(ImageApiException.class);
        applier.handle(WHOLE_LIFE.get(0));
        assertThat(shown()).containsExactly("PENDING null");
    }

    @Test
    void longNamesGiveNamesThatKubernetesTakes() {
        Incarnation image = new Incarnation("ns", "a".repeat(235) + ".".repeat(1) + "b".repeat(17), "u1", 1, 0);
        String name =
                ImageNotice.of(image, "1", new Notice(false, "R", ""), NOW).name();
        assertThat(name)
                .hasSizeLessThanOrEqualTo(253)
                .matches("[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
                .doesNotContain("..");
    }

    @Test
    void aStatusIsShownInTheResourcesShape() {
        VirtualImageStatus status = KubernetesStatus.of(
                Story.image(3, 0),
                new ImageStatus(
                        Phase.PROVISIONING,
                        "28.2%",
                        true,
                        io.virtualimage.topics.ImageFormat.ISO,
                        new ImageStatus.Size(1536, 2L << 30),
                        new ImageStatus.DownloadSpeed(2_411_724, 512L),
                        "r/vi/ns/disk:u1",
                        null,
                        null,
                        null,
                        null,
                        List.of(new Condition("Ready", false, "Provisioning", "m", NOW.plusMillis(999))),
                        List.of()),
                null);
        assertThat(status.observedGeneration()).isEqualTo(3);
        assertThat(status.size()).isEqualTo(VirtualImageStatus.Size.of(1536L, 2L << 30));
        assertThat(status.size().stored()).isEqualTo("1.5Ki");
        assertThat(status.downloadSpeed().avg()).isEqualTo("2.3Mi/s");
        assertThat(status.target().registryURL()).isEqualTo("r/vi/ns/disk:u1");
        assertThat(status.conditions().getFirst().getLastTransitionTime()).isEqualTo("2026-03-01T12:00:00Z");
    }
}
