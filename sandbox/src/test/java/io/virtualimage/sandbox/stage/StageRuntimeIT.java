package io.virtualimage.sandbox.stage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.virtualimage.stage.process.Share;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.stage.process.TallyFold;
import io.virtualimage.stage.process.View;
import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.stage.work.Ledger.Verdict;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Topic;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.kafka.clients.admin.RecordsToDelete;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

class StageRuntimeIT {
    private static final Logger LOG = LoggerFactory.getLogger(StageRuntimeIT.class);
    private static final Duration SOON = Duration.ofSeconds(30);

    @TempDir
    private static Path directory;

    private static PipelineKafka kafka;

    private final Incarnation image =
            new Incarnation("default", "ubuntu", UUID.randomUUID().toString(), 1, 0);

    @BeforeAll
    static void start() throws Exception {
        kafka = PipelineKafka.bare(directory);
        assertThatThrownBy(() -> kafka.open("too-early"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("there is no topic virtualimage.convert-streams, virtualimage.convert-tasks, ")
                .hasMessageContaining("share.auto.offset.reset");
        kafka.createTopics(EnumSet.complementOf(EnumSet.of(Topic.STATUS)));
        kafka.configureGroups();
        assertThatThrownBy(() -> kafka.open("too-early"))
                .hasMessage("Kafka is not ready for the pipeline: there is no topic virtualimage.status");
        kafka.createTopics(Set.of(Topic.STATUS));
    }

    @AfterAll
    static void stop() {
        kafka.close();
    }

    @Test
    void aFoldGoesOnAfterARestartWhereItWas() throws Exception {
        TallyFold fold = new TallyFold("tally-restart");
        long begun = System.nanoTime();
        try (StageRuntime runtime = kafka.open("first")) {
            runtime.host(fold);
            await().atMost(SOON).until(() -> runtime.lacking().isEmpty());
            note("fold running after ms", begun);
            kafka.say(segment(1));
            kafka.say(segment(2));
            awaitBeats(2);
            begun = System.nanoTime();
        }
        note("runtime closed after ms", begun);
        begun = System.nanoTime();
        try (StageRuntime runtime = kafka.open("second")) {
            runtime.host(fold);
            kafka.say(segment(2));
            kafka.say(segment(3));
            awaitBeats(3);
            note("restarted fold answered after ms", begun);
            assertThat(beats()).containsExactly("Tally/0/1", "Tally/0/2", "Tally/0/3");
        }
    }

    @Test
    void aFoldIsTakenOverByAnotherReplica() throws Exception {
        TallyFold fold = new TallyFold("tally-taken");
        try (StageRuntime second = kafka.open("second")) {
            try (StageRuntime first = kafka.open("first")) {
                first.host(fold);
                await().atMost(SOON).until(() -> first.lacking().isEmpty());
                kafka.say(segment(1));
                awaitBeats(1);
                second.host(fold);
                await().atMost(SOON)
                        .until(() ->
                                second.lacking().isEmpty() && first.lacking().isEmpty());
            }
            long begun = System.nanoTime();
            kafka.say(segment(1));
            kafka.say(segment(2));
            awaitBeats(2);
            note("taken over after an orderly close, ms", begun);
            assertThat(beats()).containsExactly("Tally/0/1", "Tally/0/2");
        }
    }

    @Test
    void theLedgerJudgesWhatItHasReadPast() throws Exception {
        Position first = kafka.say(requested(image));
        try (StageRuntime runtime = kafka.open("ledger")) {
            assertThat(runtime.ledger().judge(image, first)).isEqualTo(Verdict.WANTED);
            await().atMost(SOON).until(() -> runtime.lacking().isEmpty());
            assertThat(runtime.ledger().wanted(image.uid())).contains(image);
            assertThat(runtime.ledger().wanted("somebody else")).isEmpty();

            Incarnation next = new Incarnation("default", "ubuntu", image.uid(), 2, 0);
            Position second = kafka.say(requested(next));
            assertThat(runtime.ledger().judge(next, second)).isEqualTo(Verdict.WANTED);
            assertThat(runtime.ledger().judgeNow(image)).isEqualTo(Verdict.STALE);

            Position third = kafka.say(new Event.ImageWithdrawn(next));
            assertThat(runtime.ledger().judge(next, third)).isEqualTo(Verdict.STALE);
            assertThat(runtime.ledger().wanted(image.uid())).isEmpty();
            kafka.send(Topic.REQUESTS, image.uid(), null);
        }
    }

    @Test
    void aFeedFollowsOneImageFromAPlace() throws Exception {
        Incarnation other =
                new Incarnation("default", "other", UUID.randomUUID().toString(), 1, 0);
        kafka.say(segment(0));
        Position from = kafka.say(segment(1));
        kafka.say(new Event.SegmentFetched(other, 0, null, 9, 5, 0, SegmentSet.EMPTY, false, null, "w"));
        try (StageRuntime runtime = kafka.open("feed");
                SegmentFeed feed = runtime.feeds().follow(image, from)) {
            assertThat(index(feed)).isEqualTo(1);
            assertThat(feed.next(Duration.ofMillis(300))).isEmpty();
            kafka.say(segment(2));
            long begun = System.nanoTime();
            assertThat(index(feed)).isEqualTo(2);
            note("a feed heard after ms", begun);
        }
    }

    @Test
    void aFeedGoesOnAtWhatIsLeftOfTheTopic() throws Exception {
        Position first = kafka.say(segment(0));
        Position second = kafka.say(segment(1));
        try (var admin = kafka.admin()) {
            TopicPartition partition = new TopicPartition(Topic.FETCHED.topicName(), first.partition());
            admin.deleteRecords(Map.of(partition, RecordsToDelete.beforeOffset(second.offset())))
                    .all()
                    .get();
        }
        try (StageRuntime runtime = kafka.open("feed");
                SegmentFeed feed = runtime.feeds().follow(image, new Position(first.partition(), 0))) {
            assertThat(index(feed)).isEqualTo(1);
        }
    }

    @Test
    void aHistoryBeginsAtItsTimeAndTellsWhenItHasCaughtUp() throws Exception {
        Position first = kafka.say(segment(0));
        kafka.say(segment(1));
        try (StageRuntime runtime = kafka.open("history")) {
            try (SegmentFeed.History feed = runtime.histories().followSince(image, first.partition(), Instant.now())) {
                assertThat(feed.caughtUp()).isFalse();
                assertThat(index(feed)).isZero();
                assertThat(feed.caughtUp()).isFalse();
                assertThat(index(feed)).isEqualTo(1);
                await().atMost(SOON)
                        .until(() -> feed.next(Duration.ofMillis(100)).isEmpty() && feed.caughtUp());
                kafka.say(segment(2));
                assertThat(index(feed)).isEqualTo(2);
            }
            Instant later = Instant.now().plus(Duration.ofHours(1));
            try (SegmentFeed.History feed = runtime.histories().followSince(image, first.partition(), later)) {
                assertThat(feed.caughtUp()).isTrue();
                kafka.say(segment(3));
                assertThat(index(feed)).isEqualTo(3);
            }
        }
    }

    @Test
    void aViewHandsOutAllThereIsAndThenWhatComes() throws Exception {
        kafka.say(requested(image));
        List<ViewRecord> seen = Collections.synchronizedList(new ArrayList<>());
        try (StageRuntime runtime = kafka.open("view")) {
            View view = runtime.view(Set.of(Topic.REQUESTS), record -> {
                if (record.key().equals(image.uid())) {
                    seen.add(record);
                }
            });
            await().atMost(SOON).until(view::caughtUp);
            assertThat(seen).hasSize(1);
            kafka.send(Topic.REQUESTS, image.uid(), null);
            await().atMost(SOON).until(() -> seen.size() == 2);
            assertThat(seen.getFirst().recorded()).isNotNull();
            assertThat(seen.getLast().recorded()).isNull();
        }
    }

    @Test
    void aGroupIsGivenARecordAgainUntilItIsHandled() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        kafka.say(new Event.ImageRemoved(image, null));
        try (StageRuntime runtime = kafka.open("group")) {
            runtime.consume("group-it", Topic.PUBLISHED, record -> {
                if (record.key().equals(image.uid()) && calls.incrementAndGet() < 3) {
                    throw new IllegalStateException("not now");
                }
            });
            await().atMost(SOON).until(() -> calls.get() == 3);
        }
        try (StageRuntime runtime = kafka.open("group")) {
            List<String> keys = Collections.synchronizedList(new ArrayList<>());
            runtime.consume("group-it", Topic.PUBLISHED, record -> keys.add(record.key()));
            Incarnation next =
                    new Incarnation("default", "next", UUID.randomUUID().toString(), 1, 0);
            kafka.say(new Event.ImageRemoved(next, null));
            await().atMost(SOON).until(() -> keys.contains(next.uid()));
            assertThat(keys).doesNotContain(image.uid());
        }
    }

    /** What a replica has of a shared topic, and what it was told last. */
    private static final class Member implements AutoCloseable {
        private final StageRuntime runtime;
        private final Share share;
        private final Map<String, String> told = new ConcurrentHashMap<>();

        Member(String replica) throws Exception {
            runtime = kafka.open(replica);
            share = runtime.share("share-it", Topic.PUBLISHED, (key, last) -> {
                if (last == null) {
                    told.remove(key);
                } else {
                    told.put(key, words(last));
                }
            });
        }

        /** Of some images, the last word on each, if it has them. */
        Map<String, String> has(Set<String> uids) {
            Map<String, String> all = new TreeMap<>();
            uids.forEach(uid -> share.last(uid).ifPresent(last -> all.put(uid, words(last))));
            return all;
        }

        private static String words(Recorded last) {
            return last.event().getClass().getSimpleName() + " "
                    + last.event().image().version();
        }

        @Override
        public void close() {
            runtime.close();
        }
    }

    @Test
    void aTopicIsSharedOutAndTakenOver() throws Exception {
        Map<String, String> all = new TreeMap<>();
        for (int i = 0; i < 20; i++) {
            String uid = UUID.randomUUID().toString();
            all.put(uid, "ImageRemoved 2.0");
            for (long generation = 1; generation <= 2; generation++) {
                kafka.say(new Event.ImageRemoved(new Incarnation("default", "i", uid, generation, 0), null));
            }
        }
        kafka.say(new Event.ImageRemoved(image, null));
        kafka.send(Topic.PUBLISHED, image.uid(), null);
        Set<String> uids = Set.copyOf(all.keySet());
        try (Member first = new Member("first")) {
            await().atMost(SOON).until(() -> first.has(uids).equals(all));
            assertThat(first.told).containsAllEntriesOf(all).doesNotContainKey(image.uid());
            try (Member second = new Member("second")) {
                await().atMost(SOON)
                        .until(() -> !second.has(uids).isEmpty()
                                && first.has(uids).size() + second.has(uids).size() == all.size());
                assertThat(second.has(uids))
                        .doesNotContainKeys(first.has(uids).keySet().toArray(new String[0]));
                String moved = second.has(uids).keySet().iterator().next();
                assertThat(first.told).doesNotContainKey(moved);
                assertThat(second.told).containsKey(moved);

                kafka.say(new Event.ImageRemoved(new Incarnation("default", "i", moved, 3, 0), null));
                all.put(moved, "ImageRemoved 3.0");
                await().atMost(SOON).until(() -> "ImageRemoved 3.0".equals(second.told.get(moved)));
                assertThat(first.has(uids)).doesNotContainKey(moved);
            }
            long begun = System.nanoTime();
            await().atMost(SOON).until(() -> first.has(uids).equals(all));
            note("a share was taken over after ms", begun);
            assertThat(first.told).containsAllEntriesOf(all);
        }
        try (var admin = kafka.admin()) {
            assertThat(admin.listConsumerGroupOffsets("share-it")
                            .partitionsToOffsetAndMetadata()
                            .get())
                    .isEmpty();
        }
    }

    @Test
    void saysWhatItCountsAndWhetherItIsReady() throws Exception {
        try (StageRuntime runtime = kafka.open("ops");
                HttpClient client = HttpClient.newHttpClient()) {
            runtime.announcer().announce(segment(1));
            runtime.addReadiness("the moon", () -> false);
            assertThat(get(client, runtime, "/metrics"))
                    .contains("virtualimage_events_announced_total{")
                    .contains("type=\"SegmentFetched\"")
                    .contains("jvm_memory_used_bytes");
            assertThat(get(client, runtime, "/readyz")).contains("the moon");
            assertThat(get(client, runtime, "/livez")).contains("ok");
            AtomicInteger done = new AtomicInteger();
            runtime.every(Duration.ofMillis(10), "count", () -> {
                done.incrementAndGet();
                throw new IllegalStateException("it fails, and is done again");
            });
            await().atMost(SOON).until(() -> done.get() > 2);
        }
    }

    private static String get(HttpClient client, StageRuntime runtime, String path) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + runtime.opsPort() + path);
        return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                .body();
    }

    private static int index(SegmentFeed feed) throws InterruptedException {
        Event event = feed.next(SOON).orElseThrow().event();
        return ((Event.SegmentFetched) event).index();
    }

    private void awaitBeats(int count) {
        await().atMost(SOON).until(() -> beats().size() >= count);
    }

    private List<String> beats() throws Exception {
        return kafka.events(Topic.PROGRESS, image.uid()).stream()
                .map(event -> ((Event.TaskHeartbeat) event).task().value())
                .toList();
    }

    private Event segment(int index) {
        return new Event.SegmentFetched(image, 0, null, index, 5, 0, SegmentSet.EMPTY, false, null, "w");
    }

    private static Event requested(Incarnation image) {
        return new Event.ImageRequested(
                image,
                new DataSource.Http("http://host/x.img", false, new Checksums(Map.of())),
                Storage.CONTAINER_REGISTRY,
                null,
                null,
                null);
    }

    private static void note(String what, long sinceNanos) {
        LOG.atInfo()
                .addKeyValue("ms", (System.nanoTime() - sinceNanos) / 1_000_000)
                .log(what);
    }
}
