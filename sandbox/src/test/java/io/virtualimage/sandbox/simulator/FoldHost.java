package io.virtualimage.sandbox.simulator;

import io.virtualimage.stage.fold.Fold;
import io.virtualimage.stage.fold.Plan;
import io.virtualimage.stage.fold.PlanContext;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Hosts a fold the way Kafka Streams does at least once: what it emits and its changelog go through a producer, each
 * partition in its order and no two in step, and offsets are committed some time after that. Whoever was expelled while
 * standing still goes on with what it had read already, until it polls again.
 */
final class FoldHost<S> {
    private static final Duration PUNCTUATION = Duration.ofMillis(500);
    private static final Duration COMMIT_INTERVAL = Duration.ofMillis(200);
    private static final int BATCH = 6;

    /** A process may be stopped after it looked, and before what it then does. */
    private static final double MISSED_PAUSES = 0.1;

    /** What is known of a partition in this life. */
    private static final class Part<S> {
        private final SortedMap<String, S> states;
        private final Map<Topic, Long> positions = new EnumMap<>(Topic.class);

        private final long term;

        private Part(SortedMap<String, S> states, long term) {
            this.states = states;
            this.term = term;
        }
    }

    private record Read(Topic topic, int partition, Broker.Entry entry) {}

    private final SimProcess process;
    private final Broker broker;
    private final FoldGroup<S> group;
    private final Dice dice;
    private final Saboteur saboteur;
    private final Observer<S> observer;
    private final Fold<S> fold;
    private final SortedMap<Integer, Part<S>> parts = new TreeMap<>();
    private final SimProducer producer;
    private long punctuated;
    private long lastLook;
    private long committed;
    private boolean uncommitted;

    /** Told of what costs work that was done before. */
    interface Observer<S> {
        /** A state was taken over. */
        void takenOver(S before, S now);

        /** A host that has lost its partition meanwhile sends what it still held. */
        void late(Event event);
    }

    FoldHost(
            SimProcess process, Broker broker, FoldGroup<S> group, Dice dice, Saboteur saboteur, Observer<S> observer) {
        this.process = process;
        this.broker = broker;
        this.group = group;
        this.dice = dice;
        this.saboteur = saboteur;
        this.observer = observer;
        this.fold = group.fold();
        this.producer = new SimProducer(process, dice);
        process.start(fold.name() + "-producer", producer::run);
        process.start(fold.name() + "-fold", this::run);
    }

    SimProcess process() {
        return process;
    }

    /** Leaves the group, as one does who is not heard of any more. */
    void expire() {
        group.membership().expel(this);
    }

    /** How far it has read; 0 if the partition is not its own. */
    long position(Topic topic, int partition) {
        Part<S> part = parts.get(partition);
        return part == null ? 0 : part.positions.getOrDefault(topic, group.committed(topic, partition));
    }

    /** The states that it has in memory. */
    List<S> states() {
        return parts.values().stream()
                .flatMap(part -> part.states.values().stream())
                .toList();
    }

    private void run() {
        group.membership().join(this);
        while (true) {
            Scheduler scheduler = process.scheduler();
            long idle = Math.max(0, punctuated + PUNCTUATION.toMillis() - scheduler.millis());
            scheduler.await(this::hasSomething, Duration.ofMillis(idle));
            if (!group.membership().isMember(this)) {
                process.effect("rejoins", fold.name());
                parts.clear();
                group.membership().join(this);
            }
            lastLook = scheduler.millis();
            handOver();
            try {
                for (Read read : poll()) {
                    process(read);
                }
                if (scheduler.millis() - punctuated >= PUNCTUATION.toMillis()) {
                    punctuated = scheduler.millis();
                    punctuate();
                }
            } catch (StoodStillException e) {
                scheduler.note(process.name() + "/" + fold.name(), "stood still", "");
                parts.clear();
                group.membership().expel(this);
                continue;
            }
            boolean due = scheduler.millis() - committed >= COMMIT_INTERVAL.toMillis();
            if (due && uncommitted && dice.chance(0.5)) {
                commit(List.copyOf(parts.keySet()));
            }
        }
    }

    /** As the real host does, before every record and every look at all; what is in the producer by then is sent. */
    private void refuseAfterPause() throws StoodStillException {
        long now = process.scheduler().millis();
        if (now - lastLook >= Replica.SESSION_TIMEOUT.toMillis()
                && saboteur.refusesAfterPause()
                && !dice.chance(MISSED_PAUSES)) {
            throw new StoodStillException();
        }
        lastLook = now;
    }

    private static final class StoodStillException extends Exception {}

    private boolean hasSomething() {
        if (group.membership().isUnsettled(this)) {
            return true;
        }
        for (int p : parts.keySet()) {
            for (Topic topic : fold.inputs()) {
                if (broker.visible(fold.name(), topic, p, position(topic, p))) {
                    return true;
                }
            }
        }
        return false;
    }

