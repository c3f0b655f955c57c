package io.virtualimage.topics;

import io.virtualimage.topics.Provisioning.Action;
import io.virtualimage.topics.Provisioning.Kind;
import io.virtualimage.topics.Provisioning.Step;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/**
 * Makes the topics and the settings of the share groups what the contract says. May run any number of times, and at
 * the same time as another: what is right already is left alone.
 *
 * <p>The settings that {@link Topic#config} and {@link WorkGroup#config} name are corrected; others, and the replicas
 * of topics that are there, are the operator's. Topics that the contract doesn't know are never touched.
 */
public final class TopicProvisioner {
    private static final int LOOKS = 150;
    private static final int LOOK_MS = 200;

    private final Admin admin;
    private final int partitions;
    private final short replicationFactor;

    /**
     * @param admin not closed by this
     * @param partitions of every topic that is partitioned by image; see {@link Topic#partitions}
     * @param replicationFactor of the topics that are created
     */
    public TopicProvisioner(Admin admin, int partitions, int replicationFactor) {
        if (partitions < 1 || replicationFactor < 1 || replicationFactor > Short.MAX_VALUE) {
            throw new IllegalArgumentException(partitions + " partitions, " + replicationFactor + " replicas");
        }
        this.admin = admin;
        this.partitions = partitions;
        this.replicationFactor = (short) replicationFactor;
    }

    /**
     * Creates what is missing, corrects what differs, and returns when the brokers show it.
     *
     * @throws ProvisioningException if a topic has another number of partitions, in which case nothing is changed; or if
     *     Kafka is not reached or refuses
     */
    public Provisioning provision() throws ProvisioningException, InterruptedException {
        List<Step> steps = look();
        create(steps.stream().filter(step -> step.action() == Action.CREATED).toList());
        change(steps.stream().filter(step -> step.action() == Action.CHANGED).toList());
        Provisioning done = new Provisioning(steps);
        if (!done.changedNothing()) {
            awaitShown();
        }
        return done;
    }

    /** What is to be done: the steps that {@link #provision} will have taken. */
    private List<Step> look() throws ProvisioningException, InterruptedException {
        Map<Topic, Integer> present = presentPartitions();
        refuseOtherPartitions(present);

        List<ConfigResource> asked = Stream.concat(
                        present.keySet().stream().map(topic -> resource(Kind.TOPIC, topic.topicName())),
                        Stream.of(WorkGroup.values()).map(group -> resource(Kind.SHARE_GROUP, group.groupId())))
                .toList();
        Map<ConfigResource, KafkaFuture<Config>> answers =
                admin.describeConfigs(asked).values();
        Map<ConfigResource, Config> configs = new HashMap<>();
        for (ConfigResource resource : asked) {
            describe(resource, answers).ifPresent(config -> configs.put(resource, config));
        }

        List<Step> steps = new ArrayList<>();
        for (Topic topic : Topic.values()) {
            steps.add(
                    present.containsKey(topic)
                            ? compare(Kind.TOPIC, topic.topicName(), topic.config(), configs)
                            : new Step(Kind.TOPIC, topic.topicName(), Action.CREATED, topic.config()));
        }
        for (WorkGroup group : WorkGroup.values()) {
            steps.add(compare(Kind.SHARE_GROUP, group.groupId(), group.config(), configs));
        }
        return steps;
    }

    private static Step compare(
            Kind kind, String name, Map<String, String> wanted, Map<ConfigResource, Config> configs) {
        Config config = configs.get(resource(kind, name));
        Map<String, String> wrong = new LinkedHashMap<>();
        wanted.forEach((key, value) -> {
            ConfigEntry entry = config == null ? null : config.get(key);
            if (entry == null || !value.equals(entry.value())) {
                wrong.put(key, value);
            }
        });
        return new Step(kind, name, wrong.isEmpty() ? Action.LEFT : Action.CHANGED, wrong);
    }

