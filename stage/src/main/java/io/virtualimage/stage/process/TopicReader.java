package io.virtualimage.stage.process;

import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that reads whole topics from their beginning and then follows them, in no group. Knows how far it has come;
 * when the connection breaks it goes on from there.
 */
final class TopicReader implements View, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(TopicReader.class);
    private static final Duration POLL = Duration.ofMillis(250);
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration CLOSE = Duration.ofSeconds(3);

    private final String name;
    private final Collection<Topic> topics;
    private final Supplier<org.apache.kafka.clients.consumer.Consumer<String, byte[]>> clients;
    private final Consumer<ConsumerRecord<String, byte[]>> handler;
    private final Thread thread;
    private final AtomicBoolean closing = new AtomicBoolean();

    /** The next offset to be handed out, by partition; guarded by this. */
    private final Map<TopicPartition, Long> positions = new HashMap<>();

    /** Where each partition ended when the reading began; guarded by this, empty until known. */
    private final Map<TopicPartition, Long> goals = new HashMap<>();

    private boolean caughtUp;

    /** @param handler called for each record, on one thread; what it throws is logged, and the record is passed over */
    TopicReader(
            String name,
            Collection<Topic> topics,
            Supplier<org.apache.kafka.clients.consumer.Consumer<String, byte[]>> clients,
            Consumer<ConsumerRecord<String, byte[]>> handler) {
        this.name = name;
        this.topics = List.copyOf(topics);
        this.clients = clients;
        this.handler = handler;
        this.thread = Thread.ofPlatform().daemon().name("reader-" + name).unstarted(this::run);
    }

    TopicReader start() {
        thread.start();
        return this;
    }

    @Override
    public synchronized boolean caughtUp() {
        return caughtUp;
    }

    /** Waits until the record at an offset was handed out, if there is one; returns whether that is so. */
    synchronized boolean awaitPast(TopicPartition partition, long offset, Duration atMost) throws InterruptedException {
        long deadline = System.nanoTime() + atMost.toNanos();
        while (positions.getOrDefault(partition, 0L) <= offset) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return false;
            }
            wait(left);
        }
        return true;
    }

    private void run() {
        while (!closing.get()) {
            try (var consumer = clients.get()) {
                follow(consumer);
            } catch (KafkaException | IllegalStateException e) {
                LOG.atWarn().addKeyValue("reader", name).setCause(e).log("reading broke off and begins again");
                pause();
            }
        }
    }

    private void pause() {
        try {
            synchronized (closing) {
                if (!closing.get()) {
                    closing.wait(PAUSE.toMillis());
                }
            }
        } catch (InterruptedException e) {
            closing.set(true);
        }
    }

    private void follow(org.apache.kafka.clients.consumer.Consumer<String, byte[]> consumer) {
        List<TopicPartition> partitions = new ArrayList<>();
        for (Topic topic : topics) {
            for (PartitionInfo info : consumer.partitionsFor(topic.topicName())) {
                partitions.add(new TopicPartition(info.topic(), info.partition()));
            }
        }
        consumer.assign(partitions);
        Map<TopicPartition, Long> begun;
        synchronized (this) {
            if (goals.isEmpty()) {
                goals.putAll(consumer.endOffsets(partitions));
            }
            begun = Map.copyOf(positions);
        }
        for (TopicPartition partition : partitions) {
            Long position = begun.get(partition);
            if (position == null) {
                consumer.seekToBeginning(List.of(partition));
            } else {
                consumer.seek(partition, position);
            }
        }
        while (!closing.get()) {
            for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
                handOut(record);
            }
            Map<TopicPartition, Long> reached = new HashMap<>();
            for (TopicPartition partition : partitions) {
                reached.put(partition, consumer.position(partition));
            }
            reached(reached);
        }
    }

    private void handOut(ConsumerRecord<String, byte[]> record) {
        try {
            handler.accept(record);
        } catch (RuntimeException e) {
            LOG.atError()
                    .addKeyValue("reader", name)
                    .addKeyValue("topic", record.topic())
                    .addKeyValue("partition", record.partition())
                    .addKeyValue("offset", record.offset())
                    .setCause(e)
                    .log("a record was passed over");
        }
    }

    /** The consumer's position goes past what was compacted away, the last record's offset would not. */
    private synchronized void reached(Map<TopicPartition, Long> now) {
        positions.putAll(now);
        caughtUp = caughtUp
                || goals.entrySet().stream()
                        .allMatch(goal -> positions.getOrDefault(goal.getKey(), 0L) >= goal.getValue());
        notifyAll();
    }

    @Override
    public void close() {
        synchronized (closing) {
            closing.set(true);
            closing.notifyAll();
        }
        try {
            thread.join(CLOSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
