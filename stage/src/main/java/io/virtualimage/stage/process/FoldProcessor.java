package io.virtualimage.stage.process;

import io.virtualimage.stage.fold.Fold;
import io.virtualimage.stage.fold.Plan;
import io.virtualimage.stage.fold.PlanContext;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.UndecodableEventException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.state.KeyValueStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JacksonException;

/**
 * Feeds a fold with the records of one partition of all its topics. The store holds the states as JSON; beside it are
 * the same states parsed, so that a look at all of them, twice a second, costs no parsing.
 *
 * <p>What the fold emits is handed to the producer before the state is: a crash in between repeats work, the other way
 * round it would be remembered as given out, and never was.
 */
final class FoldProcessor<S> implements Processor<String, byte[], String, Outgoing> {
    static final String STORE = "state";
    private static final Logger LOG = LoggerFactory.getLogger(FoldProcessor.class);

    private final Fold<S> fold;
    private final Map<String, Topic> topics;
    private final EventRecords records;
    private final StageMeters meters;
    private final Clock clock;
    private final Duration tick;
    private final FoldStates<S> hosted;

    private Map<String, S> states = new HashMap<>();
    private final Set<String> active = new HashSet<>();

    /** Images that the fold broke on and the log has spoken of. */
    private final Set<String> broken = new HashSet<>();

    private @Nullable ProcessorContext<String, Outgoing> context;
    private @Nullable OwnedStates owned;

    /** When this was last seen to be running, by the clock that never jumps. */
    private long lastLook;

    /**
     * @param topics the fold's inputs, by name
     * @param tick how often every state is looked at
     * @param hosted gets to know the states, for as long as this goes on
     */
    FoldProcessor(
            Fold<S> fold,
            Map<String, Topic> topics,
            EventRecords records,
            StageMeters meters,
            Clock clock,
            Duration tick,
            FoldStates<S> hosted) {
        this.fold = fold;
        this.topics = topics;
        this.records = records;
        this.meters = meters;
        this.clock = clock;
        this.tick = tick;
        this.hosted = hosted;
    }

    @Override
    public void init(ProcessorContext<String, Outgoing> context) {
        this.context = context;
        this.lastLook = System.nanoTime();
        this.states = hosted.open();
        KeyValueStore<String, byte[]> store = context.getStateStore(STORE);
        this.owned = new OwnedStates(store, clock.instant());
        owned.forEachInherited(this::restore);
        context.schedule(tick, PunctuationType.WALL_CLOCK_TIME, time -> planAll());
    }

    private void restore(String key, byte[] json) {
        try {
            remember(key, fold.takenOver(EventCodec.mapper().readValue(json, fold.stateType()), clock.instant()));
        } catch (JacksonException | IllegalArgumentException e) {
            // Begins anew with the next event; the changelog keeps the old one until then.
            bury(
                    key,
                    new DeadLetter(
                            STORE + " of " + fold.name(),
                            new Position(context().taskId().partition(), 0),
                            "the state can't be read: " + e.getMessage(),
                            new String(json, StandardCharsets.UTF_8)));
        }
    }

    /**
     * Who stood still for longer than a session lasts has lost the partition, and goes on with what it had read all the
     * same until it polls: from old facts, it would give out work that is done and say what is no longer so.
     *
     * @throws IllegalStateException to have the thread replaced, and all that is in memory dropped
     */
    private void refuseAfterPause() {
        long now = System.nanoTime();
        Duration pause = Duration.ofNanos(now - lastLook);
        if (pause.toMillis() >= KafkaClients.SESSION_TIMEOUT_MS) {
            throw new IllegalStateException(
                    "stood still for %d ms: the partition may be somebody else's".formatted(pause.toMillis()));
        }
        lastLook = now;
    }

