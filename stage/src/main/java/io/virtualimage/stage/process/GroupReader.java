package io.virtualimage.stage.process;

import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.apache.kafka.clients.consumer.CloseOptions;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that is a member of a consumer group and hands out what it is given. Commits what the handler returned
 * from. When the handler throws, the record's partition rests, and begins again with that record.
 */
final class GroupReader implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GroupReader.class);
    private static final Duration POLL = Duration.ofMillis(250);
    private static final Duration FIRST_REST = Duration.ofMillis(500);
    private static final Duration LONGEST_REST = Duration.ofSeconds(30);
    private static final Duration CLOSE = Duration.ofSeconds(5);

    /** A partition that rests. */
    private record Rest(long untilNanos, Duration length) {}

    private final String groupId;
    private final Topic topic;
    private final RecordHandler handler;
    private final Supplier<Consumer<String, byte[]>> clients;
    private final Thread thread;

    /** By partition; stays until a record of it was handled. */
    private final Map<TopicPartition, Rest> rests = new HashMap<>();

    private volatile boolean closing;
    private volatile boolean connected;

    GroupReader(String groupId, Topic topic, Supplier<Consumer<String, byte[]>> clients, RecordHandler handler) {
        this.groupId = groupId;
        this.topic = topic;
        this.clients = clients;
        this.handler = handler;
        this.thread = Thread.ofPlatform().daemon().name("group-" + groupId).unstarted(this::run);
    }

    GroupReader start() {
        thread.start();
        return this;
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
            } catch (InterruptedException e) {
                closing = true;
            }
        }
    }

    private void readAsMember() throws InterruptedException {
        Consumer<String, byte[]> consumer = clients.get();
        try {
            rests.clear();
            consumer.subscribe(List.of(topic.topicName()));
            while (!closing) {
                handOut(consumer);
                connected = true;
            }
        } finally {
            connected = false;
            leave(consumer);
        }
    }

    private void rest() {
        try {
            Thread.sleep(FIRST_REST);
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

    private void handOut(Consumer<String, byte[]> consumer) throws InterruptedException {
        wake(consumer);
        Map<TopicPartition, OffsetAndMetadata> handled = new HashMap<>();
        Set<TopicPartition> failed = new HashSet<>();
        for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
            TopicPartition partition = new TopicPartition(record.topic(), record.partition());
            if (closing || failed.contains(partition)) {
                continue;
            }
            if (handle(record)) {
                handled.put(partition, new OffsetAndMetadata(record.offset() + 1));
                rests.remove(partition);
            } else {
                failed.add(partition);
                consumer.seek(partition, record.offset());
                consumer.pause(List.of(partition));
                rests.compute(partition, (key, rest) -> nextRest(rest));
            }
        }
        if (!handled.isEmpty()) {
            consumer.commitSync(handled, CLOSE);
        }
    }

    private static Rest nextRest(@Nullable Rest before) {
        Duration length = before == null ? FIRST_REST : before.length().multipliedBy(2);
        Duration bounded = length.compareTo(LONGEST_REST) < 0 ? length : LONGEST_REST;
        return new Rest(System.nanoTime() + bounded.toNanos(), bounded);
    }

    private void wake(Consumer<String, byte[]> consumer) {
        Set<TopicPartition> paused = new HashSet<>(consumer.paused());
        for (Iterator<TopicPartition> it = paused.iterator(); it.hasNext(); ) {
            Rest rest = rests.get(it.next());
            if (rest != null && rest.untilNanos() > System.nanoTime()) {
                it.remove();
            }
        }
        consumer.resume(paused);
    }

    /** Returns whether the record is done with. */
    private boolean handle(ConsumerRecord<String, byte[]> record) throws InterruptedException {
        try {
            @Nullable ViewRecord view = ViewRecord.read(record);
            if (view != null) {
                handler.handle(view);
            }
            return true;
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception e) {
            LOG.atWarn()
                    .addKeyValue("group", groupId)
                    .addKeyValue("partition", record.partition())
                    .addKeyValue("offset", record.offset())
                    .setCause(e)
                    .log("a record was not handled and will be again");
            return false;
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
