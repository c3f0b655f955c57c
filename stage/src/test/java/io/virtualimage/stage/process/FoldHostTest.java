package io.virtualimage.stage.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Topic;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.TestOutputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FoldHostTest {
    private static final Instant START = Instant.parse("2026-11-23T09:00:00Z");
    private static final Duration TICK = Duration.ofMillis(500);

    private final Incarnation image = new Incarnation("default", "ubuntu", "uid-1", 1, 0);
    private final EventCodec codec = new EventCodec("/test/1");
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final FoldStates<TallyFold.Tally> states = new FoldStates<>();
    private Instant now = START;
    private final Clock clock = new SettableClock();
    private final TopologyTestDriver driver = driver();

    private final class SettableClock extends Clock {
        @Override
        public Instant instant() {
            return now;
        }

        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }
    }

    private TopologyTestDriver driver() {
        TallyFold fold = new TallyFold("tally");
        Properties config = FoldHost.config(fold, new KafkaClients("nowhere:1", "test"));
        return new TopologyTestDriver(
                FoldHost.topology(
                        fold, new EventRecords("/tally/test", clock), new StageMeters(registry), clock, TICK, states),
                config,
                START);
    }

    @AfterEach
    void close() {
        driver.close();
    }

    @Test
    void emitsUnderTheImagesKeyWithItsTrace() throws Exception {
        send(Topic.FETCHED, "uid-1", codec.encode(segment(image, 3), START));

        List<TestRecord<String, byte[]>> said = read(Topic.PROGRESS);
        assertThat(said).hasSize(1);
        assertThat(said.getFirst().key()).isEqualTo("uid-1");
        assertThat(new String(
                        said.getFirst().headers().lastHeader("traceparent").value(), StandardCharsets.US_ASCII))
                .matches("00-[0-9a-f]{32}-[0-9a-f]{16}-01");
        assertThat(EventCodec.decode(said.getFirst().value()).orElseThrow().event())
                .isInstanceOfSatisfying(Event.TaskHeartbeat.class, beat -> {
                    assertThat(beat.image()).isEqualTo(image);
                    assertThat(beat.doneBytes()).as("active images").isEqualTo(1);
                });
        assertThat(counter("virtualimage.events.announced", "type", "TaskHeartbeat"))
                .isOne();
    }

    @Test
    void keepsTheStateAsJsonAndSaysNothingTwice() {
        send(Topic.FETCHED, "uid-1", codec.encode(segment(image, 3), START));
        read(Topic.PROGRESS);
        send(Topic.FETCHED, "uid-1", codec.encode(segment(image, 3), START));

        assertThat(read(Topic.PROGRESS)).isEmpty();
        assertThat(EventCodec.mapper()
                        .readValue(stored("uid-1"), TallyFold.Tally.class)
                        .said())
                .containsExactly(3);
    }

    @Test
    void countsTheImagesThatAreActive() throws Exception {
        Incarnation other = new Incarnation("default", "debian", "uid-2", 1, 0);
        send(Topic.FETCHED, "uid-1", codec.encode(segment(image, 1), START));
        send(Topic.FETCHED, "uid-2", codec.encode(segment(other, 1), START));

        List<TestRecord<String, byte[]>> said = read(Topic.PROGRESS);
        assertThat(EventCodec.decode(said.getLast().value()).orElseThrow().event())
                .isInstanceOfSatisfying(
                        Event.TaskHeartbeat.class,
                        beat -> assertThat(beat.doneBytes()).isEqualTo(2));
    }

    @Test
    void looksAtEveryStateByTheClock() throws Exception {
        send(Topic.FETCHED, "uid-1", codec.encode(segment(image, 1), START));
        read(Topic.PROGRESS);

        pass(TallyFold.PATIENCE.minusSeconds(1));
        assertThat(read(Topic.PROGRESS)).isEmpty();
        pass(Duration.ofSeconds(2));
        assertThat(read(Topic.PROGRESS))
                .singleElement()
                .satisfies(record -> assertThat(
                                EventCodec.decode(record.value()).orElseThrow().event())
                        .isInstanceOf(Event.StageFailed.class));
        pass(Duration.ofSeconds(10));
        assertThat(read(Topic.PROGRESS)).isEmpty();
    }

    @Test
    void forgetsWhatTheFoldNeedsNoLonger() {
        send(Topic.FETCHED, "uid-1", codec.encode(segment(image, 1), START));
        pass(Duration.ofHours(2));

        assertThat(stored("uid-1")).isNull();
        assertThat(read(Topic.STATUS)).isEmpty();
    }

    @Test
    void aTombstoneOnRequestsRemovesTheStateAndWhatTheFoldOwns() {
        send(Topic.FETCHED, "uid-1", codec.encode(segment(image, 1), START));
        send(Topic.FETCHED, "uid-1", null);
        assertThat(stored("uid-1")).isNotNull();

        send(Topic.REQUESTS, "uid-1", null);
        assertThat(stored("uid-1")).isNull();
        assertThat(read(Topic.STATUS)).singleElement().satisfies(record -> {
            assertThat(record.key()).isEqualTo("uid-1");
            assertThat(record.value()).isNull();
        });
    }

    @Test
    void buriesWhatItCannotReadAndGoesOn() throws Exception {
        send(Topic.FETCHED, "uid-1", "hello".getBytes(StandardCharsets.UTF_8));
        send(Topic.FETCHED, "uid-9", codec.encode(segment(image, 1), START));
        send(Topic.REQUESTS, "uid-1", codec.encode(new Event.ImageWithdrawn(image), START));
        send(Topic.FETCHED, "uid-1", codec.encode(segment(image, 1), START));

        List<TestRecord<String, byte[]>> letters = read(Topic.DEAD_LETTERS);
        assertThat(letters).extracting(TestRecord::key).containsExactly("uid-1", "uid-9", "uid-1");
        assertThat(new String(letters.getFirst().value(), StandardCharsets.UTF_8))
                .contains("io.virtualimage.DeadLetter", "virtualimage.fetched", "hello", "\"offset\":0");
        assertThat(new String(letters.getLast().value(), StandardCharsets.UTF_8))
                .contains("virtualimage.requests", "this fold can't take it");
        assertThat(counter("virtualimage.dead.letters", "topic", "virtualimage.fetched"))
                .isEqualTo(2);
        assertThat(read(Topic.PROGRESS)).hasSize(1);
    }

    @Test
    void ignoresEventsOfLaterVersions() {
        String text = new String(codec.encode(segment(image, 1), START), StandardCharsets.UTF_8);
        send(
                Topic.FETCHED,
                "uid-1",
                text.replace("SegmentFetched", "SegmentPainted").getBytes(StandardCharsets.UTF_8));

        assertThat(stored("uid-1")).isNull();
        assertThat(read(Topic.DEAD_LETTERS)).isEmpty();
    }

    @Test
    void aPlanThatBreaksKeepsTheFactsAndTheOthersGoing() {
        Incarnation bad = new Incarnation("default", "bad", "uid-2", 1, 0);
        send(Topic.FETCHED, "uid-2", codec.encode(segment(bad, 7), START));
        pass(Duration.ofSeconds(2));
        send(Topic.FETCHED, "uid-1", codec.encode(segment(image, 1), START));

        assertThat(read(Topic.PROGRESS)).hasSize(1);
        assertThat(EventCodec.mapper()
                        .readValue(stored("uid-2"), TallyFold.Tally.class)
                        .heard())
                .containsExactly(7);
    }

    @Test
    void restoresItsStatesAndBuriesTheOnesThatItCannotRead() {
        TallyFold fold = new TallyFold("tally");
        TallyFold.Tally tally = new TallyFold.Tally(image, Set.of(1), Set.of(), START, false);
        MockProcessorContext<String, Outgoing> context = new MockProcessorContext<>();
        KeyValueStore<String, byte[]> restored = Stores.keyValueStoreBuilder(
                        Stores.inMemoryKeyValueStore(FoldProcessor.STORE), Serdes.String(), Serdes.ByteArray())
                .withLoggingDisabled()
                .build();
        restored.init(context.getStateStoreContext(), restored);
        context.addStateStore(restored);
        restored.put("uid-1/2", EventCodec.mapper().writeValueAsBytes(tally));
        restored.put("uid-2/1", "{\"image\":17}".getBytes(StandardCharsets.UTF_8));
        FoldStates<TallyFold.Tally> hosted = new FoldStates<>();
        FoldProcessor<TallyFold.Tally> processor = new FoldProcessor<>(
                fold, Map.of(), new EventRecords("/tally/test", clock), new StageMeters(registry), clock, TICK, hosted);

        processor.init(context);
        assertThat(hosted.copy()).containsOnly(Map.entry("uid-1", tally));
        assertThat(context.forwarded()).singleElement().satisfies(forward -> {
            assertThat(forward.record().key()).isEqualTo("uid-2");
            assertThat(forward.record().value().topic()).isEqualTo(Topic.DEAD_LETTERS);
        });
        context.resetForwards();
        context.scheduledPunctuators().getFirst().getPunctuator().punctuate(0);
        assertThat(context.forwarded())
                .singleElement()
                .satisfies(forward -> assertThat(forward.record().key()).isEqualTo("uid-1"));
        processor.close();
        assertThat(hosted.copy()).isEmpty();
    }

    @Test
    void showsEachImageOnceWhileItsPartitionMoves() {
        FoldStates<String> hosted = new FoldStates<>();
        Map<String, String> leaving = hosted.open();
        Map<String, String> coming = hosted.open();
        leaving.put("uid-1", "a");
        coming.put("uid-1", "a");
        coming.put("uid-2", "b");
        assertThat(hosted.copy()).isEqualTo(Map.of("uid-1", "a", "uid-2", "b"));
        hosted.close(leaving);
        assertThat(hosted.copy()).isEqualTo(Map.of("uid-1", "a", "uid-2", "b"));
        hosted.close(coming);
        assertThat(hosted.copy()).isEmpty();
    }

    @Test
    void showsItsStatesUntilTheyAreForgotten() throws Exception {
        send(Topic.FETCHED, "uid-1", codec.encode(segment(image, 3), START));
        assertThat(states.copy().get("uid-1").heard()).containsExactly(3);
        send(Topic.FETCHED, "uid-1", codec.encode(segment(image, 4), START));
        assertThat(states.copy().get("uid-1").said()).containsExactlyInAnyOrder(3, 4);
        send(Topic.REQUESTS, "uid-1", null);
        assertThat(states.copy()).isEmpty();
        send(Topic.FETCHED, "uid-1", codec.encode(segment(image, 5), START));
        assertThat(states.copy()).containsOnlyKeys("uid-1");
    }

    private byte @Nullable [] stored(String uid) {
        KeyValueStore<String, byte[]> store = driver.getKeyValueStore(FoldProcessor.STORE);
        return store.get(OwnedStates.keyOf(uid, START.toEpochMilli()));
    }

    private static Event segment(Incarnation image, int index) {
        return new Event.SegmentFetched(image, 0, null, index, 5, 0, SegmentSet.EMPTY, false, null, "w");
    }

    private void pass(Duration time) {
        for (Duration left = time; left.isPositive(); left = left.minus(TICK)) {
            now = now.plus(TICK);
            driver.advanceWallClockTime(TICK);
        }
    }

    private void send(Topic topic, String key, byte[] value) {
        driver.createInputTopic(topic.topicName(), new StringSerializer(), new ByteArraySerializer())
                .pipeInput(key, value);
    }

    private List<TestRecord<String, byte[]>> read(Topic topic) {
        TestOutputTopic<String, byte[]> output =
                driver.createOutputTopic(topic.topicName(), new StringDeserializer(), new ByteArrayDeserializer());
        return output.readRecordsToList();
    }

    private double counter(String name, String tag, String value) {
        return registry.get(name).tag(tag, value).counter().count();
    }
}
