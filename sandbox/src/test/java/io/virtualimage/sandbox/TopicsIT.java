package io.virtualimage.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.sandbox.components.Components;
import io.virtualimage.sandbox.components.KafkaBroker;
import io.virtualimage.sandbox.components.UsedComponents;
import io.virtualimage.topics.ProvisionTopics;
import io.virtualimage.topics.Provisioning;
import io.virtualimage.topics.Provisioning.Action;
import io.virtualimage.topics.Provisioning.Kind;
import io.virtualimage.topics.ProvisioningException;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.TopicProvisioner;
import io.virtualimage.topics.WorkGroup;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.config.ConfigResource;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Provisioning on a broker of its own: the topics' names are not the test's to choose. */
@ExtendWith(Components.class)
class TopicsIT {
    private static final int PARTITIONS = 3;

    private static KafkaBroker broker;
    private static Admin admin;

    @BeforeAll
    static void start(@TempDir Path directory, UsedComponents used) {
        broker = used.add(KafkaBroker.start(directory));
        admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrapServers()));
    }

    @AfterAll
    static void stop() {
        admin.close();
        broker.close();
    }

    /** One story, because a broker takes seconds to start. */
    @Test
    void topicsComeToBeWhatTheContractSays() throws Exception {
        // A topic of the same namespace that the contract doesn't know, and one of ours that is there already.
        admin.createTopics(List.of(
                        new NewTopic("virtualimage.mine", 1, (short) 1),
                        new NewTopic(Topic.STATUS.topicName(), PARTITIONS, (short) 1)))
                .all()
                .get();

        Provisioning first = provisioner(PARTITIONS).provision();
        assertThat(first.names(Kind.TOPIC, Action.CREATED)).hasSize(Topic.values().length - 1);
        assertThat(first.names(Kind.TOPIC, Action.CHANGED)).containsExactly(Topic.STATUS.topicName());
        assertThat(first.names(Kind.SHARE_GROUP, Action.CHANGED))
                .containsExactlyElementsOf(
                        Stream.of(WorkGroup.values()).map(WorkGroup::groupId).toList());
        everythingIsAsItShould();

        Provisioning second = provisioner(PARTITIONS).provision();
        assertThat(second.changedNothing()).isTrue();
        assertThat(second.names(Kind.TOPIC, Action.LEFT)).hasSize(Topic.values().length);

        drift(ConfigResource.Type.TOPIC, Topic.FETCHED.topicName(), "retention.ms", "1000");
        drift(ConfigResource.Type.TOPIC, Topic.FETCHED.topicName(), "segment.bytes", "1048576");
        drift(ConfigResource.Type.GROUP, WorkGroup.FETCH_TASKS.groupId(), "share.auto.offset.reset", "latest");
        Provisioning third = provisioner(PARTITIONS).provision();
        assertThat(third.steps().stream().filter(step -> step.action() != Action.LEFT))
                .containsExactly(
                        new Provisioning.Step(
                                Kind.TOPIC,
                                Topic.FETCHED.topicName(),
                                Action.CHANGED,
                                Map.of("retention.ms", Topic.FETCHED.config().get("retention.ms"))),
                        new Provisioning.Step(
                                Kind.SHARE_GROUP,
                                WorkGroup.FETCH_TASKS.groupId(),
                                Action.CHANGED,
                                Map.of("share.auto.offset.reset", "earliest")));
        everythingIsAsItShould();
        // What the contract doesn't speak of is the operator's.
        assertThat(settings(ConfigResource.Type.TOPIC, Topic.FETCHED.topicName()))
                .containsEntry("segment.bytes", "1048576");

        assertThatThrownBy(() -> provisioner(PARTITIONS + 1).provision())
                .isInstanceOf(ProvisioningException.class)
                .hasMessageContaining("virtualimage.requests has 3 instead of 4")
                .hasMessageNotContaining("virtualimage.fetch-tasks");
        assertThat(admin.describeTopics(List.of("virtualimage.mine"))
                        .allTopicNames()
                        .get()
                        .get("virtualimage.mine")
                        .partitions())
                .hasSize(1);

        aMainSaysWhatItDid();
    }

    private void aMainSaysWhatItDid() {
        Map<String, String> environment = new HashMap<>(Map.of(
                "KAFKA_BOOTSTRAP", broker.bootstrapServers(), "PARTITIONS", "" + PARTITIONS, "REPLICATION", "1"));
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        assertThat(ProvisionTopics.run(environment, print(out), print(err))).isZero();
        assertThat(out.toString(StandardCharsets.UTF_8))
                .contains("topic virtualimage.requests: left as it is")
                .contains("share group virtualimage.publish-streams: left as it is");

        environment.put("PARTITIONS", "24");
        assertThat(ProvisionTopics.run(environment, print(out), print(err))).isEqualTo(1);
        assertThat(err.toString(StandardCharsets.UTF_8)).contains("virtualimage.fetched has 3 instead of 24");
    }

    /** Three replicas on one broker can't be had: what Kafka says reaches the reader. */
    @Test
    void saysWhyKafkaRefuses(@TempDir Path directory, UsedComponents used) {
        try (KafkaBroker single = used.add(KafkaBroker.start(directory))) {
            ByteArrayOutputStream err = new ByteArrayOutputStream();
            assertThat(ProvisionTopics.run(
                            Map.of("KAFKA_BOOTSTRAP", single.bootstrapServers()), print(err), print(err)))
                    .isEqualTo(1);
            assertThat(err.toString(StandardCharsets.UTF_8))
                    .contains("Tried to create virtualimage.")
                    .containsIgnoringCase("replication factor");
        }
    }

    private static PrintStream print(ByteArrayOutputStream bytes) {
        return new PrintStream(bytes, true, StandardCharsets.UTF_8);
    }

    private static TopicProvisioner provisioner(int partitions) {
        return new TopicProvisioner(admin, partitions, 1);
    }

    private static void everythingIsAsItShould() throws Exception {
        for (Topic topic : Topic.values()) {
            assertThat(admin.describeTopics(List.of(topic.topicName()))
                            .allTopicNames()
                            .get()
                            .get(topic.topicName())
                            .partitions())
                    .as(topic.topicName())
                    .hasSize(topic.partitions(PARTITIONS));
            assertThat(settings(ConfigResource.Type.TOPIC, topic.topicName())).containsAllEntriesOf(topic.config());
        }
        for (WorkGroup group : WorkGroup.values()) {
            assertThat(settings(ConfigResource.Type.GROUP, group.groupId())).containsAllEntriesOf(group.config());
        }
    }

    private static void drift(ConfigResource.Type type, String name, String key, String value) throws Exception {
        admin.incrementalAlterConfigs(Map.of(
                        new ConfigResource(type, name),
                        List.of(new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET))))
                .all()
                .get();
        Awaitility.await().until(() -> value.equals(settings(type, name).get(key)));
    }

    private static Map<String, String> settings(ConfigResource.Type type, String name) throws Exception {
        ConfigResource resource = new ConfigResource(type, name);
        Config config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
        Map<String, String> settings = new TreeMap<>();
        config.entries().forEach(entry -> settings.put(entry.name(), entry.value()));
        return settings;
    }
}
