package io.virtualimage.sandbox.components;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.AcknowledgeType;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaShareConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(Components.class)
class KafkaBrokerIT {

    private static final String TOPIC = "broker-it-tasks";

    @Test
    void handsOutRecordsInAShareGroup(TestBroker broker) throws Exception {
        topicWithGroup(broker.bootstrapServers(), "broker-it-shared");
        send(broker.bootstrapServers(), "one", "two");

        assertThat(take(broker.bootstrapServers(), "broker-it-shared", 2)).containsExactlyInAnyOrder("one", "two");
    }

    @Test
    void keepsRecordsAcknowledgementsAndPortsOverARestart(@TempDir Path directory, UsedComponents used)
            throws Exception {
        String address;
        try (KafkaBroker broker = used.add(KafkaBroker.start(directory))) {
            address = broker.bootstrapServers();
            topicWithGroup(address, "broker-it-restarted");
            send(address, "one", "two");
            assertThat(take(address, "broker-it-restarted", 2)).hasSize(2);
            send(address, "three");
        }
        try (KafkaBroker broker = KafkaBroker.start(directory)) {
            assertThat(broker.bootstrapServers()).isEqualTo(address);
            assertThat(take(address, "broker-it-restarted", 1)).containsExactly("three");
        }
    }

    @Test
    void aGivenBrokerIsDescribedByItsFeatures(TestBroker broker) {
        TestBroker given = Brokers.given(broker.bootstrapServers());

        assertThat(given.bootstrapServers()).isEqualTo(broker.bootstrapServers());
        assertThat(given.describe()).contains(broker.bootstrapServers(), "4.");
    }

    private static void topicWithGroup(String bootstrap, String group) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", bootstrap))) {
            if (!admin.listTopics().names().get().contains(TOPIC)) {
                admin.createTopics(List.of(new NewTopic(TOPIC, 3, (short) 1)))
                        .all()
                        .get();
            }
            admin.incrementalAlterConfigs(Map.of(
                            new ConfigResource(ConfigResource.Type.GROUP, group),
                            List.of(
                                    set("share.auto.offset.reset", "earliest"),
                                    set("share.record.lock.duration.ms", "15000"))))
                    .all()
                    .get();
        }
    }

    private static AlterConfigOp set(String name, String value) {
        return new AlterConfigOp(new ConfigEntry(name, value), AlterConfigOp.OpType.SET);
    }

    private static void send(String bootstrap, String... values) {
        try (Producer<String, String> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", bootstrap), new StringSerializer(), new StringSerializer())) {
            for (String value : values) {
                var _ = producer.send(new ProducerRecord<>(TOPIC, value, value));
            }
            producer.flush();
        }
    }

    private static List<String> take(String bootstrap, String group, int count) {
        Map<String, Object> settings = Map.of(
                "bootstrap.servers",
                bootstrap,
                "group.id",
                group,
                "share.acknowledgement.mode",
                "explicit",
                "share.acquire.mode",
                "record_limit",
                "max.poll.records",
                1);
        List<String> taken = new ArrayList<>();
        try (KafkaShareConsumer<String, String> consumer =
                new KafkaShareConsumer<>(settings, new StringDeserializer(), new StringDeserializer())) {
            consumer.subscribe(List.of(TOPIC));
            Awaitility.await().pollInSameThread().atMost(Duration.ofMinutes(1)).until(() -> {
                for (ConsumerRecord<String, String> task : consumer.poll(Duration.ofMillis(200))) {
                    taken.add(task.value());
                    consumer.acknowledge(task, AcknowledgeType.ACCEPT);
                    consumer.commitSync();
                }
                return taken.size() >= count;
            });
        }
        return taken;
    }
}
