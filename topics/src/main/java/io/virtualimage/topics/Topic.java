package io.virtualimage.topics;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The topics, with what the broker has to know of them. All have the same number of partitions, and one key per image. */
public enum Topic {
    REQUESTS("requests", Cleanup.COMPACT, null),
    FETCH_TASKS("fetch-tasks", Cleanup.DELETE, Duration.ofDays(14)),
    FETCH_STREAMS("fetch-streams", Cleanup.DELETE, Duration.ofDays(14)),
    CONVERT_TASKS("convert-tasks", Cleanup.DELETE, Duration.ofDays(14)),
    PUBLISH_TASKS("publish-tasks", Cleanup.DELETE, Duration.ofDays(14)),
    PUBLISH_STREAMS("publish-streams", Cleanup.DELETE, Duration.ofDays(14)),
    FETCHED("fetched", Cleanup.DELETE, Duration.ofDays(7)),
    CONVERTED("converted", Cleanup.DELETE, Duration.ofDays(7)),
    PUBLISHED("published", Cleanup.COMPACT, Duration.ofDays(7)),
    PROGRESS("progress", Cleanup.DELETE, Duration.ofDays(7)),
    STATUS("status", Cleanup.COMPACT, null),
    DEAD_LETTERS("dead-letters", Cleanup.DELETE, Duration.ofDays(30));

    /** How old records go. */
    enum Cleanup {
        COMPACT,
        DELETE
    }

    /** Partitions of every topic of an installation, never changed afterwards. */
    public static final int PARTITIONS = 24;

    private final String suffix;
    private final Cleanup cleanup;
    private final @Nullable Duration kept;

    Topic(String suffix, Cleanup cleanup, @Nullable Duration kept) {
        this.suffix = suffix;
        this.cleanup = cleanup;
        this.kept = kept;
    }

    public String topicName() {
        return "virtualimage." + suffix;
    }

    /** The topic's settings, by Kafka's names. */
    public Map<String, String> config() {
        Map<String, String> config = new LinkedHashMap<>();
        switch (cleanup) {
            case COMPACT -> {
                config.put("cleanup.policy", "compact");
                if (kept != null) {
                    config.put("min.compaction.lag.ms", Long.toString(kept.toMillis()));
                }
            }
            case DELETE -> {
                config.put("cleanup.policy", "delete");
                if (kept != null) {
                    config.put("retention.ms", Long.toString(kept.toMillis()));
                }
            }
        }
        return config;
    }

    /** Where an event belongs. */
    public static Topic of(Event event) {
        return switch (event) {
            case Event.Request ignored -> REQUESTS;
            case Event.Fetched ignored -> FETCHED;
            case Event.Converted ignored -> CONVERTED;
            case Event.Published ignored -> PUBLISHED;
            case Event.Progress ignored -> PROGRESS;
            case Event.StatusChanged ignored -> STATUS;
            case Task task -> task.group().topic();
        };
    }
}
