package io.virtualimage.stage.process;

import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that is a member of a consumer group, commits nothing, and reads each partition that it is given from the
 * beginning into a {@link ShareBook}. So what a member knows is forgotten with it, and the next one finds it on the topic.
 */
final class ShareReader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ShareReader.class);
    private static final Duration POLL = Duration.ofMillis(250);
    private static final Duration REST = Duration.ofMillis(500);
    private static final Duration CLOSE = Duration.ofSeconds(5);

    private final String groupId;
    private final Topic topic;
    private final Supplier<Consumer<String, byte[]>> clients;
    private final ShareListener listener;
    private final ShareBook book = new ShareBook(System::nanoTime);
    private final Thread thread;

    private volatile boolean closing;
    private volatile boolean connected;

    ShareReader(String groupId, Topic topic, Supplier<Consumer<String, byte[]>> clients, ShareListener listener) {
        this.groupId = groupId;
        this.topic = topic;
        this.clients = clients;
        this.listener = listener;
        this.thread = Thread.ofPlatform().daemon().name("share-" + groupId).unstarted(this::run);
    }

    ShareReader start() {
        thread.start();
        return this;
    }

    Share share() {
        return book;
    }

    int size() {
        return book.size();
    }

    /** Whether it talks to the broker. It may be given nothing, when there are more members than partitions. */
    boolean connected() {
        return connected;
    }

    private void run() {
        while (!closing) {
            try {
                readAsMember();
            } catch (RuntimeException e) { // a reader that ended would never come back
                LOG.atWarn().addKeyValue("group", groupId).setCause(e).log("the consumer broke and is replaced");
                rest();
            }
        }
    }

    private void readAsMember() {
        Consumer<String, byte[]> consumer = clients.get();
        try {
            book.begin();
            consumer.subscribe(List.of(topic.topicName()), new Changes(consumer));
            while (!closing) {
                var records = consumer.poll(POLL);
                book.look();
                records.forEach(this::read);
                measure(consumer);
                connected = true;
            }
        } finally {
            connected = false;
            drop(book.partitions());
            leave(consumer);
        }
    }

    private void read(ConsumerRecord<String, byte[]> record) {
        if (record.key() == null) {
            return;
        }
        // What can't be read is a last word all the same: the one before does not hold any more.
        @Nullable ViewRecord view = ViewRecord.read(record);
        tell(book.put(record.partition(), record.key(), view == null ? null : view.recorded()));
    }

    private void measure(Consumer<String, byte[]> consumer) {
        Set<Integer> unmeasured = book.withoutGoal();
        if (!unmeasured.isEmpty()) {
            consumer.endOffsets(unmeasured.stream().map(this::partition).toList())
                    .forEach((partition, end) -> book.goal(partition.partition(), end));
        }
        for (TopicPartition partition : consumer.assignment()) {
            tell(book.reached(partition.partition(), consumer.position(partition)));
        }
    }

    private TopicPartition partition(int number) {
        return new TopicPartition(topic.topicName(), number);
    }

    private void drop(Collection<Integer> partitions) {
        tell(book.remove(partitions));
    }

    private void tell(Set<String> keys) {
        for (String key : keys) {
            try {
                listener.changed(key, book.last(key).orElse(null));
            } catch (RuntimeException e) {
                LOG.atError().addKeyValue("group", groupId).setCause(e).log("a change of the share was passed over");
            }
        }
    }

    private void rest() {
        try {
            Thread.sleep(REST);
        } catch (InterruptedException e) {
            closing = true;
        }
    }

    private void leave(Consumer<String, byte[]> consumer) {
        try {
            consumer.close(CloseOptions.timeout(CLOSE));
        } catch (KafkaException e) {
            LOG.atDebug().addKeyValue("group", groupId).setCause(e).log("the consumer did not close well");
        }
    }

    /** Called by the consumer, within {@code poll}. */
    private final class Changes implements ConsumerRebalanceListener {
        private final Consumer<String, byte[]> consumer;

        Changes(Consumer<String, byte[]> consumer) {
            this.consumer = consumer;
        }

        @Override
        public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
            partitions.forEach(partition -> book.add(partition.partition()));
            if (!partitions.isEmpty()) { // none at all would stand for all that there are
                consumer.seekToBeginning(partitions);
            }
        }

        @Override
        public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
            drop(partitions.stream().map(TopicPartition::partition).collect(Collectors.toSet()));
        }
    }

    @Override
    public void close() {
        closing = true;
        try {
            thread.join(CLOSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
