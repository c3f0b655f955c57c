package io.virtualimage.stage.process;

import io.virtualimage.topics.Topic;
import io.virtualimage.topics.WorkGroup;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.KafkaFuture;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;

/** Whether the broker can do what the pipeline needs of it, and was told to. */
final class StartupCheck {
    private static final String SHARE_FEATURE = "share.version";
    private static final short SHARE_LEVEL = 1;

    /** What was provisioned a moment ago may be seen only a moment later. */
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private static final Duration PAUSE = Duration.ofMillis(200);

    private final Admin admin;

    StartupCheck(Admin admin) {
        this.admin = admin;
    }

    /**
     * Asks the broker, for a few seconds if need be.
     *
     * @throws IllegalStateException if anything is missing; says in a sentence what
     */
    void run() throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        List<String> problems = problems();
        while (!problems.isEmpty() && System.nanoTime() < deadline) {
            Thread.sleep(PAUSE);
            problems = problems();
        }
        if (!problems.isEmpty()) {
            throw new IllegalStateException("Kafka is not ready for the pipeline: " + String.join("; ", problems));
        }
    }

    private List<String> problems() throws InterruptedException {
        List<String> problems = new ArrayList<>();
        try {
            checkShareGroups(problems);
            if (problems.isEmpty()) {
                checkTopics(problems);
                checkGroups(problems);
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException("Kafka can't be asked: " + cause(e).getMessage(), e);
        }
        return problems;
    }

    private void checkShareGroups(List<String> problems) throws ExecutionException, InterruptedException {
        FinalizedVersionRange share = admin.describeFeatures()
                .featureMetadata()
                .get()
                .finalizedFeatures()
                .get(SHARE_FEATURE);
        int level = share == null ? 0 : share.maxVersionLevel();
        if (level < SHARE_LEVEL) {
            problems.add("it needs Kafka 4.2 or newer with the feature %s at %d, but it is at %d"
                    .formatted(SHARE_FEATURE, SHARE_LEVEL, level));
        }
    }

    private void checkTopics(List<String> problems) throws ExecutionException, InterruptedException {
        List<String> names = Arrays.stream(Topic.values()).map(Topic::topicName).toList();
        TreeSet<String> missing = new TreeSet<>();
        TreeSet<String> parted = new TreeSet<>();
        Map<Integer, TreeSet<String>> byPartitions = new TreeMap<>();
        Map<String, KafkaFuture<TopicDescription>> answers =
                admin.describeTopics(names).topicNameValues();
        for (Topic topic : Topic.values()) {
            String name = topic.topicName();
            try {
                int partitions = Objects.requireNonNull(answers.get(name))
                        .get()
                        .partitions()
                        .size();
                if (topic.partitions(partitions) != partitions) {
                    parted.add(name);
                } else if (!topic.isForTasks()) {
                    byPartitions
                            .computeIfAbsent(partitions, count -> new TreeSet<>())
                            .add(name);
                }
            } catch (ExecutionException e) {
                if (!(cause(e) instanceof UnknownTopicOrPartitionException)) {
                    throw e;
                }
                missing.add(name);
            }
        }
        if (!missing.isEmpty()) {
            problems.add("there is no topic " + String.join(", ", missing));
        }
        if (!parted.isEmpty()) {
            problems.add("topics of tasks must have one partition, but have more: " + String.join(", ", parted));
        }
        if (byPartitions.size() > 1) {
            problems.add("the topics must have the same number of partitions, but have " + byPartitions);
        }
    }

    private void checkGroups(List<String> problems) throws ExecutionException, InterruptedException {
        Map<ConfigResource, WorkGroup> groups = new LinkedHashMap<>();
        for (WorkGroup group : WorkGroup.values()) {
            groups.put(new ConfigResource(ConfigResource.Type.GROUP, group.groupId()), group);
        }
        for (Map.Entry<ConfigResource, Config> answer :
                admin.describeConfigs(groups.keySet()).all().get().entrySet()) {
            WorkGroup group = Objects.requireNonNull(groups.get(answer.getKey()));
            group.config().forEach((name, wanted) -> {
                ConfigEntry entry = answer.getValue().get(name);
                String value = entry == null ? null : entry.value();
                if (!wanted.equals(value)) {
                    problems.add(
                            "share group %s has %s=%s, but needs %s".formatted(group.groupId(), name, value, wanted));
                }
            });
        }
    }

    private static Throwable cause(ExecutionException e) {
        return e.getCause() == null ? e : e.getCause();
    }
}
