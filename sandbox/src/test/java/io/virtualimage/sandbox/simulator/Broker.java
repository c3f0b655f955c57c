package io.virtualimage.sandbox.simulator;

import io.virtualimage.topics.Event;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The topics. What is appended is there for good and in its order; each reader may see it late, one partition at a time,
 * and a new reader of a compacted topic may find old records gone.
 */
final class Broker {
    /** @param recorded null for a tombstone */
    record Entry(long offset, String key, @Nullable Recorded recorded) {}

    private record Late(String reader, Topic topic, int partition) {}

    private final Scheduler scheduler;
    private final int partitions;
    private final Map<Topic, List<List<Entry>>> logs = new EnumMap<>(Topic.class);
    private final Map<Late, Long> lateUntil = new HashMap<>();
    private final Set<Late> readers = new LinkedHashSet<>();
    private final Consumer<Event> onAppend;
    private final List<ShareGroup> groups = new ArrayList<>();

    /** @param onAppend sees every event, at once */
    Broker(Scheduler scheduler, int partitions, Consumer<Event> onAppend) {
        this.scheduler = scheduler;
        this.onAppend = onAppend;
        this.partitions = partitions;
        for (Topic topic : Topic.values()) {
            List<List<Entry>> all = new ArrayList<>();
            for (int p = 0; p < partitions; p++) {
                all.add(new ArrayList<>());
            }
            logs.put(topic, all);
        }
    }

    int partitions() {
        return partitions;
    }

    int partitionOf(String key) {
        return Math.floorMod(key.hashCode() * 31 + 7, partitions);
    }

    void feed(ShareGroup group) {
        groups.add(group);
    }

    Position append(Event event, Instant time) {
        Topic topic = Topic.of(event);
        int partition = partitionOf(event.image().uid());
        List<Entry> log = logs.get(topic).get(partition);
        Position at = new Position(partition, log.size());
        log.add(new Entry(at.offset(), event.image().uid(), new Recorded(event, topic, at, time)));
        for (ShareGroup group : groups) {
            group.offer(topic, at, event);
        }
        onAppend.accept(event);
        return at;
    }

    void appendTombstone(Topic topic, String key) {
        List<Entry> log = logs.get(topic).get(partitionOf(key));
        log.add(new Entry(log.size(), key, null));
    }

    long end(Topic topic, int partition) {
        return logs.get(topic).get(partition).size();
    }

    Entry at(Topic topic, int partition, long offset) {
        return logs.get(topic).get(partition).get((int) offset);
    }

    /** Whether that reader sees a record there by now. */
    boolean visible(String reader, Topic topic, int partition, long offset) {
        if (offset >= end(topic, partition)) {
            return false;
        }
        Late late = new Late(reader, topic, partition);
        readers.add(late);
        Long until = lateUntil.get(late);
        return until == null || until <= scheduler.millis();
    }

    /** Lets some reader see nothing new of a partition for a while. */
    void delaySomeone(Dice dice) {
        if (!readers.isEmpty()) {
            Late late = dice.pick(List.copyOf(readers));
            int time = dice.skewed(50, 20_000);
            lateUntil.put(late, scheduler.millis() + time);
            scheduler.note(late.reader(), "sees nothing new for " + time + " ms of", late.topic());
        }
    }

    void endDelays() {
        lateUntil.clear();
    }

    /** Whether the record is still there once the topic was compacted up to an offset. */
    boolean survives(Topic topic, int partition, long offset, long compactedTo) {
        if (offset >= compactedTo) {
            return true;
        }
        List<Entry> log = logs.get(topic).get(partition);
        String key = log.get((int) offset).key();
        return log.subList((int) offset + 1, (int) compactedTo).stream()
                .noneMatch(later -> later.key().equals(key));
    }

    List<Entry> all(Topic topic, int partition) {
        return logs.get(topic).get(partition);
    }
}
