package io.virtualimage.fetcher.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.access.AccessTokens.Door;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.staging.InMemoryStagingStore;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.web.WebAnswer;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.Event.TaskHeartbeat;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.ObjectKind;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.Validator;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class VolumeEndpointTest {
    private static final Incarnation IMAGE = new Incarnation("ns", "vi", "uid-1", 2, 0);
    private static final AccessTokens TOKENS = new AccessTokens("0123456789".repeat(4));

    private static final VolumeLimits LIMITS = new VolumeLimits(4, 1 << 20);

    private final InMemoryStagingStore staging = new InMemoryStagingStore();
    private final List<Event> events = new ArrayList<>();
    private final VolumeRequests requests = new VolumeRequests();
    private final FakeBook book = new FakeBook();
    private boolean stale;
    private final VolumeEndpoint endpoint = new VolumeEndpoint(
            TOKENS, requests, new FakeLedger(), book, staging, new FakeAnnouncer(), LIMITS, "fetcher-1");

    @BeforeEach
    void want() {
        request(IMAGE, new DataSource.Volume(ObjectKind.VIRTUAL_DISK, "d", "claim", null));
    }

    private void request(Incarnation image, DataSource source) {
        requests.apply(
                image.uid(),
                new Recorded(
                        new Event.ImageRequested(image, source, Storage.CONTAINER_REGISTRY, null, null, null),
                        Topic.REQUESTS,
                        new Position(1, 7),
                        Instant.EPOCH));
    }

    private final class FakeLedger implements Ledger {
        @Override
        public Verdict judge(Incarnation image, Position cause) {
            return judgeNow(image);
        }

        @Override
        public Verdict judgeNow(Incarnation image) {
            return stale ? Verdict.STALE : Verdict.WANTED;
        }

        @Override
        public Optional<Incarnation> wanted(String uid) {
            return Optional.empty();
        }
    }

    private final class FakeBook implements SourceBook {
        private SourceFacts recalled = SourceFacts.NONE;
        private int reads;
        private boolean away;

        @Override
        public SourceFacts read(WantedVolume volume) throws UnknownException {
            if (away) {
                throw new UnknownException("broker-0.internal:9092 does not answer", null);
            }
            reads++;
            recalled = SourceFacts.NONE;
            for (Event event : events) {
                if (event instanceof Event.Fetched fetched && event.image().equals(volume.image())) {
                    recalled = recalled.merge(fetched, Instant.EPOCH);
                }
            }
            return recalled;
        }

        @Override
        public SourceFacts recall(WantedVolume volume) throws UnknownException {
            return recalled.opened() == null ? read(volume) : recalled;
        }

        @Override
        public void note(Event.Fetched said) {
            recalled = recalled.merge(said, Instant.EPOCH);
        }
    }

    private final class FakeAnnouncer implements Announcer {
        @Override
        public void announce(Event event) {
            events.add(event);
        }

        @Override
        public void bury(String key, DeadLetter letter) {
            throw new AssertionError();
        }
    }

    private static String path(Incarnation image, int epoch, String wish) {
        return VolumeAddress.of(image, epoch, "claim-uid", TOKENS.token(Door.READ_VOLUME, image))
                        .url(URI.create("http://x"))
                        .substring("http://x".length())
                + "/" + wish;
    }

    private WebAnswer ask(String method, String wish, String body) throws Exception {
        return ask(method, IMAGE, 0, wish, body);
    }

    private WebAnswer ask(String method, Incarnation image, int epoch, String wish, String body) throws Exception {
        return endpoint.serve(new FakeRequest(method, path(image, epoch, wish), body));
    }

    @Test
    void takesAVolumeInFromItsLengthToItsLastSegment() throws Exception {
        assertThat(ask("POST", "open/10", "").text()).isEqualTo("4\n");
        assertThat(ask("GET", "missing", "").text()).isEqualTo("0-2\n");
        assertThat(ask("PUT", "segments/0", "abcd").status()).isEqualTo(204);
        assertThat(ask("PUT", "zeros/1", "").status()).isEqualTo(204);
        assertThat(ask("GET", "missing", "").text()).isEqualTo("2\n");
        assertThat(ask("PUT", "segments/2", "ij").status()).isEqualTo(204);
        assertThat(ask("GET", "missing", "").text()).isEqualTo("\n");
        assertThat(ask("POST", "heartbeat/10", "").status()).isEqualTo(204);

        assertThat(events)
                .first()
                .isEqualTo(new SourceOpened(
                        IMAGE, 0, 10L, 4, new Validator(Validator.Kind.CLAIM, "claim-uid"), true, "disk.img", null));
        assertThat(events).last().isInstanceOfSatisfying(TaskHeartbeat.class, beat -> {
            assertThat(beat.task().value()).isEqualTo("ReadVolume/0");
            assertThat(beat.doneBytes()).isEqualTo(10);
        });
        assertThat(staging.read(SegmentKey.source(IMAGE, 0, 0), null))
                .asString(StandardCharsets.ISO_8859_1)
                .isEqualTo("abcd");
        assertThat(staging.facts(SegmentKey.source(IMAGE, 0, 1))).isEmpty();
    }

    @Test
    void aWordOfZerosSaysTheSameAsZeros() throws Exception {
        ask("POST", "open/10", "");
        ask("PUT", "zeros/1", "");
        ask("PUT", "segments/1", "\0\0\0\0");

        List<Event> said =
                events.stream().filter(SegmentFetched.class::isInstance).toList();
        assertThat(said).hasSize(2);
        assertThat(said.get(0)).isEqualTo(said.get(1)).isInstanceOfSatisfying(SegmentFetched.class, zeros -> {
            assertThat(zeros.allZero()).isTrue();
            assertThat(zeros.zeroBlocks()).isEqualTo(SegmentSet.of(0));
            assertThat(zeros.crc32c()).isEqualTo(0x48674BC7L);
        });
    }

    @Test
    void everyRequestMayComeTwice() throws Exception {
        ask("POST", "open/10", "");
        ask("POST", "open/10", "");
        assertThat(events).hasSize(1);
        ask("PUT", "segments/0", "abcd");
        assertThat(ask("PUT", "segments/0", "abcd").status()).isEqualTo(204);
        assertThat(ask("GET", "missing", "").text()).isEqualTo("1-2\n");
    }

    @Test
    void aVolumeOfAnotherLengthIsAnotherSource() throws Exception {
        ask("POST", "open/10", "");

        assertThat(ask("POST", "open/11", "").status()).isEqualTo(410);

        assertThat(ask("PUT", "segments/0", "abcd").status()).isEqualTo(410);
        assertThat(ask("POST", IMAGE, 1, "open/11", "").text()).isEqualTo("4\n");
        assertThat(ask("GET", IMAGE, 1, "missing", "").text()).isEqualTo("0-2\n");
    }

    @Test
    void anEmptyVolumeEndsTheImage() throws Exception {
        WebAnswer answer = ask("POST", "open/0", "");

        assertThat(answer.status()).isEqualTo(422);
        assertThat(events)
                .singleElement()
                .isInstanceOfSatisfying(
                        StageFailed.class, failed -> assertThat(failed.reason()).isEqualTo(FailureReason.SOURCE_EMPTY));
    }

    @Test
    void aVolumeThatIsTooLargeEndsTheImageAndNothingIsCountedOfIt() throws Exception {
        assertThat(ask("POST", "open/1048577", "").text())
                .isEqualTo("no image can be made of a volume of 1048577 bytes\n");
        assertThat(events).singleElement().isInstanceOfSatisfying(StageFailed.class, failed -> {
            assertThat(failed.reason()).isEqualTo(FailureReason.OVER_LIMIT);
            assertThat(failed.message()).isEqualTo("the volume holds 1048577 bytes, and 1048576 are the most");
        });
        assertThat(ask("GET", "missing", "").status()).isEqualTo(409);
        assertThat(ask("POST", "open/1048576", "").status()).isEqualTo(200);
    }

    @Test
    void aVolumeThatOutgrewTheLimitMeanwhileIsRefused() throws Exception {
        ask("POST", "open/10", "");

        assertThat(ask("POST", "open/1048577", "").status()).isEqualTo(422);
        assertThat(events).last().isInstanceOf(StageFailed.class);
    }

    @Test
    void whoScattersSegmentsHasToSendTheFirstOnesFirst() throws Exception {
        ask("POST", "open/1000000", "");
        int index = 1;
        for (int ranges = 0; ranges < VolumeIntake.MOST_RANGES; ranges++) {
            assertThat(ask("PUT", "zeros/" + index, "").status()).isEqualTo(204);
            index += 2;
        }
        assertThat(ask("PUT", "zeros/" + index, "").status()).isEqualTo(503);
        assertThat(ask("PUT", "segments/" + index, "abcd").status()).isEqualTo(503);

        assertThat(ask("PUT", "zeros/2", "").status()).isEqualTo(204); // one range less
        assertThat(ask("PUT", "zeros/" + index, "").status()).isEqualTo(204);
        assertThat(ask("PUT", "zeros/" + (index + 1), "").status()).isEqualTo(204); // not one more
    }

    @Test
    void whoReadsInOrderAmongManyReplicasIsNotTakenForThat() throws Exception {
        ask("POST", "open/1000000", "");
        int reads = book.reads;
        for (int index = 0; index < 3 * VolumeIntake.MOST_RANGES + 3; index += 3) {
            assertThat(ask("PUT", "zeros/" + index, "").status()).isEqualTo(204);
            for (int other = index + 1; other < index + 3; other++) {
                events.add(new SegmentFetched(IMAGE, 0, null, other, 4, 0, SegmentSet.of(0), true, 1000000L, "f-2"));
            }
        }
        assertThat(book.reads).isEqualTo(reads + 1);
    }

    @Test
    void whatTroublesUsStaysAmongUs() throws Exception {
        book.away = true;
        WebAnswer answer = ask("POST", "open/10", "");
        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.text()).isEqualTo("it can't be done at the moment: come again\n");
    }

    @Test
    void nothingIsHereForAnybodyWithoutTheToken() throws Exception {
        String good = path(IMAGE, 0, "missing");
        Incarnation newer = new Incarnation("ns", "vi", "uid-1", 3, 0);
        for (String bad : List.of(
                "/volumes/",
                "/volumes/uid-1/2.0.0/claim-uid/" + "x".repeat(32) + "/missing",
                good.replace("uid-1/", "uid-2/"),
                good.replace("/2.0.0/", "/2.1.0/"),
                good.replace("/2.0.0/", "/0.0.0/"),
                "/volumes/uid-1/2.0.0/claim-uid/" + TOKENS.token(Door.FILL_VOLUME, IMAGE) + "/missing",
                "/volumes/uid-1/2.0.0/claim-uid/" + TOKENS.token(Door.READ_VOLUME, newer) + "/missing")) {
            assertThat(endpoint.serve(new FakeRequest("GET", bad, "")).status())
                    .as(bad)
                    .isEqualTo(404);
        }
        assertThat(endpoint.serve(new FakeRequest("GET", good, "")).status()).isEqualTo(409);
    }

    @Test
    void whatIsNotWantedAnyMoreIsGone() throws Exception {
        ask("POST", "open/10", "");
        Incarnation newer = new Incarnation("ns", "vi", "uid-1", 3, 0);
        assertThat(ask("POST", newer, 0, "open/10", "").status()).isEqualTo(503);

        request(newer, new DataSource.Volume(ObjectKind.VIRTUAL_DISK, "d", "claim", null));
        assertThat(ask("PUT", "segments/0", "abcd").status()).isEqualTo(410);
        assertThat(ask("POST", newer, 0, "open/10", "").status()).isEqualTo(200);

        request(new Incarnation("ns", "vi", "uid-1", 4, 0), new DataSource.Upload(Checksums.NONE));
        assertThat(ask("POST", newer, 0, "open/10", "").status()).isEqualTo(404);
    }

    @Test
    void aSegmentThatCameTooLateIsSweptAgain() throws Exception {
        ask("POST", "open/10", "");
        stale = true;

        assertThat(ask("PUT", "segments/0", "abcd").status()).isEqualTo(410);

        assertThat(staging.facts(SegmentKey.source(IMAGE, 0, 0))).isEmpty();
    }

    @Test
    void whatMakesNoSenseIsRefusedInWords() throws Exception {
        assertThat(ask("PUT", "segments/0", "abcd").status()).isEqualTo(409);
        ask("POST", "open/10", "");
        assertThat(ask("PUT", "segments/3", "abcd").text()).isEqualTo("there is no segment 3: there are 3\n");
        assertThat(ask("PUT", "segments/2", "abcd").text())
                .isEqualTo("segment 2 has 2 bytes, and not as many as were sent\n");
        assertThat(ask("DELETE", "segments/2", "").status()).isEqualTo(400);
        assertThat(ask("PUT", "segments/-1", "").status()).isEqualTo(400);
        assertThat(ask("POST", "open/x", "").status()).isEqualTo(400);
    }
}
