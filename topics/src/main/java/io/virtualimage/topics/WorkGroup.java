package io.virtualimage.topics;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The share groups (KIP-932) whose members do the work. Segments' worth of work and streams never share a group: a
 * record that is held for long would pin the share window of its partition.
 */
public enum WorkGroup {
    FETCH_TASKS(Topic.FETCH_TASKS, Stage.FETCH),
    FETCH_STREAMS(Topic.FETCH_STREAMS, Stage.FETCH),
    CONVERT_TASKS(Topic.CONVERT_TASKS, Stage.CONVERT),
    CONVERT_STREAMS(Topic.CONVERT_STREAMS, Stage.CONVERT),
    PUBLISH_TASKS(Topic.PUBLISH_TASKS, Stage.PUBLISH),
    PUBLISH_STREAMS(Topic.PUBLISH_STREAMS, Stage.PUBLISH);

    /** For how long a silent worker keeps a task, in milliseconds; workers renew well before. */
    public static final int LOCK_MS = 15_000;

    private final Topic topic;
    private final Stage stage;

    WorkGroup(Topic topic, Stage stage) {
        this.topic = topic;
        this.stage = stage;
    }

    public Topic topic() {
        return topic;
    }

    public Stage stage() {
        return stage;
    }

    /** The group's id, which is the topic's name. */
    public String groupId() {
        return topic.topicName();
    }

    /** The group's settings, by Kafka's names: set before the first record, or work given out earlier is never seen. */
    public Map<String, String> config() {
        Map<String, String> config = new LinkedHashMap<>();
        config.put("share.auto.offset.reset", "earliest");
        config.put("share.record.lock.duration.ms", Integer.toString(LOCK_MS));
        return config;
    }
}
