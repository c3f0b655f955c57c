package io.virtualimage.sandbox.endtoend;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;

/** What compaction would leave of topics: for which images there is a last record that is no tombstone. */
final class LastWords implements AutoCloseable {
    private final KafkaConsumer<String, byte[]> consumer;
    private final List<TopicPartition> partitions = new ArrayList<>();
    private final Map<String, Map<String, String>> byTopic = new TreeMap<>();
    private final Set<String> everSpokenOf = new HashSet<>();

    /** @param topics whose keys are UIDs, or begin with one and a slash */
    LastWords(String bootstrap, Collection<String> topics) {
        consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap, "fetch.max.bytes", 8 << 20),
                new StringDeserializer(),
                new ByteArrayDeserializer());
        for (String topic : topics) {
            consumer.partitionsFor(topic)
                    .forEach(info -> partitions.add(new TopicPartition(info.topic(), info.partition())));
        }
        consumer.assign(partitions);
        consumer.seekToBeginning(partitions);
    }

    /** Reads on to the end, and says on which topics there is something of these images: {@code topic: its last words}. */
    List<String> of(Set<String> uids) {
        Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
        while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
            consumer.poll(Duration.ofMillis(200)).forEach(this::take);
        }
        List<String> left = new ArrayList<>();
        byTopic.forEach((topic, values) -> values.forEach((key, value) -> {
            if (uids.contains(uidOf(key))) {
                left.add(topic + ": " + key + " " + value);
            }
        }));
        return left;
    }

    /** The images that anything was ever said of. */
    Set<String> everSpokenOf() {
        return Set.copyOf(everSpokenOf);
    }

    private void take(ConsumerRecord<String, byte[]> record) {
        Map<String, String> values = byTopic.computeIfAbsent(record.topic(), _ -> new HashMap<>());
        if (record.value() == null) {
            values.remove(record.key());
        } else {
            everSpokenOf.add(uidOf(record.key()));
            String text = new String(record.value(), StandardCharsets.UTF_8);
            values.put(record.key(), text.substring(0, Math.min(600, text.length())));
        }
    }

    private static String uidOf(String key) {
        int slash = key.indexOf('/');
        return slash < 0 ? key : key.substring(0, slash);
    }

    @Override
    public void close() {
        consumer.close();
    }
}
