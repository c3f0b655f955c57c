package io.virtualimage.fetcher.upload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.access.AccessTokens.Door;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.stage.staging.InMemoryStagingStore;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.web.WebAnswer;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.UploadInterrupted;
import io.virtualimage.topics.Event.UploadOpened;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.UploadLease;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.SequenceInputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Two replicas on one topic and one store. */
@Timeout(60)
class UploadDeskTest {
    private static final Incarnation IMAGE = new Incarnation("default", "image", "uid", 1, 0);
    private static final int SEGMENT = 1000;
    private static final long LARGEST = 10_000;

    private final Clock clock = Clock.systemUTC();
    private final AccessTokens tokens = new AccessTokens("k".repeat(32));
    private final FakeTopic topic = new FakeTopic(clock);
    private final InMemoryStagingStore staging = new InMemoryStagingStore();
    private final UploadBook book = new UploadBook(tokens, new Random(1));
    private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
    private final byte[] file = bytes(3_500);
    private Duration patience = Duration.ofMinutes(1);

    @TempDir
    Path spools;

    @BeforeEach
    void ask() {
        tell(new Event.ImageRequested(
                IMAGE, new DataSource.Upload(Checksums.NONE), Storage.CONTAINER_REGISTRY, null, null, null));
    }

    private void tell(Event event) {
        Topic on = Topic.of(event);
        book.read(new ViewRecord(on, IMAGE.uid(), new Recorded(event, on, new Position(0, 0), clock.instant())));
    }

    private UploadDesk desk(String worker) {
        return desk(worker, 2, spools);
    }

    private UploadDesk desk(String worker, int most, Path folder) {
        return desk(worker, most, folder, topic, topic);
    }

    private UploadDesk desk(
            String worker, int most, Path folder, SegmentFeed.Histories histories, Announcer announcer) {
        return new UploadDesk(
                new UploadPorts(staging, announcer, histories, clock, worker),
                book,
                () -> true,
                new UploadLimits(SEGMENT, LARGEST, patience),
                most,
                folder,
                new Random(worker.hashCode()),
                meters);
    }

    private FakeRequest request(String method) {
        return FakeRequest.of(method).at("/upload/" + tokens.token(Door.UPLOAD, IMAGE));
    }

    private FakeRequest rest(int offset) {
        return request("PUT")
                .body(Arrays.copyOfRange(file, offset, file.length))
                .with("Content-Range", "bytes %d-%d/%d".formatted(offset, file.length - 1, file.length));
    }

    // ---- what goes well

    @Test
    void aFileIsStagedSegmentBySegment() throws Exception {
        WebAnswer answer = desk("one").serve(request("PUT").body(file));
        assertThat(answer.status()).isEqualTo(201);
        assertThat(answer.text())
                .contains("\"image\":\"default/image\"", "\"receivedBytes\":3500", "kubectl get vi image -n default -w")
                .endsWith("\n");
        assertThat(answer.headers()).containsEntry("Upload-Complete", "?1").containsEntry("Upload-Offset", "3500");
        assertThat(staged()).isEqualTo(file);
        assertThat(topic.events(SegmentFetched.class))
                .extracting(SegmentFetched::sourceLengthBytes)
                .containsOnly(3500L);
        assertThat(topic.events(UploadInterrupted.class)).isEmpty();
        assertThat(spools).isEmptyDirectory();
    }

    @Test
    void aFileOfUnknownLengthMayEndAnywhere() throws Exception {
        for (int length : new int[] {1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT}) {
            UploadDeskTest fresh = new UploadDeskTest();
            fresh.spools = spools;
            fresh.ask();
            byte[] bytes = bytes(length);
            WebAnswer answer = fresh.desk("one")
                    .serve(fresh.request("POST")
                            .body(new ByteArrayInputStream(bytes))
                            .length(null));
            assertThat(answer.status()).as("of %d bytes", length).isEqualTo(201);
            assertThat(fresh.staged()).isEqualTo(bytes);
        }
    }

