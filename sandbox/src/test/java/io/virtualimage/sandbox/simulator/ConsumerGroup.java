package io.virtualimage.sandbox.simulator;

import io.virtualimage.topics.Topic;
import java.util.ArrayList;
import java.util.List;

/** What the broker keeps of a plain consumer group of one topic. */
final class ConsumerGroup {
    private final Topic topic;
    private final Broker broker;
    private final Membership<GroupConsumer> membership;
    private final List<Long> committed = new ArrayList<>();

    ConsumerGroup(Topic topic, Broker broker, Dice dice) {
        this.topic = topic;
        this.broker = broker;
        this.membership = new Membership<>(broker.partitions(), dice);
        for (int p = 0; p < broker.partitions(); p++) {
            committed.add(0L);
        }
    }

    Topic topic() {
        return topic;
    }

    Membership<GroupConsumer> membership() {
        return membership;
    }

    long committed(int partition) {
        return committed.get(partition);
    }

    void commit(int partition, long offset) {
        committed.set(partition, offset);
    }

    boolean caughtUp() {
        for (int p = 0; p < committed.size(); p++) {
            if (committed.get(p) < broker.end(topic, p)) {
                return false;
            }
        }
        return true;
    }
}
