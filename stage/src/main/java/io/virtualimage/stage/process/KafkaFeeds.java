package io.virtualimage.stage.process;

import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.UndecodableEventException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/** Feeds from {@code virtualimage.fetched}: a consumer each, of the one partition that the image is on. */
final class KafkaFeeds implements SegmentFeed.Feeds, SegmentFeed.Histories {
    private static final Duration CLOSE = Duration.ofSeconds(1);

    /** The replicas' clocks may differ by so much. */
    private static final Duration SKEW = Duration.ofMinutes(1);

    private final KafkaClients clients;

    KafkaFeeds(KafkaClients clients) {
        this.clients = clients;
    }

    @Override
    public SegmentFeed follow(Incarnation image, Position from) {
        Consumer<String, byte[]> consumer = clients.reader("feed");
        TopicPartition partition = new TopicPartition(Topic.FETCHED.topicName(), from.partition());
        consumer.assign(List.of(partition));
        // If the topic doesn't reach back that far any more, the client goes on at what is left.
        consumer.seek(partition, from.offset());
        return new Feed(consumer, partition, image.uid());
    }

    @Override
    public SegmentFeed.History followSince(Incarnation image, int partition, Instant since) {
        // There may be many at a time, and nobody waits for what they read in bulk.
        Consumer<String, byte[]> consumer = clients.smallReader("feed");
        try {
            TopicPartition read = new TopicPartition(Topic.FETCHED.topicName(), partition);
            consumer.assign(List.of(read));
            OffsetAndTimestamp first = consumer.offsetsForTimes(
                            Map.of(read, since.minus(SKEW).toEpochMilli()))
                    .get(read);
            if (first == null) {
                consumer.seekToEnd(List.of(read));
            } else {
                consumer.seek(read, first.offset());
            }
            return new Feed(consumer, read, image.uid());
        } catch (RuntimeException e) {
            consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(CLOSE));
            throw e;
        }
    }

    private static final class Feed implements SegmentFeed.History {
        private final Consumer<String, byte[]> consumer;
        private final String uid;
        private final TopicPartition partition;
        private final Queue<Recorded> read = new ArrayDeque<>();

        /** Where the topic ended when that was first asked for. */
        private long goal = -1;

        Feed(Consumer<String, byte[]> consumer, TopicPartition partition, String uid) {
            this.consumer = consumer;
            this.partition = partition;
            this.uid = uid;
        }

        @Override
        public boolean caughtUp() {
            if (goal < 0) {
                goal = consumer.endOffsets(List.of(partition)).getOrDefault(partition, 0L);
            }
            return read.isEmpty() && consumer.position(partition) >= goal;
        }

        @Override
        public Optional<Recorded> next(Duration atMost) throws InterruptedException {
            long deadline = System.nanoTime() + atMost.toNanos();
            try {
                while (read.isEmpty()) {
                    long left = Math.max(0, deadline - System.nanoTime());
                    for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofNanos(left))) {
                        keep(record);
                    }
                    if (left == 0) {
                        break;
                    }
                }
            } catch (InterruptException e) {
                throw Interruption.of(e);
            }
            return Optional.ofNullable(read.poll());
        }

        private void keep(ConsumerRecord<String, byte[]> record) {
            if (!uid.equals(record.key()) || record.value() == null) {
                return;
            }
            try {
                EventCodec.decode(record.value())
                        .map(decoded -> new Recorded(
                                decoded.event(),
                                Topic.FETCHED,
                                new Position(record.partition(), record.offset()),
                                decoded.time()))
                        .ifPresent(read::add);
            } catch (UndecodableEventException e) {
                // The folds read the same record, and bury it.
            }
        }

        @Override
        public void close() {
            try {
                consumer.close(org.apache.kafka.clients.consumer.CloseOptions.timeout(CLOSE));
            } catch (InterruptException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