    @Override
    public void process(Record<String, byte[]> record) {
        refuseAfterPause();
        RecordMetadata at = context().recordMetadata().orElseThrow();
        Topic topic = topics.get(at.topic());
        if (topic == null) {
            return;
        }
        String key = record.key();
        if (record.value() == null) {
            if (topic == Topic.REQUESTS && key != null) {
                dismiss(key);
            }
            return;
        }
        // Only what the record itself may be to blame for: what Kafka Streams throws has to reach it.
        String uid;
        @Nullable S before;
        S merged;
        try {
            Optional<EventCodec.Decoded> decoded = EventCodec.decode(record.value());
            if (decoded.isEmpty()) {
                return; // of a later version
            }
            Event event = decoded.get().event();
            uid = event.image().uid();
            if (!uid.equals(key)) {
                throw new UndecodableEventException("an event of image " + uid + " under the key " + key);
            }
            Position position = new Position(at.partition(), at.offset());
            before = states.get(uid);
            merged = fold.merge(
                    before, new Recorded(event, topic, position, decoded.get().time()));
        } catch (UndecodableEventException e) {
            bury(key == null ? "" : key, letter(at, record, String.valueOf(e.getMessage())));
            return;
        } catch (RuntimeException e) {
            LOG.atError().addKeyValue("fold", fold.name()).setCause(e).log("the fold broke on an event");
            bury(key == null ? "" : key, letter(at, record, "the fold " + fold.name() + " broke on it: " + e));
            return;
        }
        plan(uid, before, merged);
    }

    private static DeadLetter letter(RecordMetadata at, Record<String, byte[]> record, String message) {
        return new DeadLetter(
                at.topic(),
                new Position(at.partition(), at.offset()),
                message,
                new String(record.value(), StandardCharsets.UTF_8));
    }

    /** Plans from a state that may be newer than the stored one. */
    private void plan(String key, @Nullable S stored, S merged) {
        S after = merged;
        List<Event> emit = List.of();
        try {
            Plan<S> plan = fold.plan(merged, new PlanContext(clock.instant(), activeImagesWith(key)));
            after = plan.state();
            emit = plan.emit();
            broken.remove(key);
        } catch (RuntimeException e) {
            if (broken.add(key)) {
                LOG.atError()
                        .addKeyValue("fold", fold.name())
                        .addKeyValue("uid", key)
                        .setCause(e)
                        .log("the fold broke on a plan");
            }
        }
        for (Event event : emit) {
            forward(event.image().uid(), new Outgoing(Topic.of(event), records.value(event)), records.headers(event));
            meters.announced(event);
        }
        if (!after.equals(stored)) {
            owned().put(key, EventCodec.mapper().writeValueAsBytes(after));
            remember(key, after);
        }
    }

    private int activeImagesWith(String key) {
        return active.size() + (active.contains(key) ? 0 : 1);
    }

    private void planAll() {
        refuseAfterPause();
        Instant now = clock.instant();
        for (String key : List.copyOf(states.keySet())) {
            S state = states.get(key);
            if (state == null) {
                continue;
            }
            if (fold.forgettable(state, now)) {
                forget(key);
            } else {
                plan(key, state, state);
            }
        }
    }

    /** The image is gone for good. */
    private void dismiss(String key) {
        forget(key);
        for (Topic topic : fold.owned()) {
            forward(key, new Outgoing(topic, null), new RecordHeaders());
        }
    }

    private void remember(String key, S state) {
        states.put(key, state);
        if (fold.active(state)) {
            active.add(key);
        } else {
            active.remove(key);
        }
    }

    private void forget(String key) {
        owned().delete(key);
        states.remove(key);
        active.remove(key);
        broken.remove(key);
    }

    private void bury(String key, DeadLetter letter) {
        forward(key, new Outgoing(Topic.DEAD_LETTERS, records.value(letter)), new RecordHeaders());
        meters.buried(letter);
    }

    private void forward(String key, Outgoing outgoing, Headers headers) {
        context().forward(new Record<>(key, outgoing, clock.millis(), headers));
    }

    private ProcessorContext<String, Outgoing> context() {
        if (context == null) {
            throw new IllegalStateException("not initialized");
        }
        return context;
    }

    private OwnedStates owned() {
        if (owned == null) {
            throw new IllegalStateException("not initialized");
        }
        return owned;
    }

    @Override
    public void close() {
        hosted.close(states);
        states.clear();
        active.clear();
        broken.clear();
    }
}
