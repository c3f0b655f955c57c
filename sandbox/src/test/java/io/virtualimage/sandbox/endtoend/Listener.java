package io.virtualimage.sandbox.endtoend;

import io.virtualimage.topics.Event;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.UndecodableEventException;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** Hears what is said on topics from now on, as it is said. */
final class Listener implements AutoCloseable {
    private final KafkaConsumer<String, byte[]> consumer;
    private final Queue<Event> heard = new ConcurrentLinkedQueue<>();
    private final Thread thread;
    private volatile boolean closed;

    Listener(String bootstrap, Collection<Topic> topics) {
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap), new StringDeserializer(), new ByteArrayDeserializer());
        List<TopicPartition> partitions = topics.stream()
                .flatMap(topic -> consumer.partitionsFor(topic.topicName()).stream())
                .map(info -> new TopicPartition(info.topic(), info.partition()))
                .toList();
        consumer.assign(partitions);
        consumer.seekToEnd(partitions);
        partitions.forEach(consumer::position);
        thread = Thread.ofPlatform().daemon().name("listener").start(this::listen);
    }

    private void listen() {
        while (!closed) {
            for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(100))) {
                try {
                    if (record.value() != null) {
                        EventCodec.decode(record.value()).ifPresent(decoded -> heard.add(decoded.event()));
                    }
                } catch (UndecodableEventException e) {
                    throw new IllegalStateException(e);
                }
            }
        }
        consumer.close();
    }

    boolean has(Predicate<Event> wanted) {
        return heard.stream().anyMatch(wanted);
    }

    List<Event> all(Predicate<Event> wanted) {
        return heard.stream().filter(wanted).toList();
    }

    @Override
    public void close() {
        closed = true;
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
