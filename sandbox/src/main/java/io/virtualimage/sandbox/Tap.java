package io.virtualimage.sandbox;

import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.UndecodableEventException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import tools.jackson.databind.JsonNode;

/** Prints what is put on the topics, one readable line per event, without being a member of any group. */
final class Tap {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("HH:mm:ss.SSS").withZone(ZoneId.systemDefault());
    private static final int LONGEST_VALUE = 120;

    private final String bootstrap;
    private final boolean fromStart;
    private final PrintStream out;

    Tap(String bootstrap, boolean fromStart, PrintStream out) {
        this.bootstrap = bootstrap;
        this.fromStart = fromStart;
        this.out = out;
    }

    /** Prints until told to stop. */
    void run(BooleanSupplier stop) {
        try (Consumer<String, byte[]> consumer = new KafkaConsumer<>(
                Map.of(ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap),
                new StringDeserializer(),
                new ByteArrayDeserializer())) {
            Map<String, Topic> topics =
                    Arrays.stream(Topic.values()).collect(Collectors.toMap(Topic::topicName, topic -> topic));
            List<TopicPartition> partitions = topics.keySet().stream()
                    .flatMap(name -> consumer.partitionsFor(name).stream())
                    .map(info -> new TopicPartition(info.topic(), info.partition()))
                    .toList();
            consumer.assign(partitions);
            if (fromStart) {
                consumer.seekToBeginning(partitions);
            } else {
                consumer.seekToEnd(partitions);
                partitions.forEach(consumer::position);
            }
            while (!stop.getAsBoolean()) {
                for (ConsumerRecord<String, byte[]> record : consumer.poll(Duration.ofMillis(200))) {
                    out.println(line(record));
                }
                out.flush();
            }
        }
    }

    /** {@code time  topic  type  namespace/name generation.run  what the event says besides}. */
    static String line(ConsumerRecord<String, byte[]> record) {
        String topic = record.topic().replace("virtualimage.", "");
        if (record.value() == null) {
            return "%s  %-15s %-18s %s"
                    .formatted(
                            TIME.format(Instant.ofEpochMilli(record.timestamp())), topic, "(forgotten)", record.key());
        }
        try {
            Optional<EventCodec.Decoded> decoded = EventCodec.decode(record.value());
            if (decoded.isPresent()) {
                Event event = decoded.get().event();
                return "%s  %-15s %-18s %s %s  %s"
                        .formatted(
                                TIME.format(decoded.get().time()),
                                topic,
                                event.getClass().getSimpleName(),
                                event.image().subject(),
                                event.image().version(),
                                details(EventCodec.mapper().valueToTree(event)));
            }
            JsonNode envelope = EventCodec.mapper().readTree(record.value());
            String type = envelope.path("type").asString("").replace(EventCodec.TYPE_PREFIX, "");
            String said = DeadLetter.class.getSimpleName().equals(type)
                    ? details(envelope.path("data"))
                    : "(of a type that this version does not know)";
            return "%s  %-15s %-18s %s  %s"
                    .formatted(
                            envelope.path("time").asString(""),
                            topic,
                            type,
                            envelope.path("subject").asString(""),
                            said);
        } catch (UndecodableEventException e) {
            return "%s  %-15s (unreadable: %s)"
                    .formatted(TIME.format(Instant.ofEpochMilli(record.timestamp())), topic, e.getMessage());
        }
    }

    private static String details(JsonNode data) {
        StringBuilder line = new StringBuilder();
        data.properties().forEach(member -> {
            String name = member.getKey();
            JsonNode value = member.getValue();
            if ("header".equals(name)) {
                append(line, "attempt", value.path("attempt").toString());
                append(line, "epoch", value.path("epoch").toString());
            } else if (!"image".equals(name)) {
                append(line, name, value.isString() ? value.asString() : value.toString());
            }
        });
        return line.toString();
    }

    private static void append(StringBuilder line, String name, String value) {
        String shown = value.length() <= LONGEST_VALUE ? value : value.substring(0, LONGEST_VALUE) + "…";
        line.append(line.isEmpty() ? "" : " ").append(name).append('=').append(shown);
    }
}