    @Test
    void anotherReplicaGoesOnWithWhatIsThere() throws Exception {
        cut(2_300);
        WebAnswer state = desk("two").serve(request("GET"));
        assertThat(state.text()).contains("\"receivedBytes\":2000", "\"uploading\":false", "curl -C 2000 -T FILE");
        assertThat(state.headers())
                .containsEntry("Upload-Offset", "2000")
                .containsEntry("Upload-Complete", "?0")
                .containsEntry("Upload-Length", "3500");
        WebAnswer answer = desk("two").serve(rest(2000));
        assertThat(answer.status()).isEqualTo(201);
        assertThat(staged()).isEqualTo(file);
        assertThat(facts().epoch()).isZero();
        assertThat(facts().staged().upload().sessions()).hasSize(2);
        assertThat(desk("one").serve(request("HEAD")).headers()).containsEntry("Upload-Complete", "?1");
    }

    @Test
    void whoBeginsAnewLeavesNothingOfTheOther() throws Exception {
        cut(2_300);
        byte[] other = bytes(1_500);
        assertThat(desk("two").serve(request("PUT").body(other)).status()).isEqualTo(201);
        assertThat(facts().epoch()).isEqualTo(1);
        assertThat(staged()).isEqualTo(other);
    }

    @Test
    void partsAddUpByTheDraft() throws Exception {
        UploadDesk desk = desk("one");
        WebAnswer first = desk.serve(request("POST")
                .body(Arrays.copyOf(file, 2_300))
                .with("Upload-Complete", "?0")
                .with("Upload-Length", "3500"));
        assertThat(first.status()).isEqualTo(201);
        assertThat(first.headers())
                .containsEntry("Location", request("POST").path())
                .containsEntry("Upload-Offset", "2000")
                .containsEntry("Upload-Complete", "?0");
        WebAnswer second = desk.serve(request("PATCH")
                .body(Arrays.copyOfRange(file, 2_000, 3_500))
                .with("Content-Type", "application/partial-upload")
                .with("Upload-Offset", "2000")
                .with("Upload-Complete", "?1"));
        assertThat(second.status()).isEqualTo(201);
        assertThat(staged()).isEqualTo(file);
    }

    @Test
    void theEndMayComeWithoutBytes() throws Exception {
        UploadDesk desk = desk("one");
        assertThat(desk.serve(request("POST").body(Arrays.copyOf(file, 2_000)).with("Upload-Complete", "?0"))
                        .status())
                .isEqualTo(201);
        WebAnswer end = desk.serve(request("PATCH")
                .with("Content-Type", "application/partial-upload")
                .with("Upload-Offset", "2000")
                .with("Upload-Complete", "?1"));
        assertThat(end.status()).isEqualTo(201);
        assertThat(staged()).isEqualTo(Arrays.copyOf(file, 2_000));
    }

    @Test
    void anOutageIsSatOut() throws Exception {
        CompletableFuture<WebAnswer> answer =
                async(desk("one"), request("PUT").body(outage(1_500)).length(3_500L));
        assertThat(answer.get(30, TimeUnit.SECONDS).status()).isEqualTo(201);
        assertThat(staged()).isEqualTo(file);
    }

    /** The file, but that the broker fails twice when so much of it was read. */
    private InputStream outage(int at) {
        return new SequenceInputStream(
                new ByteArrayInputStream(file, 0, at), new ByteArrayInputStream(file, at, file.length - at) {
                    private boolean failed;

                    @Override
                    public synchronized int read(byte[] buffer, int offset, int length) {
                        if (!failed) {
                            failed = true;
                            topic.refuse(2);
                        }
                        return super.read(buffer, offset, length);
                    }
                });
    }

    // ---- what is refused

    @Test
    void ofTwoAtATimeOneIsRefusedUnasked() throws Exception {
        try (PipedOutputStream client = new PipedOutputStream()) {
            CompletableFuture<WebAnswer> first = begin(client, "one");
            FakeRequest second = request("PUT").body(file);
            WebAnswer answer = desk("two").serve(second);
            assertThat(answer.status()).isEqualTo(409);
            assertThat(answer.text()).contains("being uploaded");
            assertThat(answer.headers()).containsKey("Retry-After");
            assertThat(second.asked()).isFalse();
            client.write(file, 1, file.length - 1);
            client.flush();
            assertThat(first.get(30, TimeUnit.SECONDS).status()).isEqualTo(201);
        }
        assertThat(staged()).isEqualTo(file);
        assertThat(meters.get("virtualimage.upload.refusals")
                        .tag("reason", "busy")
                        .counter()
                        .count())
                .isEqualTo(1);
    }

