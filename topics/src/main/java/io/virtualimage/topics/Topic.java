package io.virtualimage.topics;

import java.time.Duration;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The topics, with what the broker has to know of them. One key per image; all but those of tasks have the same number
 * of partitions.
 */
public enum Topic {
    REQUESTS("requests", Cleanup.COMPACT, null),
    FETCH_TASKS("fetch-tasks", Cleanup.DELETE, Duration.ofDays(14)),
    FETCH_STREAMS("fetch-streams", Cleanup.DELETE, Duration.ofDays(14)),
    CONVERT_TASKS("convert-tasks", Cleanup.DELETE, Duration.ofDays(14)),
    CONVERT_STREAMS("convert-streams", Cleanup.DELETE, Duration.ofDays(14)),
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

    /** Partitions of an installation's topics, never changed afterwards. */
    public static final int PARTITIONS = 24;

    private static final Set<Topic> TASKS =
            EnumSet.of(FETCH_TASKS, FETCH_STREAMS, CONVERT_TASKS, CONVERT_STREAMS, PUBLISH_TASKS, PUBLISH_STREAMS);

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

    /**
     * How many partitions the topic has. Tasks have one: the broker gives each member of a share group its part of the
     * partitions, not all of them, so that with more than one an idle member can't take what waits behind a busy one,
     * and a killed member's part waits for its session to end.
     *
     * @param byImage partitions of the topics that are partitioned by image
     */
    public int partitions(int byImage) {
        return isForTasks() ? 1 : byImage;
    }

    /** Whether it carries tasks, for a share group. */
    public boolean isForTasks() {
        return TASKS.contains(this);
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
