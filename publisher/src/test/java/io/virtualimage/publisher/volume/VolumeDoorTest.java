package io.virtualimage.publisher.volume;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.staging.InMemoryStagingStore;
import io.virtualimage.stage.staging.SegmentFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.StagingStore.Overwrite;
import io.virtualimage.stage.web.WebAnswer;
import io.virtualimage.stage.web.WebRequest;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class VolumeDoorTest {
    private static final Incarnation IMAGE = new Incarnation("team", "cirros", "uid-1", 2, 1);
    private static final AccessTokens TOKENS = new AccessTokens("k".repeat(32));
    private static final int SEGMENT_BYTES = 100_000;
    private static final String BASE =
            URI.create(FillAddress.url("http://p", IMAGE, 3, "claim-1", TOKENS)).getPath();

    private final InMemoryStagingStore staging = new InMemoryStagingStore();
    private final List<Event> topic = new ArrayList<>();
    private final byte[] source = sourceBytes();
    private Optional<Incarnation> wanted = Optional.of(IMAGE);
    private boolean behind;
    private StagedSource staged;
    private final AtomicLong filled = new AtomicLong();
    private VolumeDoor door;

    private static byte[] sourceBytes() {
        byte[] source = new byte[450_100]; // 452 less to whole sectors
        new Random(3).nextBytes(source);
        Arrays.fill(source, 100_000, 200_000, (byte) 0);
        Arrays.fill(source, 300_000, 330_000, (byte) 0);
        return source;
    }

    @BeforeEach
    void openDoor() throws Exception {
        SegmentLayout layout = new SegmentLayout(source.length, SEGMENT_BYTES);
        staged = new StagedSource(3, null, SEGMENT_BYTES, layout.lengthBytes(), SegmentSet.EMPTY, SegmentSet.EMPTY);
        for (int i = 0; i < layout.count(); i++) {
            InputStream body = new ByteArrayInputStream(source, (int) layout.offsetOf(i), layout.lengthOf(i));
            SegmentFacts facts = staging.put(
                            SegmentKey.source(IMAGE, 3, i), null, layout.lengthOf(i), body, Overwrite.ALLOW)
                    .orElseThrow();
            staged = staged.with(i, facts.allZero());
        }
        order().write(staging, "claim-1");
        door = new VolumeDoor(
                staging, new TestLedger(), new TestAnnouncer(), TOKENS, "publisher-0", true, 2, filled::addAndGet);
    }

    private long diskBytes() {
        return Math.ceilDiv(source.length, 512) * 512L;
    }

    private FillOrder order() {
        Task.Header header = new Task.Header(IMAGE, 3, new Position(0, 1), 2);
        return new FillOrder(
                new Task.FillVolume(header, staged, null, null, ImageFormat.RAW, false, source.length, diskBytes()),
                "the-claim");
    }

    private final class TestLedger implements Ledger {
        @Override
        public Verdict judge(Incarnation image, Position cause) {
            throw new AssertionError("not asked");
        }

        @Override
        public Verdict judgeNow(Incarnation image) {
            throw new AssertionError("not asked");
        }

        @Override
        public Optional<Incarnation> wanted(String uid) throws LedgerBehindException {
            if (behind) {
                throw new LedgerBehindException("behind");
            }
            return wanted;
        }
    }

    private final class TestAnnouncer implements Announcer {
        @Override
        public void announce(Event event) {
            topic.add(event);
        }

        @Override
        public void bury(String key, DeadLetter letter) {
            throw new AssertionError("nothing is buried");
        }
    }

    private WebAnswer ask(String method, String path, String body) throws Exception {
        return door.serve(new WebRequest() {
            @Override
            public String method() {
                return method;
            }

            @Override
            public String path() {
                return path;
            }

            @Override
            public Optional<String> header(String name) {
                return Optional.empty();
            }

            @Override
            public OptionalLong bodyBytes() {
                return OptionalLong.of(body.length());
            }

            @Override
            public InputStream body() {
                return new ByteArrayInputStream(body.getBytes(StandardCharsets.US_ASCII));
            }
        });
    }

    private WebAnswer get(String what) throws Exception {
        return ask("GET", BASE + "/" + what, "");
    }

    @Test
    void tellsThePlan() throws Exception {
        WebAnswer answer = get("plan");
        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.text()).isEqualTo("length %d\nrange 67108864\ndone \nverify true\n".formatted(diskBytes()));
        new FillProgress(SegmentSet.of(0), false).write(staging, IMAGE, 3, "claim-1");
        assertThat(get("plan").text()).contains("done 0\n");
    }

    /** What the frames say, in place; and where they end. */
    private long lay(ByteBuffer frames, byte[] disk) {
        while (true) {
            int kind = frames.get();
            long offset = frames.getLong();
            long length = frames.getLong();
            if (kind == RunFrames.END) {
                return offset;
            }
            byte[] data = new byte[(int) length];
            if (kind == RunFrames.DATA) {
                frames.get(data);
            }
            System.arraycopy(data, 0, disk, (int) offset, data.length);
            frames.getInt();
        }
    }

    @Test
    void givesWhatStandsInTheDiskWithZerosBehindTheEndOfTheSource() throws Exception {
        byte[] disk = new byte[(int) diskBytes()];
        Arrays.fill(disk, (byte) 0x55);
        long position = 0;
        while (position < disk.length) {
            WebAnswer answer = get("runs/%d-%d".formatted(position, disk.length));
            assertThat(answer.status()).isEqualTo(200);
            position = lay(answer.body().duplicate(), disk);
            answer.over().run();
        }
        assertThat(disk).isEqualTo(Arrays.copyOf(source, disk.length));
        byte[] piece = disk.clone();
        Arrays.fill(piece, 150_000, 310_001, (byte) 0x55);
        assertThat(lay(get("runs/150000-310001").body().duplicate(), piece)).isEqualTo(310_001);
        assertThat(piece).isEqualTo(disk);
    }

    @Test
    void refusesWhatTheDiskDoesNotHave() throws Exception {
        assertThat(get("runs/5-5").status()).isEqualTo(400);
        assertThat(get("runs/0-" + (diskBytes() + 1)).status()).isEqualTo(400);
        assertThat(get("runs/0").status()).isEqualTo(404);
        assertThat(get("other").status()).isEqualTo(404);
        assertThat(ask("POST", BASE + "/plan", "").status()).isEqualTo(404);
    }

    @Test
    void opensForItsTokenOnly() throws Exception {
        assertThat(get("plan").status()).isEqualTo(200);
        for (String other : List.of(
                BASE.replace("/uid-1/", "/uid-2/"),
                BASE.replace("/2.1/", "/2.2/"),
                BASE.substring(0, BASE.length() - 1) + (BASE.endsWith("a") ? "b" : "a"),
                "/volumes/plan")) {
            assertThat(ask("GET", other + "/plan", "").status()).as(other).isEqualTo(404);
        }
        assertThat(ask("GET", BASE.replace("claim-1", "claim-2") + "/plan", "").status())
                .isEqualTo(410);
    }

    @Test
    void isShutWhenTheVersionIsNotWantedOrDone() throws Exception {
        wanted = Optional.of(new Incarnation("team", "cirros", "uid-1", 3, 0));
        assertThat(get("plan").status()).isEqualTo(410);
        wanted = Optional.of(new Incarnation("team", "cirros", "uid-1", 2, 2));
        assertThat(get("plan").status()).isEqualTo(410);
        wanted = Optional.of(IMAGE);
        behind = true;
        assertThat(get("plan").status()).isEqualTo(503);
        behind = false;
        staging.cleanAll("uid-1");
        assertThat(get("plan").status()).isEqualTo(410);
    }

    /** A replica may hear of an image later than its Pod is there. */
    @Test
    void whatIsNotKnownYetMayBeAskedForAgain() throws Exception {
        wanted = Optional.empty();
        assertThat(get("runs/0-10").status()).isEqualTo(404);
        for (Incarnation earlier : List.of(
                new Incarnation("team", "cirros", "uid-1", 1, 7), new Incarnation("team", "cirros", "uid-1", 2, 0))) {
            wanted = Optional.of(earlier);
            assertThat(get("plan").status()).as(earlier.toString()).isEqualTo(503);
        }
    }

    /** What was read is in memory until then. */
    @Test
    void nothingMoreIsReadBeforeAnAnswerIsOver() throws Exception {
        WebAnswer first = get("runs/0-100000");
        WebAnswer second = get("runs/0-100000");
        FutureTask<WebAnswer> third = new FutureTask<>(() -> get("runs/0-100000"));
        Thread asking = Thread.ofPlatform().start(third);
        while (asking.getState() != Thread.State.TIMED_WAITING && asking.isAlive()) {
            Thread.onSpinWait();
        }
        assertThat(third.isDone()).isFalse();

        first.over().run();

        assertThat(third.get(10, TimeUnit.SECONDS).status()).isEqualTo(200);
        second.over().run();
        third.get().over().run();
    }

    @Test
    void whatCantBeReadHoldsNobodyUp() throws Exception {
        staging.clean(IMAGE, false);
        order().write(staging, "claim-1");
        for (int i = 0; i < 5; i++) {
            assertThat(get("runs/400000-450000").status()).isEqualTo(503);
        }
        assertThat(topic).hasSize(5);
    }

    @Test
    void aListThatIsLongerThanAllRangesIsNotEvenRead() throws Exception {
        String list = IntStream.range(0, 10_000)
                .mapToObj(i -> Integer.toString(2 * i))
                .collect(joining(","));
        WebAnswer answer = ask("PUT", BASE + "/done", list);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).contains("more than a list of all ranges");
        RangeLayout large = RangeLayout.of(10L << 40);
        int[] every = IntStream.range(0, large.count()).filter(i -> i % 2 == 0).toArray();
        assertThat(SegmentSet.of(every).toString().length()).isLessThan(large.longestList());
        assertThat(SegmentSet.upTo(large.count()).toString().length()).isLessThan(large.longestList());
    }

    @Test
    void remembersAndSaysWhatIsDone() throws Exception {
        assertThat(ask("PUT", BASE + "/done", "").status()).isEqualTo(200);
        assertThat(topic)
                .containsExactly(new Event.TaskHeartbeat(IMAGE, order().task().id(), 2, "publisher-0", 0));
        topic.clear();
        assertThat(ask("PUT", BASE + "/done", "0\n").status()).isEqualTo(200);
        assertThat(topic)
                .containsExactly(
                        new Event.StageProgressed(IMAGE, 3, Stage.PUBLISH, diskBytes(), diskBytes()),
                        new Event.TaskHeartbeat(IMAGE, order().task().id(), 2, "publisher-0", diskBytes()));
        assertThat(ask("PUT", BASE + "/done", "0\n").status()).isEqualTo(200);
        assertThat(filled).as("counted once").hasValue(diskBytes());
        for (String bad : List.of("1", "0-9", "x", "0,0")) {
            assertThat(ask("PUT", BASE + "/done", bad).status()).as(bad).isEqualTo(400);
        }
        assertThat(FillProgress.read(staging, IMAGE, 3, "claim-1").done()).isEqualTo(SegmentSet.of(0));
    }

    @Test
    void theImageIsPublishedWhenAllIsDone() throws Exception {
        assertThat(ask("POST", BASE + "/finish", "").status()).isEqualTo(409);
        assertThat(topic).isEmpty();
        ask("PUT", BASE + "/done", "0");
        topic.clear();
        assertThat(ask("POST", BASE + "/finish", "").status()).isEqualTo(200);
        assertThat(ask("POST", BASE + "/finish", "").status()).isEqualTo(200);
        assertThat(topic)
                .hasSize(2)
                .allSatisfy(event -> assertThat(event)
                        .isEqualTo(new Event.ImagePublished(
                                IMAGE,
                                3,
                                null,
                                null,
                                null,
                                diskBytes(),
                                ImageFormat.RAW,
                                false,
                                source.length,
                                diskBytes(),
                                "the-claim")));
        assertThat(FillProgress.read(staging, IMAGE, 3, "claim-1").finished()).isTrue();
    }

    @Test
    void aSegmentThatIsLostIsSaidAsLost() throws Exception {
        staging.clean(IMAGE, false);
        order().write(staging, "claim-1");
        WebAnswer answer = get("runs/400000-450000");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.headers()).containsKey("Retry-After");
        assertThat(topic).containsExactly(new Event.SegmentMissing(IMAGE, 3, null, 4, null));
    }

    @Test
    void aLongDiskHasLargerRanges() {
        assertThat(RangeLayout.of(1)).isEqualTo(new RangeLayout(1, 64 << 20));
        RangeLayout large = RangeLayout.of(10L << 40);
        assertThat(large.count()).isBetween(3500, 4096);
        assertThat(large.bytesIn(SegmentSet.upTo(large.count()))).isEqualTo(10L << 40);
        assertThat(new RangeLayout(25, 10).bytesIn(SegmentSet.of(0, 2))).isEqualTo(15);
    }
}
