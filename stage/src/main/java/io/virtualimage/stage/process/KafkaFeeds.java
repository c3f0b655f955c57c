package io.virtualimage.stage.process;

import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.UndecodableEventException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InterruptException;

/** Feeds from {@code virtualimage.fetched}: a consumer each, of the one partition that the image is on. */
final class KafkaFeeds implements SegmentFeed.Feeds {
    private static final Duration CLOSE = Duration.ofSeconds(1);

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
        return new Feed(consumer, image.uid());
    }

    private static final class Feed implements SegmentFeed {
        private final Consumer<String, byte[]> consumer;
        private final String uid;
        private final Queue<Recorded> read = new ArrayDeque<>();

        Feed(Consumer<String, byte[]> consumer, String uid) {
            this.consumer = consumer;
            this.uid = uid;
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
