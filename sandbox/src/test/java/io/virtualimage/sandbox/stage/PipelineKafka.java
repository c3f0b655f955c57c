package io.virtualimage.sandbox.stage;

import io.virtualimage.sandbox.components.KafkaBroker;
import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.TopicProvisioner;
import io.virtualimage.topics.WorkGroup;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.Nullable;

/** A broker with the pipeline's topics, for one test class: their names can't be shared. */
final class PipelineKafka implements AutoCloseable {
    static final int PARTITIONS = 3;

    private KafkaBroker broker;
    private final KafkaProducer<String, byte[]> producer;
    private final EventCodec codec = new EventCodec("/test/1");

    private PipelineKafka(KafkaBroker broker) {
        this.broker = broker;
        this.producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "linger.ms", 0),
                new StringSerializer(),
                new ByteArraySerializer());
    }

    /** A broker without topics. */
    static PipelineKafka bare(Path directory) {
        return new PipelineKafka(KafkaBroker.start(directory));
    }

    static PipelineKafka start(Path directory) throws Exception {
        PipelineKafka kafka = bare(directory);
        try (Admin admin = kafka.admin()) {
            new TopicProvisioner(admin, PARTITIONS, 1).provision();
        }
        return kafka;
    }

    String bootstrap() {
        return broker.bootstrapServers();
    }

    /** The broker goes away. */
    void stopBroker() {
        broker.close();
    }

    /** It comes back, where it was and with what it had. */
    void startBroker() {
        broker = KafkaBroker.start(broker.directory());
    }

    void createTopics(Collection<Topic> topics) throws Exception {
        for (Topic topic : topics) {
            createTopic(topic, topic.partitions(PARTITIONS));
        }
    }

    private void createTopic(Topic topic, int partitions) throws Exception {
        try (Admin admin = admin()) {
            NewTopic wanted = new NewTopic(topic.topicName(), partitions, (short) 1).configs(topic.config());
            admin.createTopics(List.of(wanted)).all().get();
        }
    }

    void configureGroups() throws Exception {
        try (Admin admin = admin()) {
            for (WorkGroup group : WorkGroup.values()) {
                Collection<AlterConfigOp> settings = group.config().entrySet().stream()
                        .map(entry -> new AlterConfigOp(
                                new ConfigEntry(entry.getKey(), entry.getValue()), AlterConfigOp.OpType.SET))
                        .toList();
                admin.incrementalAlterConfigs(
                                Map.of(new ConfigResource(ConfigResource.Type.GROUP, group.groupId()), settings))
                        .all()
                        .get();
            }
        }
    }

    Admin admin() {
        return Admin.create(Map.of("bootstrap.servers", bootstrap()));
    }

    StageRuntime open(String replica) throws InterruptedException {
        return StageRuntime.open("test", new Settings(environment(replica)));
    }

    Map<String, String> environment(String replica) {
        return Map.of("KAFKA_BOOTSTRAP", bootstrap(), "REPLICA", replica, "OPS_PORT", "0");
    }

    Position say(Event event) throws Exception {
        return send(Topic.of(event), event.image().uid(), codec.encode(event, Instant.now()));
    }

    Position send(Topic topic, String key, byte @Nullable [] value) throws Exception {
        RecordMetadata at = producer.send(new ProducerRecord<>(topic.topicName(), key, value))
                .get();
        return new Position(at.partition(), at.offset());
    }

    /** All that is on a topic by now. */
    List<ConsumerRecord<String, byte[]>> records(Topic topic) {
        List<ConsumerRecord<String, byte[]>> records = new ArrayList<>();
        try (KafkaConsumer<String, byte[]> consumer = new KafkaConsumer<>(
                Map.of("bootstrap.servers", bootstrap(), "auto.offset.reset", "earliest"),
                new StringDeserializer(),
                new ByteArrayDeserializer())) {
            List<TopicPartition> partitions = new ArrayList<>();
            for (int i = 0; i < consumer.partitionsFor(topic.topicName()).size(); i++) {
                partitions.add(new TopicPartition(topic.topicName(), i));
            }
            consumer.assign(partitions);
            Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
            while (partitions.stream().anyMatch(each -> consumer.position(each) < ends.get(each))) {
                consumer.poll(Duration.ofMillis(100)).forEach(records::add);
            }
        }
        return records;
    }

    /** The events on a topic by now, of one image. */
    List<Event> events(Topic topic, String uid) throws Exception {
        List<Event> events = new ArrayList<>();
        for (ConsumerRecord<String, byte[]> record : records(topic)) {
            if (uid.equals(record.key()) && record.value() != null) {
                events.add(EventCodec.decode(record.value()).orElseThrow().event());
            }
        }
        return events;
    }

    @Override
    public void close() {
        producer.close();
        broker.close();
    }
}
