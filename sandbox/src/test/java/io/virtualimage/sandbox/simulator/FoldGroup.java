package io.virtualimage.sandbox.simulator;

import io.virtualimage.stage.fold.Fold;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Topic;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the broker keeps for the hosts of a fold: who is a member and owns which partition, how far each input was
 * committed, and the changelog. Nothing keeps one who is no member any more from appending to the changelog.
 */
final class FoldGroup<S> {
    private record Change<S>(
            String key, long term, @Nullable S state) {}

    private final Fold<S> fold;
    private final Broker broker;
    private final Membership<FoldHost<S>> membership;
    private final List<Map<Topic, Long>> committed = new ArrayList<>();
    private final List<List<Change<S>>> changelog = new ArrayList<>();

    FoldGroup(Fold<S> fold, Broker broker, Dice dice) {
        this.fold = fold;
        this.broker = broker;
        this.membership = new Membership<>(broker.partitions(), dice);
        for (int p = 0; p < broker.partitions(); p++) {
            committed.add(new EnumMap<>(Topic.class));
            changelog.add(new ArrayList<>());
        }
    }

    Fold<S> fold() {
        return fold;
    }

    Membership<FoldHost<S>> membership() {
        return membership;
    }

    long committed(Topic topic, int partition) {
        return committed.get(partition).getOrDefault(topic, 0L);
    }

    void commit(int partition, Map<Topic, Long> positions) {
        committed.get(partition).putAll(positions);
    }

    /** Whether a member has read and committed all there is. */
    boolean caughtUp() {
        for (int p = 0; p < broker.partitions(); p++) {
            FoldHost<S> owner = membership.owner(p);
            for (Topic topic : fold.inputs()) {
                if (owner == null || owner.position(topic, p) < broker.end(topic, p)) {
                    return false;
                }
            }
        }
        return true;
    }

    /** @param term of the owner who writes; each has keys of its own, as the real host has them */
    void append(int partition, String key, long term, @Nullable S state) {
        changelog.get(partition).add(new Change<>(key, term, state));
    }

    /** The highest term that anybody wrote under. */
    long highestTerm(int partition) {
        return changelog.get(partition).stream().mapToLong(Change::term).max().orElse(0);
    }

    /** The states of a partition by key, as a new owner finds them in the changelog. */
    SortedMap<String, S> restore(int partition) {
        Map<String, Map<Long, S>> all = new HashMap<>();
        for (Change<S> change : changelog.get(partition)) {
            Map<Long, S> byTerm = all.computeIfAbsent(change.key(), key -> new HashMap<>());
            if (change.state() == null) {
                byTerm.keySet().removeIf(term -> term <= change.term());
            } else {
                byTerm.put(change.term(), change.state());
            }
        }
        SortedMap<String, S> restored = new TreeMap<>();
        all.forEach((key, byTerm) -> byTerm.entrySet().stream()
                .max(Map.Entry.comparingByKey())
                .ifPresent(latest -> restored.put(key, throughJson(latest.getValue()))));
        return restored;
    }

    private S throughJson(S state) {
        byte[] json = EventCodec.mapper().writeValueAsBytes(state);
        S read = EventCodec.mapper().readValue(json, fold.stateType());
        if (!Objects.equals(read, state)) {
            throw new BrokenInvariantError("a state does not survive the changelog: " + state + " became " + read);
        }
        return read;
    }
}
