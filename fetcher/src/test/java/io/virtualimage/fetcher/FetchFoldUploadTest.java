package io.virtualimage.fetcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.stage.fold.PlanContext;
import io.virtualimage.stage.fold.StageState;
import io.virtualimage.topics.ChecksumAlgorithm;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.FetchCompleted;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.Event.UploadExpired;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the fold makes of uploads: nothing of its own but their end. */
class FetchFoldUploadTest {
    private static final Incarnation IMAGE = new Incarnation("ns", "vi", "uid-1", 1, 0);
    private static final int SEGMENT = 100;
    private static final Duration DEADLINE = Duration.ofMinutes(10);

    private final FetchFold fold = new FetchFold(SEGMENT, Duration.ofMinutes(5), DEADLINE);
    private @Nullable StageState state;
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private long offset;

    private List<Event> hear(Event... events) {
        List<Event> emitted = List.of();
        for (Event event : events) {
            state = fold.merge(state, new Recorded(event, Topic.of(event), new Position(0, offset++), now));
            emitted = plan();
        }
        return emitted;
    }

    private List<Event> after(Duration time) {
        now = now.plus(time);
        return plan();
    }

    private List<Event> plan() {
        var plan = fold.plan(Objects.requireNonNull(state), new PlanContext(now, 1));
        state = plan.state();
        return plan.emit();
    }

    @Test
    void nobodyHasToDoAnythingUntilItIsThere() {
        assertThat(hear(requested(Checksums.NONE))).isEmpty();
        assertThat(hear(opened(0, "a", 0), segment("a", 0))).isEmpty();
        assertThat(hear(segment("a", 1))).containsExactly(new FetchCompleted(IMAGE, 0, 200));
    }

    @Test
    void checksumsAreVerifiedBesideTheUpload() {
        hear(requested(new Checksums(Map.of(ChecksumAlgorithm.MD5, "0".repeat(32)))), opened(0, "a", 0));
        assertThat(hear(segment("a", 0))).hasOnlyElementsOfType(Task.VerifySource.class);
    }

    @Test
    void nobodyCameInTime() {
        hear(requested(Checksums.NONE));
        assertThat(after(DEADLINE.minusSeconds(1))).isEmpty();
        List<Event> due = after(Duration.ofSeconds(1));
        assertThat(due).containsExactly(new UploadExpired(IMAGE, 0, null));
        assertThat(hear(due.getFirst())).hasSize(1).first().isInstanceOfSatisfying(StageFailed.class, failed -> {
            assertThat(failed.reason()).isEqualTo(FailureReason.UPLOAD_TIMEOUT);
            assertThat(failed.message()).contains("nobody uploaded anything within 10 min");
        });
    }

    @Test
    void nobodyWentOnInTime() {
        hear(requested(Checksums.NONE));
        now = now.plus(DEADLINE.minusSeconds(1));
        hear(opened(0, "a", 0), segment("a", 0), new Event.UploadInterrupted(IMAGE, 0, "a", "cut", "w"));
        assertThat(after(DEADLINE.minusSeconds(1))).isEmpty();
        List<Event> due = after(Duration.ofSeconds(1));
        assertThat(due).containsExactly(new UploadExpired(IMAGE, 0, "a"));
        assertThat(hear(due.getFirst()))
                .hasSize(1)
                .first()
                .isInstanceOfSatisfying(
                        StageFailed.class,
                        failed -> assertThat(failed.message())
                                .contains("broke off after 100 bytes", "nobody went on with it"));
    }

    /** Its last word is on the topic of the uploads: who came before that may stay. */
    @Test
    void whoCameInTheLastMomentStays() {
        hear(requested(Checksums.NONE));
        List<Event> due = after(DEADLINE);
        assertThat(due).containsExactly(new UploadExpired(IMAGE, 0, null));
        assertThat(hear(opened(0, "a", 0), due.getFirst())).isEmpty();
        assertThat(after(Duration.ofSeconds(14))).isEmpty();
    }

    @Test
    void whoIsAliveIsNotLate() {
        hear(requested(Checksums.NONE));
        for (int i = 0; i < 200; i++) {
            now = now.plusSeconds(10);
            assertThat(hear(opened(0, "a", 0))).isEmpty();
        }
    }

    @Test
    void whatIsLostIsToldToThoseWhoReceiveUploads() {
        hear(requested(Checksums.NONE), opened(0, "a", 0), segment("a", 0));
        List<Event> due = hear(new Event.SegmentMissing(IMAGE, 0, "a", 0, null));
        assertThat(due).hasSize(1).first().isInstanceOfSatisfying(StreamBroken.class, broken -> {
            assertThat(broken.epoch()).isZero();
            assertThat(broken.cause()).isEqualTo(StreamBroken.Cause.SOURCE_BROKE);
        });
        assertThat(hear(due.getFirst())).isEmpty();
        assertThat(hear(opened(1, "b", 0))).isEmpty();
        assertThat(after(Duration.ofSeconds(12))).isEmpty();
    }

    private static Event.ImageRequested requested(Checksums checksums) {
        return new Event.ImageRequested(
                IMAGE, new DataSource.Upload(checksums), Storage.CONTAINER_REGISTRY, null, null, null);
    }

    private static Event.UploadOpened opened(int epoch, String session, int from) {
        return new Event.UploadOpened(IMAGE, epoch, session, from, SEGMENT, 200L, "f", "w");
    }

    private static Event.SegmentFetched segment(String session, int index) {
        return new Event.SegmentFetched(IMAGE, 0, session, index, SEGMENT, 0, SegmentSet.EMPTY, false, 200L, "w");
    }
}