    @Test
    void ofManyAtATimeOneArrives() throws Exception {
        List<CompletableFuture<WebAnswer>> answers = IntStream.range(0, 8)
                .mapToObj(i -> async(desk("w" + i), request("PUT").body(file)))
                .toList();
        int arrived = 0;
        for (CompletableFuture<WebAnswer> answer : answers) {
            int status = answer.get(30, TimeUnit.SECONDS).status();
            assertThat(status).isIn(201, 409, 410);
            arrived += status == 201 ? 1 : 0;
        }
        assertThat(arrived).isEqualTo(1);
        assertThat(staged()).isEqualTo(file);
    }

    @Test
    void anUnknownTokenIsNothing() throws Exception {
        for (String path : List.of("/upload/", "/upload/x", "/upload/" + tokens.token(Door.FILL_VOLUME, IMAGE))) {
            FakeRequest request = FakeRequest.of("PUT").at(path).body(file);
            assertThat(desk("one").serve(request).status()).isEqualTo(404);
            assertThat(request.asked()).isFalse();
        }
    }

    @Test
    void whatIsCompleteIsGone() throws Exception {
        UploadDesk desk = desk("one");
        assertThat(desk.serve(request("PUT").body(file)).status()).isEqualTo(201);
        assertThat(desk("two").serve(request("PUT").body(file)).status()).isEqualTo(410);
        tell(status(ImageStatus.Phase.READY, "The image is ready."));
        assertThat(desk.serve(request("GET")).status()).isEqualTo(410);
    }

    @Test
    void tooMuchIsRefusedEvenOnTheWay() throws Exception {
        UploadDesk desk = desk("one");
        FakeRequest told = request("PUT").body(new byte[10_001]);
        assertThat(desk.serve(told).status()).isEqualTo(413);
        assertThat(told.asked()).isFalse();
        FakeRequest untold =
                request("PUT").body(new ByteArrayInputStream(new byte[10_001])).length(null);
        WebAnswer answer = desk.serve(untold);
        assertThat(answer.status()).isEqualTo(413);
        assertThat(answer.headers()).containsEntry("Upload-Limit", "max-size=10000, min-append-size=1000");
        assertThat(topic.events(UploadInterrupted.class)).hasSize(1);
    }

