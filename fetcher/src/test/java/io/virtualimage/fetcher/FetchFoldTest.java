package io.virtualimage.fetcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.stage.fold.Plan;
import io.virtualimage.stage.fold.PlanContext;
import io.virtualimage.stage.fold.StageState;
import io.virtualimage.topics.ChecksumAlgorithm;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.Compression;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.FetchCompleted;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.SegmentMissing;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Event.SourceVerified;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.Event.StagingCleaned;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.Event.TaskDeferred;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.ImageUse;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.LayerEntry;
import io.virtualimage.topics.ObjectKind;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.TaskId;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.Validator;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class FetchFoldTest {
    private static final Incarnation IMAGE = new Incarnation("ns", "vi", "uid-1", 1, 0);
    private static final Incarnation NEWER = new Incarnation("ns", "vi", "uid-1", 2, 0);
    private static final Validator V1 = new Validator(Validator.Kind.ETAG, "\"v1\"");
    private static final Validator V2 = new Validator(Validator.Kind.ETAG, "\"v2\"");
    private static final int SEGMENT = 100;
    private static final Checksums SUMS = new Checksums(Map.of(ChecksumAlgorithm.MD5, "0".repeat(32)));

    private final FetchFold fold = new FetchFold(SEGMENT, Duration.ofMinutes(5), Duration.ofMinutes(10));
    private @Nullable StageState state;
    private Instant now = Instant.parse("2026-03-01T12:00:00Z");
    private long offset;
    private int activeImages = 1;

    private List<Event> plan() {
        Plan<StageState> plan = fold.plan(Objects.requireNonNull(state), new PlanContext(now, activeImages));
        state = plan.state();
        return plan.emit();
    }

    /** Merges events, and plans after each as the host does; what was emitted last. */
    private List<Event> hear(Event... events) {
        List<Event> emitted = List.of();
        for (Event event : events) {
            state = fold.merge(state, new Recorded(event, Topic.FETCHED, new Position(0, offset++), now));
            emitted = plan();
        }
        return emitted;
    }

    private List<Event> after(Duration time) {
        now = now.plus(time);
        return plan();
    }

    private static ImageRequested requested(Incarnation image, Checksums checksums) {
        return new ImageRequested(
                image,
                new DataSource.Http("http://h/a.img", false, checksums),
                Storage.CONTAINER_REGISTRY,
                null,
                null,
                null);
    }

    private static SourceOpened opened(int epoch, long length, Validator validator, boolean ranges) {
        return new SourceOpened(IMAGE, epoch, length, SEGMENT, validator, ranges, "a.img", null);
    }

    private static SegmentFetched fetched(int epoch, int index) {
        return fetched(epoch, index, null, null);
    }

    private static SegmentFetched fetched(int epoch, int index, @Nullable String session, @Nullable Long total) {
        return new SegmentFetched(IMAGE, epoch, session, index, SEGMENT, 0, SegmentSet.EMPTY, false, total, "w");
    }

    private static StreamBroken broken(int epoch, StreamBroken.Cause cause) {
        return new StreamBroken(IMAGE, epoch, cause, "because", "w");
    }

    private static List<Integer> ranges(List<Event> events) {
        return events.stream()
                .filter(Task.FetchRange.class::isInstance)
                .map(event -> ((Task.FetchRange) event).index())
                .toList();
    }

    private static <T> T only(List<Event> events, Class<T> type) {
        return type.cast(assertThat(events).filteredOn(type::isInstance).hasSize(1).actual().stream()
                .filter(type::isInstance)
                .findFirst()
                .orElseThrow());
    }

    // ---- the whole way

    @Test
    void fromTheRequestToTheEnd() {
        Task.ProbeSource probe = only(hear(requested(IMAGE, SUMS)), Task.ProbeSource.class);
        assertThat(probe.segmentBytes()).isEqualTo(SEGMENT);
        assertThat(probe.header()).isEqualTo(new Task.Header(IMAGE, 0, new Position(0, 0), 1));
        assertThat(plan()).isEmpty();

        List<Event> first = hear(opened(0, 450, V1, true));
        assertThat(ranges(first)).containsExactly(0, 4, 1, 2, 3);
        assertThat(first).hasSize(5);

        Task.VerifySource verify = only(hear(fetched(0, 4)), Task.VerifySource.class);
        assertThat(verify.expected()).isEqualTo(SUMS);
        assertThat(verify.follow()).isEqualTo(new Position(0, 3));
        assertThat(verify.staged().present()).isEqualTo(SegmentSet.of(4));

        assertThat(hear(fetched(0, 0), fetched(0, 1), fetched(0, 2), fetched(0, 3)))
                .isEmpty();
        assertThat(hear(new SourceVerified(IMAGE, 0, SUMS))).containsExactly(new FetchCompleted(IMAGE, 0, 450));
        assertThat(hear(new FetchCompleted(IMAGE, 0, 450))).isEmpty();
        assertThat(after(Duration.ofHours(1))).isEmpty();
    }

    @Test
    void withoutChecksumsItIsCompleteWhenItIsStaged() {
        hear(requested(IMAGE, Checksums.NONE), opened(0, 150, V1, true), fetched(0, 1));
        assertThat(hear(fetched(0, 0))).containsExactly(new FetchCompleted(IMAGE, 0, 150));
        assertThat(after(Duration.ofSeconds(5))).isEmpty();
        // It has not come back: perhaps it was lost with the one who said it.
        assertThat(after(Duration.ofSeconds(6))).containsExactly(new FetchCompleted(IMAGE, 0, 150));
    }

    @Test
    void oneSegmentIsFirstAndLast() {
        hear(requested(IMAGE, Checksums.NONE));
        assertThat(ranges(hear(opened(0, 1, V1, true)))).containsExactly(0);
    }

    @Test
    void theWindowIsNeverExceeded() {
        hear(requested(IMAGE, Checksums.NONE));
        assertThat(ranges(hear(opened(0, 100 * SEGMENT, V1, true))))
                .isEqualTo(IntStream.concat(IntStream.of(0, 99), IntStream.rangeClosed(1, 14))
                        .boxed()
                        .toList());
        assertThat(ranges(hear(fetched(0, 99)))).containsExactly(15);
        assertThat(ranges(hear(fetched(0, 3), fetched(0, 3)))).isEmpty();
        activeImages = 32; // a window of one: those under way stay, and none comes after
        assertThat(hear(fetched(0, 4))).isEmpty();
        assertThat(state.assignments()).hasSize(15);
        activeImages = 1;
        assertThat(ranges(hear(fetched(0, 5)))).containsExactly(17, 18);
    }

    /** Who uses an image is said in its request, at any time. */
    @Test
    void aRequestThatIsSaidAgainFetchesNothingAgain() {
        ImageRequested again = requested(IMAGE, SUMS).with(new ImageUse(List.of("vm"), true), "1");
        assertThat(hear(requested(IMAGE, SUMS))).hasSize(1);
        assertThat(hear(again)).isEmpty();
        assertThat(hear(opened(0, 300, V1, true))).hasSize(3);
        assertThat(hear(again)).isEmpty();
        hear(fetched(0, 0), fetched(0, 1), fetched(0, 2));
        assertThat(hear(again)).isEmpty();
        hear(new SourceVerified(IMAGE, 0, SUMS), new FetchCompleted(IMAGE, 0, 300));
        assertThat(hear(again)).isEmpty();
        hear(
                new StageFailed(IMAGE, Stage.CONVERT, FailureReason.IMAGE_MALFORMED, "no"),
                new StagingCleaned(IMAGE, null));
        assertThat(hear(again)).isEmpty();
        after(Duration.ofMinutes(2));
        hear(new StagingCleaned(IMAGE, null));
        assertThat(hear(again)).isEmpty();
        assertThat(after(Duration.ofDays(1))).isEmpty();
    }

    @Test
    void eventsTwiceChangeNothing() {
        hear(requested(IMAGE, SUMS), opened(0, 300, V1, true), fetched(0, 1));
        StageState before = state;
        assertThat(hear(opened(0, 300, V1, true), fetched(0, 1))).isEmpty();
        assertThat(state.assignments()).isEqualTo(before.assignments());
        assertThat(state.facts().source()).isEqualTo(before.facts().source());
    }

    @Test
    void eventsBeforeTheRequestAreKept() {
        assertThat(hear(opened(0, 200, V1, true), fetched(0, 0))).isEmpty();
        assertThat(ranges(hear(requested(IMAGE, Checksums.NONE)))).containsExactly(1);
    }

    // ---- streams

    @Test
    void withoutRangesOneStream() {
        hear(requested(IMAGE, Checksums.NONE));
        Task.FetchStream stream = only(hear(opened(0, 250, V1, false)), Task.FetchStream.class);
        assertThat(stream.segmentBytes()).isEqualTo(SEGMENT);
        assertThat(stream.lengthBytes()).isEqualTo(250);
        assertThat(hear(fetched(0, 0, "s1", null), fetched(0, 1, "s1", null))).isEmpty();
        assertThat(hear(fetched(0, 2, "s2", 250L))).isEmpty(); // not the owner's
        assertThat(hear(fetched(0, 2, "s1", 250L))).containsExactly(new FetchCompleted(IMAGE, 0, 250));
    }

    @Test
    void aBrokenStreamBeginsAgainInTheNextEpochAfterAPause() {
        hear(requested(IMAGE, Checksums.NONE), opened(0, 250, V1, false), fetched(0, 0, "s1", 250L));
        assertThat(hear(broken(0, StreamBroken.Cause.SOURCE_BROKE))).isEmpty();
        assertThat(hear(broken(0, StreamBroken.Cause.SOURCE_BROKE))).isEmpty(); // told twice
        Task.ProbeSource probe = only(after(Duration.ofMillis(500)), Task.ProbeSource.class);
        assertThat(probe.epoch()).isEqualTo(1);
        assertThat(hear(fetched(0, 1, "s1", 250L))).isEmpty(); // late
        assertThat(only(hear(opened(1, 250, V1, false)), Task.FetchStream.class).epoch())
                .isEqualTo(1);
    }

    // ---- disagreement

    @Test
    void anotherAnswerBeginsAnotherEpoch() {
        hear(requested(IMAGE, Checksums.NONE), opened(0, 250, V1, true), fetched(0, 0));
        hear(opened(0, 250, V2, true));
        assertThat(state.facts().source().epoch()).isEqualTo(1);
        assertThat(state.facts().source().staged().present().isEmpty()).isTrue();
        assertThat(only(after(Duration.ofSeconds(1)), Task.ProbeSource.class).epoch())
                .isEqualTo(1);
    }

    @Test
    void afterThreeDisagreementsOneStream() {
        hear(requested(IMAGE, Checksums.NONE));
        for (int epoch = 0; epoch < FetchFold.RANGE_DISAGREEMENTS; epoch++) {
            after(Duration.ofSeconds(30));
            assertThat(ranges(hear(opened(epoch, 250, V1, true)))).hasSize(3);
            hear(broken(epoch, StreamBroken.Cause.SOURCE_CHANGED));
        }
        after(Duration.ofSeconds(30));
        List<Event> emitted = hear(opened(3, 250, V1, true));
        assertThat(ranges(emitted)).isEmpty();
        assertThat(only(emitted, Task.FetchStream.class).epoch()).isEqualTo(3);
    }

    @Test
    void afterTenEpochsItIsGivenUp() {
        hear(requested(IMAGE, Checksums.NONE));
        List<Event> emitted = List.of();
        for (int epoch = 0; epoch < FetchFold.MAX_EPOCHS; epoch++) {
            after(Duration.ofSeconds(20));
            hear(opened(epoch, 250, V1, false));
            emitted = hear(fetched(epoch, 0, "s" + epoch, 250L), broken(epoch, StreamBroken.Cause.SOURCE_BROKE));
        }
        StageFailed failed = only(emitted, StageFailed.class);
        assertThat(failed.stage()).isEqualTo(Stage.FETCH);
        assertThat(failed.reason()).isEqualTo(FailureReason.SOURCE_TRUNCATED);
        assertThat(failed.message()).contains("10 passes").endsWith("because");
        assertThat(only(hear(failed), Task.CleanStaging.class).keepCurrent()).isFalse();
    }

    // ---- trouble

    private TaskDeferred deferred(String task, TaskDeferred.Deferral deferral) {
        return new TaskDeferred(
                IMAGE, new TaskId(task), 1, deferral, FailureReason.SOURCE_UNAVAILABLE, "503", now, "w");
    }

    @Test
    void aSourceThatFailsForTheWholeBudgetFailsTheImage() {
        hear(requested(IMAGE, Checksums.NONE));
        Instant began = now;
        List<Event> emitted = List.of();
        while (emitted.stream().noneMatch(StageFailed.class::isInstance)) {
            assertThat(now).isBeforeOrEqualTo(began.plus(Duration.ofMinutes(6)));
            emitted = hear(deferred("ProbeSource/0", TaskDeferred.Deferral.SOURCE));
            after(Duration.ofSeconds(31));
        }
        assertThat(only(emitted, StageFailed.class))
                .isEqualTo(new StageFailed(IMAGE, Stage.FETCH, FailureReason.SOURCE_UNAVAILABLE, "503"));
        assertThat(Duration.between(began, now)).isGreaterThan(Duration.ofMinutes(5));
    }

    @Test
    void newBytesAreANewBudget() {
        hear(requested(IMAGE, Checksums.NONE), opened(0, 1000, V1, true));
        for (int index = 0; index < 9; index++) {
            assertThat(hear(deferred("FetchRange/0/9", TaskDeferred.Deferral.SOURCE)))
                    .isEmpty();
            after(Duration.ofMinutes(4));
            assertThat(hear(fetched(0, index))).noneMatch(StageFailed.class::isInstance);
        }
    }

    @Test
    void anOutageOfOurOwnNeverFailsTheImage() {
        hear(requested(IMAGE, Checksums.NONE));
        for (int i = 0; i < 100; i++) {
            assertThat(hear(deferred("ProbeSource/0", TaskDeferred.Deferral.OUTAGE)))
                    .isEmpty();
            only(after(Duration.ofSeconds(30)), Task.ProbeSource.class);
        }
    }

    @Test
    void aLostRangeIsFetchedAgain() {
        hear(requested(IMAGE, Checksums.NONE), opened(0, 200, V1, true), fetched(0, 0), fetched(0, 1));
        assertThat(ranges(hear(new SegmentMissing(IMAGE, 0, null, 1, null)))).containsExactly(1);
        assertThat(hear(fetched(0, 1))).containsExactly(new FetchCompleted(IMAGE, 0, 200));
    }

    @Test
    void aLostSegmentOfAStreamBeginsAnotherEpoch() {
        hear(requested(IMAGE, Checksums.NONE), opened(0, 200, V1, false), fetched(0, 0, "s1", 200L));
        assertThat(hear(new SegmentMissing(IMAGE, 0, "s1", 0, null))).isEmpty();
        assertThat(only(after(Duration.ofSeconds(1)), Task.ProbeSource.class).epoch())
                .isEqualTo(1);
    }

    // ---- the end

    private static ImagePublished published(Incarnation image) {
        return new ImagePublished(image, 0, "r/x:y", "sha256:m", "sha256:l", 1, ImageFormat.QCOW2, false, 1, 1, null);
    }

    private void assertCleansAfter(Event end) {
        hear(requested(IMAGE, Checksums.NONE), opened(0, 200, V1, true), fetched(0, 0));
        List<Event> emitted = hear(end);
        Task.CleanStaging clean = only(emitted, Task.CleanStaging.class);
        assertThat(emitted).hasSize(1);
        assertThat(clean.image()).isEqualTo(IMAGE);
        assertThat(clean.keepCurrent()).isFalse();
        assertThat(hear(new StagingCleaned(IMAGE, null))).isEmpty();
        // Once more, for those who were just about to put something there.
        assertThat(after(Duration.ofSeconds(59))).isEmpty();
        assertThat(only(after(Duration.ofSeconds(1)), Task.CleanStaging.class).keepCurrent())
                .isFalse();
        assertThat(hear(new StagingCleaned(IMAGE, null))).isEmpty();
        assertThat(after(Duration.ofHours(2))).isEmpty();
        // One who was paused comes late.
        assertThat(only(hear(fetched(0, 1)), Task.CleanStaging.class).keepCurrent())
                .isFalse();
    }

    @Test
    void cleaningUpAfterOlderVersionsDoesNotPassForCleaningUpAltogether() {
        hear(requested(IMAGE, Checksums.NONE));
        assertThat(only(hear(requested(NEWER, Checksums.NONE)), Task.CleanStaging.class)
                        .keepCurrent())
                .isTrue();
        List<Event> emitted = hear(published(NEWER));
        assertThat(only(emitted, Task.CleanStaging.class).keepCurrent()).isFalse();
    }

    @Test
    void aPushThatWentOnAfterTheBroomIsSweptUpAfter() {
        hear(requested(IMAGE, Checksums.NONE), opened(0, 200, V1, true), fetched(0, 0), published(IMAGE));
        assertThat(hear(new StagingCleaned(IMAGE, null))).isEmpty();
        assertThat(only(hear(deferred("PushLayer/0", TaskDeferred.Deferral.STARVED)), Task.CleanStaging.class)
                        .keepCurrent())
                .isFalse();
    }

    @Test
    void cleansWhatIsPublished() {
        assertCleansAfter(published(IMAGE));
    }

    @Test
    void cleansWhatFailed() {
        assertCleansAfter(new StageFailed(IMAGE, Stage.CONVERT, FailureReason.NOT_AN_IMAGE, "text"));
    }

    @Test
    void cleansWhatIsWithdrawn() {
        assertCleansAfter(new ImageWithdrawn(IMAGE));
    }

    @Test
    void aNewerVersionSupersedes() {
        hear(requested(IMAGE, Checksums.NONE), opened(0, 200, V1, true), fetched(0, 0));
        List<Event> emitted = hear(requested(NEWER, Checksums.NONE));
        assertThat(only(emitted, Task.ProbeSource.class).image()).isEqualTo(NEWER);
        Task.CleanStaging clean = only(emitted, Task.CleanStaging.class);
        assertThat(clean.image()).isEqualTo(NEWER);
        assertThat(clean.keepCurrent()).isTrue();
        assertThat(hear(new StagingCleaned(NEWER, NEWER))).isEmpty();
        // A worker of the older one comes late.
        assertThat(only(hear(fetched(0, 1)), Task.CleanStaging.class).keepCurrent())
                .isTrue();
        assertThat(hear(requested(IMAGE, Checksums.NONE))).isEmpty();
    }

    @Test
    void anotherStagesFailureEndsTheFetch() {
        hear(requested(IMAGE, SUMS), opened(0, 400, V1, true), fetched(0, 0));
        List<Event> emitted =
                hear(new StageFailed(IMAGE, Stage.FETCH, FailureReason.CHECKSUM_MISMATCH, "expected, found"));
        assertThat(emitted).singleElement().isInstanceOf(Task.CleanStaging.class);
        assertThat(hear(fetched(0, 1), fetched(0, 2), fetched(0, 3))).noneMatch(FetchCompleted.class::isInstance);
    }

    @Test
    void whatABlockedImageHadStagedBeforeGoes() {
        hear(requested(IMAGE, Checksums.NONE), opened(0, 450, V1, true), fetched(0, 0));
        Incarnation next = new Incarnation("ns", "vi", "uid-1", 1, 1);
        List<Event> blocked =
                hear(new Event.ImageBlocked(next, "DatasourceReady", "VirtualDiskNotReady", "not there", null));
        assertThat(blocked).singleElement().isInstanceOfSatisfying(Task.CleanStaging.class, clean -> {
            assertThat(clean.image()).isEqualTo(next);
            assertThat(clean.keepCurrent()).isTrue();
        });
        assertThat(hear(new Event.StagingCleaned(next, next))).isEmpty();
    }

    // ---- container images

    private static ImageRequested requested(DataSource source) {
        return new ImageRequested(IMAGE, source, Storage.CONTAINER_REGISTRY, null, null, null);
    }

    private static SourceOpened openedLayer(@Nullable Compression compression) {
        LayerEntry entry = new LayerEntry("sha256:l", 5_000, compression, 512);
        Validator validator = new Validator(Validator.Kind.DIGEST, "sha256:l");
        return new SourceOpened(IMAGE, 0, 250L, SEGMENT, validator, compression == null, "a.img", entry);
    }

    @Test
    void aPlainLayerIsFetchedInPiecesAndVerifiedAsAWhole() {
        DataSource image = new DataSource.ContainerImage("r/a:b", null, false);
        only(hear(requested(image)), Task.ProbeSource.class);
        List<Event> pieces = hear(openedLayer(null));
        assertThat(ranges(pieces)).containsExactly(0, 2, 1);
        assertThat(pieces)
                .allSatisfy(
                        piece -> assertThat(((Task.FetchRange) piece).entry()).isNotNull());
        Task.VerifySource verify = only(hear(fetched(0, 0)), Task.VerifySource.class);
        assertThat(verify.source()).isEqualTo(image);
        assertThat(verify.entry()).isEqualTo(openedLayer(null).entry());
        assertThat(verify.expected()).isEqualTo(Checksums.NONE);
        assertThat(hear(fetched(0, 1), fetched(0, 2))).isEmpty();
        assertThat(hear(new SourceVerified(IMAGE, 0, Checksums.NONE)))
                .containsExactly(new FetchCompleted(IMAGE, 0, 250));
    }

    @Test
    void aCompressedLayerIsAStreamThatVerifiesItself() {
        hear(requested(new DataSource.ContainerImage("r/a:b", null, false)));
        Task.FetchStream stream = only(hear(openedLayer(Compression.GZIP)), Task.FetchStream.class);
        assertThat(stream.entry()).isEqualTo(openedLayer(Compression.GZIP).entry());
        assertThat(hear(fetched(0, 0, "s", null), fetched(0, 1, "s", null))).isEmpty();
        assertThat(hear(fetched(0, 2, "s", 250L))).containsExactly(new FetchCompleted(IMAGE, 0, 250));
    }

    @Test
    void whatNeedsNoBytesOrComesByItselfIsNotFetched() {
        assertThat(hear(requested(new DataSource.PublishedImage(
                        ObjectKind.VIRTUAL_IMAGE, "a", "r/a:b", ImageFormat.ISO, true, 1, 1))))
                .isEmpty();
        state = null;
        assertThat(hear(requested(new DataSource.Upload(Checksums.NONE)))).isEmpty();
        state = null;
        DataSource.Volume volume = new DataSource.Volume(ObjectKind.VIRTUAL_DISK, "d", "c", null);
        assertThat(only(hear(requested(volume)), Task.ReadVolume.class).source())
                .isEqualTo(volume);
    }

    // ---- uploads

    private static Event.UploadOpened upload(int epoch, String session, int fromIndex) {
        return new Event.UploadOpened(IMAGE, epoch, session, fromIndex, SEGMENT, 250L, "disk.img", "w");
    }

    @Test
    void anUploadIsVerifiedAndCompletedLikeAnySource() {
        hear(requested(new DataSource.Upload(SUMS)));
        assertThat(hear(upload(0, "s", 0))).isEmpty();
        assertThat(only(hear(fetched(0, 0, "s", null)), Task.VerifySource.class).expected())
                .isEqualTo(SUMS);
        assertThat(hear(fetched(0, 1, "s", null), fetched(0, 2, "s", 250L))).isEmpty();
        assertThat(hear(new SourceVerified(IMAGE, 0, SUMS))).containsExactly(new FetchCompleted(IMAGE, 0, 250));
        assertThat(after(Duration.ofHours(1)))
                .doesNotHaveAnyElementsOfTypes(Event.UploadExpired.class, StageFailed.class);
    }

    @Test
    void nobodyUploadsInTime() {
        hear(requested(new DataSource.Upload(Checksums.NONE)));
        assertThat(after(Duration.ofMinutes(10).minusMillis(1))).isEmpty();
        Event.UploadExpired expired = only(after(Duration.ofMillis(1)), Event.UploadExpired.class);
        assertThat(expired).isEqualTo(new Event.UploadExpired(IMAGE, 0, null));
        StageFailed failed = only(hear(expired), StageFailed.class);
        assertThat(failed.reason()).isEqualTo(FailureReason.UPLOAD_TIMEOUT);
        assertThat(failed.message()).isEqualTo("nobody uploaded anything within 10 min");
    }

    @Test
    void whoWasQuickerThanTheDeadlineMayUpload() {
        hear(requested(new DataSource.Upload(Checksums.NONE)));
        Event.UploadExpired expired = only(after(Duration.ofMinutes(10)), Event.UploadExpired.class);
        assertThat(hear(upload(0, "s", 0), expired)).isEmpty();
        assertThat(after(Duration.ofSeconds(10))).isEmpty();
    }

    @Test
    void anUploadThatBrokeOffIsKeptUntilTheDeadline() {
        hear(requested(new DataSource.Upload(Checksums.NONE)), upload(0, "s", 0), fetched(0, 0, "s", null));
        now = now.plus(Duration.ofMinutes(9));
        hear(upload(0, "s", 0)); // a slow one is alive for as long as it says so
        now = now.plus(Duration.ofMinutes(9));
        hear(new Event.UploadInterrupted(IMAGE, 0, "s", "the client went away", "w"));
        assertThat(after(Duration.ofMinutes(9))).isEmpty();
        Event.UploadExpired expired = only(after(Duration.ofMinutes(1)), Event.UploadExpired.class);
        assertThat(expired.session()).isEqualTo("s");
        assertThat(only(hear(expired), StageFailed.class).message())
                .isEqualTo("the upload broke off after 100 bytes, and nobody went on with it within 10 min");
    }

    @Test
    void anUploadMayBeginAgainMoreOftenThanASourceMayChange() {
        hear(requested(new DataSource.Upload(SUMS)));
        for (int epoch = 0; epoch < 20; epoch++) {
            hear(
                    upload(epoch, "s" + epoch, 0),
                    fetched(epoch, 0, "s" + epoch, null),
                    new Event.UploadInterrupted(IMAGE, epoch, "s" + epoch, "cut", "w"));
        }
        List<Event> last = hear(upload(20, "last", 0));
        assertThat(last).doesNotHaveAnyElementsOfTypes(StageFailed.class);
        assertThat(only(hear(fetched(20, 0, "last", null)), Task.VerifySource.class)
                        .epoch())
                .isEqualTo(20);
    }

    @Test
    void aPlainLayerWithoutRangesIsAStreamThatVerifiesItself() {
        hear(requested(new DataSource.ContainerImage("r/a:b", null, false)));
        LayerEntry entry = new LayerEntry("sha256:l", 5_000, null, 512);
        Validator validator = new Validator(Validator.Kind.DIGEST, "sha256:l");
        only(hear(new SourceOpened(IMAGE, 0, 250L, SEGMENT, validator, false, "a.img", entry)), Task.FetchStream.class);
        assertThat(hear(fetched(0, 0, "s", null), fetched(0, 1, "s", null))).isEmpty();
        assertThat(hear(fetched(0, 2, "s", 250L))).containsExactly(new FetchCompleted(IMAGE, 0, 250));
    }

    @Test
    void whatAnUploadWaitedForIsNotTakenFromItsTime() {
        hear(new Event.ImageBlocked(IMAGE, "StorageClassReady", "StorageClassNotFound", "none", null));
        now = now.plus(Duration.ofMinutes(30));
        hear(requested(new DataSource.Upload(Checksums.NONE)));
        assertThat(after(Duration.ofMinutes(9))).isEmpty();
        only(after(Duration.ofMinutes(1)), Event.UploadExpired.class);
    }

    @Test
    void nobodyIsLateWhileThereWereNoFetchers() {
        hear(
                requested(new DataSource.Upload(Checksums.NONE)),
                upload(0, "s", 0),
                fetched(0, 0, "s", null),
                new Event.UploadInterrupted(IMAGE, 0, "s", "the fetchers went away", "w"));
        now = now.plus(Duration.ofHours(1));
        state = fold.takenOver(Objects.requireNonNull(state), now);
        assertThat(after(Duration.ofMinutes(9))).isEmpty();
        only(after(Duration.ofMinutes(1)), Event.UploadExpired.class);
    }
}
