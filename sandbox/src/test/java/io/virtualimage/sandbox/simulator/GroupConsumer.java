package io.virtualimage.sandbox.simulator;

import io.virtualimage.stage.process.RecordHandler;
import io.virtualimage.stage.process.ViewRecord;
import java.time.Duration;
import java.util.SortedMap;
import java.util.TreeMap;

/** A member of a plain consumer group: handles each record of its partitions in order, and commits after it. */
final class GroupConsumer {
    private static final Duration PAUSE = Duration.ofSeconds(1);

    private final SimProcess process;
    private final Broker broker;
    private final ConsumerGroup group;
    private final RecordHandler handler;
    private final Dice dice;
    private final SortedMap<Integer, Long> positions = new TreeMap<>();

    GroupConsumer(SimProcess process, Broker broker, ConsumerGroup group, RecordHandler handler, Dice dice) {
        this.process = process;
        this.broker = broker;
        this.group = group;
        this.handler = handler;
        this.dice = dice;
        process.start("apply", this::run);
    }

    SimProcess process() {
        return process;
    }

    /** Leaves the group, as one does who is not heard of any more. */
    void expire() {
        group.membership().expel(this);
    }

    private void run() throws InterruptedException {
        group.membership().join(this);
        while (true) {
            process.scheduler().await(this::hasSomething, Duration.ofDays(1));
            if (!group.membership().isMember(this)) {
                process.effect("rejoins", group.topic());
                positions.clear();
                group.membership().join(this);
            }
            handOver();
            for (int partition : positions.keySet().toArray(Integer[]::new)) {
                int most = dice.between(1, 4); // of one poll: handled even if the group has moved on
                for (int i = 0; i < most && hasNext(partition); i++) {
                    if (!handle(partition)) {
                        break;
                    }
                }
            }
        }
    }

    private boolean hasSomething() {
        return group.membership().isUnsettled(this)
                || positions.keySet().stream().anyMatch(this::hasNext);
    }

    private boolean hasNext(int partition) {
        return broker.visible(process.name() + "-apply", group.topic(), partition, positions.get(partition));
    }

    private void handOver() {
        for (int p = 0; p < broker.partitions(); p++) {
            if (group.membership().isRevoked(this, p)) {
                positions.remove(p);
                group.membership().release(this, p);
            } else if (group.membership().mayTake(this, p)) {
                group.membership().take(this, p);
                positions.put(p, group.committed(p));
            }
        }
    }

    private boolean handle(int partition) throws InterruptedException {
        long offset = positions.get(partition);
        Broker.Entry entry = broker.at(group.topic(), partition, offset);
        process.effect("handles", entry);
        try {
            handler.handle(new ViewRecord(group.topic(), entry.key(), entry.recorded()));
        } catch (InterruptedException | RuntimeException e) {
            throw e;
        } catch (Exception e) {
            process.scheduler().await(null, PAUSE); // and again
            return false;
        }
        positions.put(partition, offset + 1);
        if (dice.chance(0.7)) {
            process.effect("commits", offset);
            if (group.membership().owns(this, partition)) {
                group.commit(partition, offset + 1);
            }
        }
        return true;
    }
}
