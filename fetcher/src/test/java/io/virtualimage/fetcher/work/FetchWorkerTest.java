package io.virtualimage.fetcher.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.fetcher.FakeSource;
import io.virtualimage.fetcher.source.ResolvedSource;
import io.virtualimage.fetcher.source.SourceException;
import io.virtualimage.fetcher.volume.FakeVolumes;
import io.virtualimage.fetcher.volume.VolumeReading;
import io.virtualimage.stage.staging.InMemoryStagingStore;
import io.virtualimage.stage.staging.SegmentFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.FakeContext;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.ChecksumAlgorithm;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.Topic;
import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class FetchWorkerTest {
    private static final Incarnation IMAGE = new Incarnation("ns", "vi", "uid-1", 1, 0);
    private static final DataSource SOURCE = new DataSource.Http("http://h/a.img", false, Checksums.NONE);
    private static final Task.Header HEADER = new Task.Header(IMAGE, 0, new Position(0, 7), 1);
    private static final String SESSION = "0123456789abcdef";

    private final FakeSource source = new FakeSource("abcdefghij");
    private final InMemoryStagingStore staging = new InMemoryStagingStore();
    private final Deque<Event> fed = new ArrayDeque<>();
    private final FakeVolumes volumes = new FakeVolumes();
    private final FakeContext context = new FakeContext();

    private FetchWorker worker(StagingStore store) {
        return new FetchWorker(
                (image, data) -> new ResolvedSource.Http("http://h/a.img", null),
                source,
                store,
                (image, from) -> new FakeFeed(fed),
                new VolumeReading(volumes, null, Clock.systemUTC()),
                new Random(1));
    }

    private void run(Task task) throws Exception {
        worker(staging).run(task, context);
    }

    private record FakeFeed(Deque<Event> events) implements SegmentFeed {
        @Override
        public Optional<Recorded> next(Duration atMost) {
            return Optional.ofNullable(events.poll())
                    .map(event -> new Recorded(event, Topic.FETCHED, new Position(0, 0), Instant.EPOCH));
        }

        @Override
        public void close() {}
    }

    private String staged(int index, String session) throws SegmentLostException {
        return new String(staging.read(SegmentKey.source(IMAGE, 0, index), session), StandardCharsets.UTF_8);
    }

    private TaskDeferredException deferred(Task task) {
        return catchThrowableOfType(TaskDeferredException.class, () -> run(task));
    }

    private ImageFailedException failed(Task task) {
        return catchThrowableOfType(ImageFailedException.class, () -> run(task));
    }

    private static SourceException.Unavailable later() {
        return new SourceException.Unavailable(
                FailureReason.SOURCE_UNAVAILABLE, "503 later", Duration.ofSeconds(3), null);
    }

    // ---- probe

    private static final Task.ProbeSource PROBE = new Task.ProbeSource(HEADER, SOURCE, 4);

    @Test
    void aProbeTellsWhatTheSourceSaid() throws Exception {
        run(PROBE);
        assertThat(context.announced())
                .containsExactly(new Event.SourceOpened(IMAGE, 0, 10L, 4, source.validator(), true, "a.img", null));
    }

    @Test
    void anEmptySourceIsNoImage() {
        source.tellLength(0L);
        assertThat(failed(PROBE).reason()).isEqualTo(FailureReason.SOURCE_EMPTY);
    }

    @Test
    void anAbsurdLengthIsOverTheLimit() {
        source.tellLength(Long.MAX_VALUE);
        assertThat(failed(PROBE).reason()).isEqualTo(FailureReason.OVER_LIMIT);
    }

    @Test
    void troubleOfTheSourceIsDeferredOrFinal() {
        source.failNext(later());
        TaskDeferredException deferral = deferred(PROBE);
        assertThat(deferral.deferral()).isEqualTo(Deferral.SOURCE);
        assertThat(deferral.reason()).isEqualTo(FailureReason.SOURCE_UNAVAILABLE);
        assertThat(deferral.words()).isEqualTo("503 later");
        assertThat(deferral.delay()).isEqualTo(Duration.ofSeconds(3));

        source.failNext(new SourceException.Refused("404 Not Found", null));
        ImageFailedException failure = failed(PROBE);
        assertThat(failure.reason()).isEqualTo(FailureReason.SOURCE_REFUSED);
        assertThat(failure.words()).isEqualTo("404 Not Found");
    }

    // ---- ranges

    private Task.FetchRange range(int index) {
        return new Task.FetchRange(HEADER, SOURCE, source.validator(), new SegmentLayout(10, 4), index, null);
    }

    @Test
    void aRangeIsStagedAndAnnounced() throws Exception {
        run(range(2));
        assertThat(source.opened()).containsExactly("8+2");
        assertThat(staged(2, null)).isEqualTo("ij");
        SegmentFacts facts = staging.facts(SegmentKey.source(IMAGE, 0, 2)).orElseThrow();
        assertThat(context.announced())
                .containsExactly(new SegmentFetched(
                        IMAGE, 0, null, 2, 2, facts.crc32c(), SegmentSet.EMPTY, false, 10L, "worker-1"));
        assertThat(context.progress()).isEqualTo(2);
    }

    @Test
    void whatWasStagedForNobodyIsRemoved() throws Exception {
        run(range(0));
        run(range(2));
        worker(staging).discard(range(2), context);
        assertThat(staging.stagedUids()).isEmpty();
    }

    @Test
    void whatIsStagedAlreadyIsOnlyAnnounced() throws Exception {
        run(range(1));
        run(range(1));
        context.delivered(2);
        run(range(1));
        assertThat(source.opened()).hasSize(1);
        assertThat(context.announced())
                .hasSize(3)
                .containsOnly(context.announced().getFirst());
        run(range(0));
        assertThat(source.opened()).hasSize(2);
    }

    @Test
    void aBrokenRangeGoesOn() throws Exception {
        source.breakAfter(1, 2);
        run(range(0));
        assertThat(staged(0, null)).isEqualTo("abcd");
    }

    @Test
    void aChangedSourceEndsTheEpoch() throws Exception {
        Task task = range(0);
        source.change("something else");
        run(task);
        assertThat(context.announced())
                .singleElement()
                .isInstanceOfSatisfying(
                        StreamBroken.class,
                        broken -> assertThat(broken.cause()).isEqualTo(StreamBroken.Cause.SOURCE_CHANGED));
        assertThat(staging.objectNames()).isEmpty();
    }

    @Test
    void aSourceThatChangesInTheMiddleEndsTheEpoch() throws Exception {
        source.breakAfter(2);
        source.whenOpened(2, () -> source.change("something else"));
        run(range(0));
        assertThat(context.announced()).singleElement().isInstanceOf(StreamBroken.class);
        assertThat(staging.objectNames()).isEmpty();
    }

    @Test
    void aRangeThatStopsIsDeferred() {
        source.breakAfter(2, 0);
        TaskDeferredException deferral = deferred(range(0));
        assertThat(deferral.deferral()).isEqualTo(Deferral.SOURCE);
        assertThat(deferral.reason()).isEqualTo(FailureReason.SOURCE_TRUNCATED);
        assertThat(staging.objectNames()).isEmpty();
    }

    @Test
    void aTaskThatIsTakenAwayStopsInTheMiddle() {
        context.abandonedAfter(0);
        assertThatThrownBy(() -> run(range(0))).isInstanceOf(TaskAbandonedException.class);
        assertThat(staging.objectNames()).isEmpty();
    }

    @Test
    void troubleOfTheStoreIsNotTheSources() {
        assertThatThrownBy(() -> worker(failingFrom(1)).run(range(0), context))
                .isInstanceOf(StagingUnavailableException.class);
    }

    /** The store, which is away from its n-th put on. */
    private StagingStore failingFrom(int put) {
        AtomicInteger puts = new AtomicInteger();
        return (StagingStore) Proxy.newProxyInstance(
                getClass().getClassLoader(), new Class<?>[] {StagingStore.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("put") && puts.incrementAndGet() >= put) {
                        throw new StagingUnavailableException("away", new IOException("away"));
                    }
                    try {
                        return method.invoke(staging, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    // ---- streams

    private static Task.FetchStream stream(Long lengthBytes) {
        return new Task.FetchStream(HEADER, SOURCE, 4, lengthBytes, null);
    }

    private List<SegmentFetched> segments() {
        return context.announced().stream()
                .filter(SegmentFetched.class::isInstance)
                .map(SegmentFetched.class::cast)
                .toList();
    }

    private StreamBroken broken() {
        return (StreamBroken) context.announced().getLast();
    }

    @Test
    void aStreamOfKnownLength() throws Exception {
        run(stream(null));
        String session = segments().getFirst().session();
        assertThat(session).matches("[0-9a-f]{16}");
        assertThat(segments()).extracting(SegmentFetched::index).containsExactly(0, 1, 2);
        assertThat(segments()).extracting(SegmentFetched::session).containsOnly(session);
        assertThat(segments()).extracting(SegmentFetched::sourceLengthBytes).containsOnly(10L);
        assertThat(staged(0, session) + staged(1, session) + staged(2, session)).isEqualTo("abcdefghij");
        assertThat(context.progress()).isEqualTo(10);
    }

    @Test
    void aStreamOfUnknownLengthTellsItAtTheEnd() throws Exception {
        source.tellLength(null);
        run(stream(null));
        assertThat(segments()).extracting(SegmentFetched::lengthBytes).containsExactly(4, 4, 2);
        assertThat(segments()).extracting(SegmentFetched::sourceLengthBytes).containsExactly(null, null, 10L);
    }

    @Test
    void evenIfTheLastSegmentIsFull() throws Exception {
        source.change("abcdefgh");
        source.tellLength(null);
        run(stream(null));
        assertThat(segments()).extracting(SegmentFetched::sourceLengthBytes).containsExactly(null, 8L);
    }

    @Test
    void aStreamWithoutLengthIsHeldToTheProbe() throws Exception {
        source.tellLength(null);
        run(stream(12L));
        assertThat(segments()).extracting(SegmentFetched::index).containsExactly(0, 1);
        assertThat(broken().cause()).isEqualTo(StreamBroken.Cause.SOURCE_BROKE);
        assertThat(broken().message()).isEqualTo("http://h/a.img ended after 10 of 12 bytes");
    }

    @Test
    void moreThanPromisedIsNotWhole() throws Exception {
        source.tellLength(8L);
        run(stream(null));
        assertThat(segments()).extracting(SegmentFetched::index).containsExactly(0);
        assertThat(broken().cause()).isEqualTo(StreamBroken.Cause.SOURCE_BROKE);
        assertThat(broken().message()).isEqualTo("http://h/a.img gave more than the 8 bytes it promised");
    }

    @Test
    void aStreamMayNotPromiseTheMoonEither() {
        source.tellLength(Long.MAX_VALUE);
        assertThat(failed(stream(null)).reason()).isEqualTo(FailureReason.OVER_LIMIT);
        assertThat(staging.objectNames()).isEmpty();
    }

    @Test
    void whoComesSecondWritesNothing() throws Exception {
        context.delivered(2);
        run(stream(null));
        assertThat(source.opened()).isEmpty();
        assertThat(context.announced()).singleElement().isInstanceOf(StreamBroken.class);
        assertThat(broken().cause()).isEqualTo(StreamBroken.Cause.INTERRUPTED);
    }

    @Test
    void whoFindsAnothersSegmentStops() throws Exception {
        run(stream(null));
        List<SegmentFetched> before = segments();
        run(stream(null));
        assertThat(segments()).isEqualTo(before);
        assertThat(broken().cause()).isEqualTo(StreamBroken.Cause.INTERRUPTED);
    }

    @Test
    void aFailureBeforeAnythingIsStagedIsOnlyDeferred() {
        source.failNext(later());
        assertThat(deferred(stream(null)).deferral()).isEqualTo(Deferral.SOURCE);
        source.breakAfter(3);
        assertThat(deferred(stream(null)).reason()).isEqualTo(FailureReason.SOURCE_TRUNCATED);
        assertThat(context.announced()).isEmpty();
        assertThat(staging.objectNames()).isEmpty();
    }

    @Test
    void afterThatItEndsTheEpoch() throws Exception {
        source.breakAfter(6);
        run(stream(null));
        assertThat(segments()).hasSize(1);
        assertThat(broken().cause()).isEqualTo(StreamBroken.Cause.SOURCE_BROKE);
        assertThat(broken().message()).isEqualTo("cut off");
    }

    @Test
    void noBytesAtAll() {
        source.change("");
        source.tellLength(null);
        assertThat(failed(stream(null)).reason()).isEqualTo(FailureReason.SOURCE_EMPTY);
        source.tellLength(0L);
        assertThat(failed(stream(null)).reason()).isEqualTo(FailureReason.SOURCE_EMPTY);
    }

    @Test
    void aStreamThatIsTakenAwayStops() {
        context.abandonedAfter(3);
        assertThatThrownBy(() -> run(stream(null))).isInstanceOf(TaskAbandonedException.class);
        assertThat(segments()).hasSize(1);
    }

    @Test
    void anOutageOfTheStoreEndsTheEpochOnlyIfAnythingIsStaged() throws Exception {
        assertThatThrownBy(() -> worker(failingFrom(1)).run(stream(null), context))
                .isInstanceOf(StagingUnavailableException.class);
        worker(failingFrom(2)).run(stream(null), context);
        assertThat(segments()).hasSize(1);
        assertThat(broken().cause()).isEqualTo(StreamBroken.Cause.INTERRUPTED);
    }

    // ---- verification

    private static Checksums sums(String text) throws Exception {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return new Checksums(Map.of(
                ChecksumAlgorithm.MD5, hex("MD5", bytes),
                ChecksumAlgorithm.SHA1, hex("SHA-1", bytes),
                ChecksumAlgorithm.SHA256, hex("SHA-256", bytes),
                ChecksumAlgorithm.SHA512, hex("SHA-512", bytes)));
    }

    private static String hex(String algorithm, byte[] bytes) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(bytes));
    }

    private static Task.VerifySource verify(StagedSource staged, Checksums expected) {
        return new Task.VerifySource(HEADER, staged, new Position(0, 3), expected, null, null);
    }

    private StagedSource stagedOf(String session, Long length, String present, String zeros) {
        return new StagedSource(0, session, 4, length, SegmentSet.parse(present), SegmentSet.parse(zeros));
    }

    private void stage(int index, String text, String session) throws Exception {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try (InputStream in = new java.io.ByteArrayInputStream(bytes)) {
            staging.put(SegmentKey.source(IMAGE, 0, index), session, bytes.length, in, StagingStore.Overwrite.ALLOW);
        }
    }

    private static SegmentFetched fetched(int epoch, int index, String session, int length, Long total) {
        return new SegmentFetched(IMAGE, epoch, session, index, length, 0, SegmentSet.EMPTY, false, total, "worker-2");
    }

    @Test
    void allChecksumsOfWhatIsStaged() throws Exception {
        stage(0, "abcd", null);
        stage(2, "ij", null);
        Checksums expected = sums("abcd\0\0\0\0ij");
        run(verify(stagedOf(null, 10L, "0-2", "1"), expected));
        assertThat(context.announced()).containsExactly(new Event.SourceVerified(IMAGE, 0, expected));
        assertThat(context.progress()).isEqualTo(10);
    }

    @Test
    void theRestIsFollowed() throws Exception {
        stage(0, "abcd", SESSION);
        stage(1, "efgh", SESSION);
        stage(2, "ij", SESSION);
        fed.add(fetched(0, 1, SESSION, 4, null));
        fed.add(fetched(0, 1, "another stream's", 4, null));
        fed.add(new Event.SourceOpened(IMAGE, 0, 10L, 4, null, false, "a.img", null));
        fed.add(fetched(0, 2, SESSION, 2, 10L));
        run(verify(stagedOf(SESSION, null, "0", ""), sums("abcdefghij")));
        assertThat(context.announced()).hasSize(1);
    }

    @Test
    void aMismatchNamesBoth() throws Exception {
        stage(0, "ab", null);
        String wrong = "0".repeat(32);
        ImageFailedException failure =
                failed(verify(stagedOf(null, 2L, "0", ""), new Checksums(Map.of(ChecksumAlgorithm.MD5, wrong))));
        assertThat(failure.reason()).isEqualTo(FailureReason.CHECKSUM_MISMATCH);
        assertThat(failure.words()).contains("expected md5 " + wrong + ", found 187ef4436122d1cc2f40dc2b92f0eba0");
    }

    /** Digests as printed by rhash 1.4.3 for "abcd", four zero bytes and "ij". */
    @Test
    void streebogToo() throws Exception {
        stage(0, "abcd", null);
        stage(2, "ij", null);
        Checksums expected = new Checksums(
                Map.of(
                        ChecksumAlgorithm.STREEBOG256,
                        "fbe6ecc2f466d183ea6e45ebcd0120a29df87ca9c9320cb32bae4c46aab40b84",
                        ChecksumAlgorithm.STREEBOG512,
                        "e679d48d64b8883970fd8b8df1e391667f997ac617411b95a549b999678c1e79d35cb9eb9cba761df3a832523e8dc563da0f31b3769e1426721ae1ce83ffd6a3"));
        run(verify(stagedOf(null, 10L, "0-2", "1"), expected));
        assertThat(context.announced()).containsExactly(new Event.SourceVerified(IMAGE, 0, expected));

        ImageFailedException failure = failed(verify(
                stagedOf(null, 10L, "0-2", "1"), new Checksums(Map.of(ChecksumAlgorithm.STREEBOG256, "0".repeat(64)))));
        assertThat(failure.reason()).isEqualTo(FailureReason.CHECKSUM_MISMATCH);
        assertThat(failure.words())
                .contains("expected streebog256 " + "0".repeat(64)
                        + ", found fbe6ecc2f466d183ea6e45ebcd0120a29df87ca9c9320cb32bae4c46aab40b84");
    }

    @Test
    void starvation() throws Exception {
        stage(0, "abcd", null);
        TaskDeferredException deferral = deferred(verify(stagedOf(null, 10L, "0", ""), sums("")));
        assertThat(deferral.deferral()).isEqualTo(Deferral.STARVED);
        assertThat(deferral.delay()).isZero();
    }

    @Test
    void bytesOfAnotherEpochAreNotThese() throws Exception {
        stage(0, "abcd", null);
        for (Event event : List.of(
                fetched(1, 1, null, 4, 10L),
                new StreamBroken(IMAGE, 0, StreamBroken.Cause.SOURCE_CHANGED, "", "w"),
                new Event.SourceOpened(IMAGE, 0, 11L, 4, null, false, "a.img", null),
                new Event.SourceVerified(IMAGE, 0, sums("")))) {
            fed.clear();
            fed.add(event);
            assertThatThrownBy(() -> run(verify(stagedOf(null, 10L, "0", ""), sums(""))))
                    .as(event.toString())
                    .isInstanceOf(TaskAbandonedException.class);
        }
    }

    @Test
    void aLostSegmentIsLost() {
        assertThatThrownBy(() -> run(verify(stagedOf(null, 10L, "0", ""), sums(""))))
                .isInstanceOf(SegmentLostException.class);
    }

    @Test
    void aSegmentOfTheWrongLengthIsLost() throws Exception {
        stage(0, "abc", null);
        assertThatThrownBy(() -> run(verify(stagedOf(null, 10L, "0", ""), sums(""))))
                .isInstanceOf(SegmentLostException.class);
    }

    // ---- cleaning, and work of others

    @Test
    void cleaning() throws Exception {
        stage(0, "abcd", null);
        run(new Task.CleanStaging(HEADER, true));
        assertThat(staging.objectNames()).hasSize(1);
        run(new Task.CleanStaging(HEADER, false));
        assertThat(staging.objectNames()).isEmpty();
        assertThat(context.announced())
                .containsExactly(new Event.StagingCleaned(IMAGE, IMAGE), new Event.StagingCleaned(IMAGE, null));
    }

    @Test
    void othersWorkIsADefect() {
        assertThatThrownBy(() -> run(new Task.RemoveImage(HEADER, false))).isInstanceOf(IllegalArgumentException.class);
    }
}
