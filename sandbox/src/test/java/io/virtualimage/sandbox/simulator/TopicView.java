package io.virtualimage.sandbox.simulator;

import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;

/** A process's own reading of compacted topics from their beginning, at its own pace; old records may be gone. */
final class TopicView {
    private record Part(Topic topic, int partition) {}

    private static final class Reading {
        private long position;
        private final long compactedTo;
        private final long goal;

        private Reading(long compactedTo, long goal) {
            this.compactedTo = compactedTo;
            this.goal = goal;
        }
    }

    private final SimProcess process;
    private final Broker broker;
    private final String name;
    private final List<Part> parts;
    private final Map<Part, Reading> readings = new HashMap<>();
    private final BiConsumer<Broker.Entry, Topic> handler;

    TopicView(
            SimProcess process,
            Broker broker,
            List<Topic> topics,
            String name,
            Dice dice,
            BiConsumer<Broker.Entry, Topic> handler) {
        this.process = process;
        this.broker = broker;
        this.name = name;
        this.handler = handler;
        this.parts = topics.stream()
                .flatMap(topic -> java.util.stream.IntStream.range(0, broker.partitions())
                        .mapToObj(partition -> new Part(topic, partition)))
                .toList();
        for (Part part : parts) {
            long end = broker.end(part.topic(), part.partition());
            // Of 'published' nothing goes for a week.
            int most = part.topic() == Topic.PUBLISHED ? 0 : (int) end;
            readings.put(part, new Reading(dice.between(0, most), end));
        }
        process.start(name, () -> run(dice));
    }

    /** Whether all was read that was there at the beginning. */
    boolean caughtUp() {
        return readings.values().stream().allMatch(reading -> reading.position >= reading.goal);
    }

    /** The next record to be read of a partition. */
    long position(Topic topic, int partition) {
        return reading(new Part(topic, partition)).position;
    }

    private Reading reading(Part part) {
        Reading reading = readings.get(part);
        if (reading == null) {
            throw new IllegalArgumentException(part + " is not read by " + name);
        }
        return reading;
    }

    private void run(Dice dice) {
        while (true) {
            process.scheduler().await(() -> parts.stream().anyMatch(this::hasNext), Duration.ofDays(1));
            List<Part> ready = parts.stream().filter(this::hasNext).toList();
            if (ready.isEmpty()) {
                continue;
            }
            Part part = dice.pick(ready);
            Reading reading = reading(part);
            Broker.Entry entry = broker.at(part.topic(), part.partition(), reading.position);
            if (broker.survives(part.topic(), part.partition(), entry.offset(), reading.compactedTo)) {
                process.effect(name + " reads", entry);
                handler.accept(entry, part.topic());
            }
            reading.position++;
        }
    }

    private boolean hasNext(Part part) {
        return broker.visible(process.name() + "-" + name, part.topic(), part.partition(), reading(part).position);
    }
}