    private Map<Topic, Integer> presentPartitions() throws ProvisioningException, InterruptedException {
        Map<String, KafkaFuture<TopicDescription>> descriptions = admin.describeTopics(
                        Stream.of(Topic.values()).map(Topic::topicName).toList())
                .topicNameValues();
        Map<Topic, Integer> present = new EnumMap<>(Topic.class);
        for (Topic topic : Topic.values()) {
            describe(topic.topicName(), descriptions)
                    .ifPresent(description ->
                            present.put(topic, description.partitions().size()));
        }
        return present;
    }

    private void refuseOtherPartitions(Map<Topic, Integer> present) throws ProvisioningException {
        List<String> others = present.entrySet().stream()
                .filter(entry -> entry.getValue() != entry.getKey().partitions(partitions))
                .map(entry -> entry.getKey().topicName() + " has " + entry.getValue() + " instead of "
                        + entry.getKey().partitions(partitions))
                .toList();
        if (!others.isEmpty()) {
            throw new ProvisioningException("Topics have another number of partitions than they must: "
                    + String.join(", ", others) + ". It is never changed, because it decides where the records of an"
                    + " image are: set PARTITIONS to what they have (topics of tasks always have one), or delete them"
                    + " if nothing is lost.");
        }
    }

    private void create(List<Step> missing) throws ProvisioningException, InterruptedException {
        Map<String, Topic> byName =
                Stream.of(Topic.values()).collect(Collectors.toMap(Topic::topicName, topic -> topic));
        List<NewTopic> topics = missing.stream()
                .map(step -> new NewTopic(
                                step.name(),
                                Objects.requireNonNull(byName.get(step.name())).partitions(partitions),
                                replicationFactor)
                        .configs(step.settings()))
                .toList();
        for (var creation : admin.createTopics(topics).values().entrySet()) {
            try {
                creation.getValue().get();
            } catch (ExecutionException e) {
                // Somebody else was faster. Whether it is as it should be shows when all of it is looked at again.
                if (!(e.getCause() instanceof TopicExistsException)) {
                    throw failed("create " + creation.getKey(), e);
                }
            }
        }
    }

    private void change(List<Step> wrong) throws ProvisioningException, InterruptedException {
        Map<ConfigResource, Collection<AlterConfigOp>> changes = new HashMap<>();
        for (Step step : wrong) {
            changes.put(
                    resource(step.kind(), step.name()),
                    step.settings().entrySet().stream()
                            .map(setting -> new AlterConfigOp(
                                    new ConfigEntry(setting.getKey(), setting.getValue()), AlterConfigOp.OpType.SET))
                            .toList());
        }
        try {
            admin.incrementalAlterConfigs(changes).all().get();
        } catch (ExecutionException e) {
            throw failed("change settings", e);
        }
    }

    /** The controller has it at once, the brokers a moment later. */
    private void awaitShown() throws ProvisioningException, InterruptedException {
        for (int look = 0; look < LOOKS; look++) {
            if (new Provisioning(look()).changedNothing()) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(LOOK_MS);
        }
        throw new ProvisioningException("Topics and groups were set up, but the brokers still don't show it after "
                + LOOKS * LOOK_MS / 1000 + " s: " + look());
    }

    private static ConfigResource resource(Kind kind, String name) {
        return new ConfigResource(
                switch (kind) {
                    case TOPIC -> ConfigResource.Type.TOPIC;
                    case SHARE_GROUP -> ConfigResource.Type.GROUP;
                },
                name);
    }

    /** Empty for a topic that isn't there, or that the broker asked hasn't heard of yet. */
    private static <K, T> Optional<T> describe(K what, Map<K, KafkaFuture<T>> answers)
            throws ProvisioningException, InterruptedException {
        KafkaFuture<T> answer = answers.get(what);
        if (answer == null) {
            return Optional.empty();
        }
        try {
            return Optional.of(answer.get());
        } catch (ExecutionException e) {
            if (e.getCause() instanceof UnknownTopicOrPartitionException) {
                return Optional.empty();
            }
            throw failed("look at " + what, e);
        }
    }

    private static ProvisioningException failed(String what, ExecutionException e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        return new ProvisioningException("Tried to " + what + ", but Kafka says: " + cause.getMessage(), cause);
    }
}