    private void handOver() {
        List<Integer> revoked = parts.keySet().stream()
                .filter(p -> group.membership().isRevoked(this, p))
                .toList();
        if (!revoked.isEmpty() && commit(revoked)) {
            for (int p : revoked) {
                parts.remove(p);
                group.membership().release(this, p);
            }
        }
        for (int p = 0; p < broker.partitions(); p++) {
            if (!parts.containsKey(p) && group.membership().mayTake(this, p)) {
                process.effect("takes partition", p);
                if (group.membership().mayTake(this, p)) {
                    group.membership().take(this, p);
                    SortedMap<String, S> states = group.restore(p);
                    states.replaceAll((key, state) -> takeOver(state));
                    long term = Math.max(
                            group.highestTerm(p) + 1, process.clock().instant().toEpochMilli());
                    parts.put(p, new Part<>(states, saboteur.fencesStates() ? term : 0));
                }
            }
        }
    }

    private S takeOver(S state) {
        S taken = saboteur.doubts() ? fold.takenOver(state, process.clock().instant()) : state;
        observer.takenOver(state, taken);
        return taken;
    }

    /** Some records, of each partition and topic in order, and mixed as chance will have it. */
    private List<Read> poll() {
        List<Deque<Read>> queues = new ArrayList<>();
        for (Map.Entry<Integer, Part<S>> part : parts.entrySet()) {
            int p = part.getKey();
            for (Topic topic : fold.inputs().stream().sorted().toList()) {
                Deque<Read> queue = new ArrayDeque<>();
                long at = position(topic, p);
                int most = dice.between(1, BATCH);
                while (queue.size() < most && broker.visible(fold.name(), topic, p, at)) {
                    queue.add(new Read(topic, p, broker.at(topic, p, at++)));
                }
                if (!queue.isEmpty()) {
                    queues.add(queue);
                }
            }
        }
        List<Read> mixed = new ArrayList<>();
        int most = dice.between(1, 2 * BATCH);
        while (!queues.isEmpty() && mixed.size() < most) {
            Deque<Read> queue = dice.pick(queues);
            mixed.add(queue.remove());
            if (queue.isEmpty()) {
                queues.remove(queue);
            }
        }
        return mixed;
    }

    private void process(Read read) throws StoodStillException {
        Broker.Entry entry = read.entry();
        Part<S> part = parts.get(read.partition());
        if (part == null) {
            return;
        }
        if (entry.recorded() == null) {
            process.effect("dismisses", entry);
            part.positions.put(read.topic(), entry.offset() + 1);
            if (read.topic() == Topic.REQUESTS) {
                dismiss(read.partition(), entry.key());
            }
            return;
        }
        process.effect("reads", entry.recorded().event());
        refuseAfterPause();
        S before = part.states.get(entry.key());
        part.positions.put(read.topic(), entry.offset() + 1);
        uncommitted = true;
        if (!saboteur.shows(entry.recorded().event())) {
            return;
        }
        S merged = fold.merge(before, entry.recorded());
        part.states.put(entry.key(), merged);
        plan(read.partition(), entry.key(), before, merged);
    }

    /** The image is gone for good. */
    private void dismiss(int partition, String key) {
        forget(partition, key);
        for (Topic topic : fold.owned()) {
            producer.send(topic + "-" + partition, () -> broker.appendTombstone(topic, key));
        }
    }

    private void forget(int partition, String key) {
        Part<S> part = parts.get(partition);
        part.states.remove(key);
        producer.send("changelog-" + partition, () -> group.append(partition, key, part.term, null));
    }

    private void plan(int partition, String key, @Nullable S before, S merged) {
        Part<S> part = parts.get(partition);
        int active = (int) part.states.values().stream().filter(fold::active).count();
        Instant now = process.clock().instant();
        Plan<S> plan = fold.plan(merged, new PlanContext(now, active));
        part.states.put(key, plan.state());
        for (Event event : plan.emit()) {
            producer.send(Topic.of(event) + "-" + partition, () -> {
                process.scheduler().note(process.name() + "/" + fold.name(), "emits", event);
                if (!group.membership().owns(this, partition)) {
                    observer.late(event);
                }
                broker.append(event, process.clock().instant());
            });
        }
        if (!plan.state().equals(before)) {
            producer.send("changelog-" + partition, () -> group.append(partition, key, part.term, plan.state()));
        }
    }

    private void punctuate() throws StoodStillException {
        refuseAfterPause();
        Instant now = process.clock().instant();
        for (Map.Entry<Integer, Part<S>> part : parts.entrySet()) {
            for (String key : List.copyOf(part.getValue().states.keySet())) {
                S state = part.getValue().states.get(key);
                if (fold.forgettable(state, now)) {
                    forget(part.getKey(), key);
                } else {
                    plan(part.getKey(), key, state, state);
                }
            }
        }
    }

    /** Flushes, then commits; false if it is no member any more. */
    private boolean commit(List<Integer> partitions) {
        process.scheduler().await(producer::idle, Duration.ofDays(1));
        process.effect("commits", partitions);
        committed = process.scheduler().millis();
        uncommitted = false;
        if (!group.membership().isMember(this)) {
            return false;
        }
        for (int p : partitions) {
            if (group.membership().owns(this, p)) {
                group.commit(p, parts.get(p).positions);
            }
        }
        return true;
    }
}