    @Test
    void nothingIsNoFile() throws Exception {
        WebAnswer answer = desk("one").serve(request("PUT").length(null));
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).contains("The file is empty");
        assertThat(topic.events(UploadOpened.class)).isEmpty(); // nobody hears of it
        assertThat(desk("one").serve(request("PUT").body(file)).status()).isEqualTo(201);
    }

    @Test
    void whoGoesOnWithoutALengthIsHeldToTheOneThatWasTold() throws Exception {
        cut(2_300);
        FakeRequest less = request("PATCH")
                .body(new ByteArrayInputStream(file, 2_000, 400))
                .length(null)
                .with("Content-Type", "application/partial-upload")
                .with("Upload-Offset", "2000")
                .with("Upload-Complete", "?1");
        WebAnswer answer = desk("two").serve(less);
        assertThat(answer.status()).isEqualTo(400);
        assertThat(answer.text()).contains("The body ended after byte 2400 of a file of 3500 bytes.");
        assertThat(facts().staged().complete()).isFalse();

        FakeRequest rest = request("PATCH")
                .body(new ByteArrayInputStream(file, 2_000, 1_500))
                .length(null)
                .with("Content-Type", "application/partial-upload")
                .with("Upload-Offset", "2000")
                .with("Upload-Complete", "?1");
        assertThat(desk("two").serve(rest).status()).isEqualTo(201);
        assertThat(staged()).isEqualTo(file);
    }

    @Test
    void whoSendsNextToNothingLosesItsPlace() throws Exception {
        patience = Duration.ofMillis(50);
        InputStream trickle = new InputStream() {
            @Override
            public int read(byte[] buffer, int offset, int length) {
                LockSupport.parkNanos(patience.toNanos());
                buffer[offset] = 1;
                return 1;
            }

            @Override
            public int read() {
                throw new AssertionError("read in blocks");
            }
        };
        WebAnswer answer = desk("one").serve(request("PUT").body(trickle).length(3_500L));
        assertThat(answer.status()).isEqualTo(408);
        assertThat(answer.text()).contains("The file comes too slowly, only 1 bytes");
        assertThat(topic.events(UploadInterrupted.class)).hasSize(1);
        patience = Duration.ofMinutes(1);
        assertThat(desk("two").serve(request("PUT").body(file)).status()).isEqualTo(201);
    }

    @Test
    void onlySoManyLookAtOnce() throws Exception {
        CountDownLatch looking = new CountDownLatch(16);
        CountDownLatch go = new CountDownLatch(1);
        SegmentFeed.Histories slow = (image, partition, since) -> {
            looking.countDown();
            try {
                go.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
            return topic.followSince(image, partition, since);
        };
        UploadDesk desk = desk("one", 2, spools, slow, topic);
        List<CompletableFuture<WebAnswer>> looks = IntStream.range(0, 16)
                .mapToObj(i -> async(desk, request("GET")))
                .toList();
        looking.await();
        WebAnswer answer = desk.serve(request("HEAD"));
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.headers()).containsKey("Retry-After");
        go.countDown();
        for (CompletableFuture<WebAnswer> look : looks) {
            assertThat(look.get(30, TimeUnit.SECONDS).status()).isEqualTo(200);
        }
        assertThat(desk.serve(request("GET")).status()).isEqualTo(200);
    }

    @Test
    void whatTroublesUsStaysAmongUs() throws Exception {
        Announcer away = new Announcer() {
            @Override
            public void announce(Event event) throws AnnouncementException {
                throw new AnnouncementException("broker-0.internal:9092 is away", null);
            }

            @Override
            public void bury(String key, DeadLetter letter) {
                throw new AssertionError();
            }
        };
        WebAnswer answer =
                desk("one", 2, spools, topic, away).serve(request("PUT").body(file));
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.text()).contains("can't be announced at the moment").doesNotContain("broker-0");
        WebAnswer full =
                desk("one", 2, spools.resolve("missing")).serve(request("PUT").body(file));
        assertThat(full.status()).isEqualTo(503);
        assertThat(full.text()).contains("can't keep what comes").doesNotContain("missing");
    }

    @Test
    void lessAndMoreThanWasSaidIsRefused() throws Exception {
        UploadDesk desk = desk("one");
        FakeRequest less =
                request("PUT").body(new ByteArrayInputStream(file)).length(null).with("Upload-Length", "4000");
        assertThat(desk.serve(less).status()).isEqualTo(400);
        FakeRequest more =
                request("PUT").body(new ByteArrayInputStream(file)).length(null).with("Upload-Length", "3000");
        assertThat(desk.serve(more).status()).isEqualTo(400);
        assertThat(facts().staged().complete()).isFalse();
        assertThat(desk.serve(request("PUT").body(file)).status()).isEqualTo(201);
        assertThat(staged()).isEqualTo(file);
    }

    @Test
    void aReplicaWithoutRoomOrDiskSaysSo() throws Exception {
        try (PipedOutputStream client = new PipedOutputStream()) {
            UploadDesk desk = desk("one", 1, spools);
            CompletableFuture<WebAnswer> first = begin(client, desk);
            WebAnswer answer = desk.serve(request("PUT").body(file));
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.headers()).containsKey("Retry-After");
            assertThat(desk.serve(request("GET")).status()).isEqualTo(200);
            client.write(file, 1, file.length - 1);
            client.flush();
            assertThat(first.get(30, TimeUnit.SECONDS).status()).isEqualTo(201);
        }
    }

    @Test
    void aReplicaWithoutADiskSaysSo() throws Exception {
        WebAnswer answer =
                desk("one", 1, spools.resolve("missing")).serve(request("PUT").body(file));
        assertThat(answer.status()).isEqualTo(503);
        assertThat(topic.events(UploadInterrupted.class)).hasSize(1);
        assertThat(desk("two").serve(request("PUT").body(file)).status()).isEqualTo(201);
    }

    // ---- what ends it on the way

    @Test
    void whoIsDispossessedStopsAndWritesNothingMore() throws Exception {
        try (PipedOutputStream client = new PipedOutputStream()) {
            CompletableFuture<WebAnswer> first = begin(client, "one");
            Instant later = clock.instant().plus(UploadLease.LIFE).plusSeconds(1);
            topic.say(new UploadOpened(IMAGE, 0, "another", 0, SEGMENT, 700L, "f", "two"), later);
            WebAnswer answer = first.get(30, TimeUnit.SECONDS);
            assertThat(answer.status()).isEqualTo(409);
            assertThat(answer.text()).contains("taken over");
        }
        assertThat(topic.events(SegmentFetched.class)).isEmpty();
        assertThat(topic.events(UploadInterrupted.class)).isEmpty();
        assertThat(facts().staged().upload().owner()).isEqualTo("another");
    }

    @Test
    void anImageThatFailsOrIsUnwantedEndsIt() throws Exception {
        try (PipedOutputStream client = new PipedOutputStream()) {
            CompletableFuture<WebAnswer> first = begin(client, "one");
            tell(status(ImageStatus.Phase.FAILED, "The bytes are no disk image."));
            WebAnswer answer = first.get(30, TimeUnit.SECONDS);
            assertThat(answer.status()).isEqualTo(422);
            assertThat(answer.text()).contains("The bytes are no disk image.");
        }
        assertThat(desk("one").serve(request("PUT").body(file)).status()).isEqualTo(410);
    }

    @Test
    void anImageThatIsDeletedEndsIt() throws Exception {
        try (PipedOutputStream client = new PipedOutputStream()) {
            CompletableFuture<WebAnswer> first = begin(client, "one");
            tell(new Event.ImageWithdrawn(IMAGE));
            assertThat(first.get(30, TimeUnit.SECONDS).status()).isEqualTo(410);
        }
        assertThat(desk("one").serve(request("PUT").body(file)).status()).isEqualTo(404);
    }

    @Test
    void aReplicaThatIsStoppedLetsAnotherOneGoOnAtOnce() throws Exception {
        try (PipedOutputStream client = new PipedOutputStream()) {
            UploadDesk desk = desk("one");
            CompletableFuture<WebAnswer> first = begin(client, desk);
            desk.close();
            WebAnswer answer = first.get(30, TimeUnit.SECONDS);
            assertThat(answer.status()).isEqualTo(503);
            assertThat(desk.serve(request("PUT").body(file)).status()).isEqualTo(503);
        }
        assertThat(topic.events(UploadInterrupted.class)).hasSize(1);
        assertThat(desk("two").serve(request("PUT").body(file)).status()).isEqualTo(201);
    }

    /** A body of which a block is there, but only when something has interrupted who reads it. */
    private InputStream interrupted(Runnable by) {
        return new InputStream() {
            private boolean begun;

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                if (begun) {
                    throw new IOException("the next block never came");
                }
                begun = true;
                Thread.ofVirtual().start(by);
                while (!Thread.currentThread().isInterrupted()) {
                    Thread.onSpinWait();
                }
                System.arraycopy(file, 0, buffer, offset, length);
                return length;
            }

            @Override
            public int read() {
                throw new AssertionError("read in blocks");
            }
        };
    }

    @Test
    void aReplicaThatIsStoppedWhileItWritesLetsAnotherOneGoOnToo() throws Exception {
        UploadDesk desk = desk("one");
        WebAnswer answer =
                desk.serve(request("PUT").body(interrupted(desk::close)).length(3_500L));
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.text()).contains("being stopped");
        assertThat(topic.events(UploadInterrupted.class))
                .singleElement()
                .satisfies(end -> assertThat(end.message()).isEqualTo("the replica that received it was stopped"));
        assertThat(desk("two").serve(request("PUT").body(file)).status()).isEqualTo(201);
    }

    /** The topics are read side by side. */
    @Test
    void anImageThatIsMadeBeforeItsLastSegmentComesBackIsNoRefusal() throws Exception {
        topic.keepBack(event -> event instanceof SegmentFetched segment && segment.index() == 3);
        CompletableFuture<WebAnswer> first = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                first.complete(desk("one").serve(request("PUT").body(file)));
            } catch (Exception e) {
                first.completeExceptionally(e);
            }
        });
        topic.awaitLooksAtKept(1);
        tell(status(ImageStatus.Phase.READY, "The image can be used."));
        topic.awaitLooksAtKept(3);
        assertThat(first).isNotDone();
        topic.keepBack(event -> false);
        assertThat(first.get(30, TimeUnit.SECONDS).status()).isEqualTo(201);
    }

    @Test
    void anImageThatFailsWhileItWritesSaysSo() throws Exception {
        WebAnswer answer = desk("one")
                .serve(request("PUT")
                        .body(interrupted(() -> tell(status(ImageStatus.Phase.FAILED, "The bytes are no disk image."))))
                        .length(3_500L));
        assertThat(answer.status()).isEqualTo(422);
        assertThat(answer.text()).contains("The bytes are no disk image.");
    }

    // ---- how it is done

    /** Sends so many bytes, then breaks off. */
    private void cut(int at) {
        InputStream broken = new SequenceInputStream(new ByteArrayInputStream(file, 0, at), new InputStream() {
            @Override
            public int read() throws IOException {
                throw new IOException("reset by peer");
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                throw new IOException("reset by peer");
            }
        });
        assertThat(catchThrowable(
                        () -> desk("one").serve(request("PUT").body(broken).length(3_500L))))
                .isInstanceOf(IOException.class);
        assertThat(topic.events(UploadInterrupted.class)).hasSize(1);
    }

    private CompletableFuture<WebAnswer> begin(PipedOutputStream client, String worker) throws Exception {
        return begin(client, desk(worker));
    }

    /** An upload that has begun, of which the first byte is there. */
    private CompletableFuture<WebAnswer> begin(PipedOutputStream client, UploadDesk desk) throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        PipedInputStream pipe = new PipedInputStream(client, 64 * 1024);
        InputStream body = new InputStream() {
            private int left = file.length;

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                if (left == 0) {
                    return -1;
                }
                int count = pipe.read(buffer, offset, Math.min(length, left));
                left -= count;
                reading.countDown();
                if (Thread.interrupted()) {
                    throw new InterruptedIOException();
                }
                return count;
            }
        };
        CompletableFuture<WebAnswer> answer =
                async(desk, request("PUT").body(body).length((long) file.length));
        client.write(file, 0, 1);
        client.flush();
        assertThat(reading.await(10, TimeUnit.SECONDS)).isTrue();
        return answer;
    }

    private static CompletableFuture<WebAnswer> async(UploadDesk desk, FakeRequest request) {
        CompletableFuture<WebAnswer> answer = new CompletableFuture<>();
        Thread.ofVirtual().start(() -> {
            try {
                answer.complete(desk.serve(request));
            } catch (Exception e) {
                answer.completeExceptionally(e);
            }
        });
        return answer;
    }

    private SourceFacts facts() {
        SourceFacts facts = SourceFacts.NONE;
        var feed = topic.followSince(IMAGE, 0, Instant.EPOCH);
        try {
            for (var next = feed.next(java.time.Duration.ZERO);
                    next.isPresent();
                    next = feed.next(java.time.Duration.ZERO)) {
                facts = facts.merge(
                        (Event.Fetched) next.get().event(), next.get().time());
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return facts;
    }

    /** What is staged, read as every other stage reads it. */
    private byte[] staged() throws Exception {
        SourceFacts facts = facts();
        StagedSource staged = facts.staged();
        assertThat(staged.complete()).isTrue();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int i = 0; i < staged.layout().count(); i++) {
            int length = staged.layout().lengthOf(i);
            bytes.write(
                    staged.zeros().contains(i)
                            ? new byte[length]
                            : staging.read(SegmentKey.source(IMAGE, facts.epoch(), i), staged.sessionOf(i), length));
        }
        return bytes.toByteArray();
    }

    private static Event.StatusChanged status(ImageStatus.Phase phase, String message) {
        ImageStatus.Condition ready = new ImageStatus.Condition("Ready", false, "Reason", message, Instant.EPOCH);
        return new Event.StatusChanged(
                IMAGE,
                new ImageStatus(
                        phase, null, false, null, null, null, null, null, null, null, null, List.of(ready), List.of()));
    }

    private static byte[] bytes(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }
}
