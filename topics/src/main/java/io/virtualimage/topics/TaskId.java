package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.util.Set;

/**
 * Names a piece of work within one incarnation, the same however often it is given out:
 * {@code kind/epoch} or {@code kind/epoch/index}.
 */
public record TaskId(@JsonValue String value) {
    private static final Set<String> STAGING = Set.of(
            "FetchRange",
            "FetchStream",
            "ReadVolume",
            "UnpackSource",
            "MapDisk",
            "ConvertSegment",
            "PushLayer",
            "FillVolume");

    private static final Set<String> CLEANING = Set.of("RemoveImage", "CleanStaging", "CleanOlderStaging");

    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    public TaskId {
        if (!value.matches("[A-Za-z]+/[0-9]+(/[0-9]+)?")) {
            throw new IllegalArgumentException("'" + value + "' is no task id");
        }
    }

    static TaskId of(String kind, int epoch) {
        return new TaskId(kind + "/" + epoch);
    }

    static TaskId of(String kind, int epoch, int index) {
        return new TaskId(kind + "/" + epoch + "/" + index);
    }

    /** The name of the task's type. */
    public String kind() {
        return value.substring(0, value.indexOf('/'));
    }

    /** Whether such a task puts anything into staging. */
    public boolean stages() {
        return STAGING.contains(kind());
    }

    /** Whether such a task takes away what nobody wants any more: whatever comes of it, no image fails by it. */
    public boolean cleans() {
        return CLEANING.contains(kind());
    }

    /** Whether such a task makes a claim and a Job that fills it. */
    public boolean fillsVolume() {
        return value.startsWith("FillVolume/");
    }

    /** Whether such a task has a volume read by a Job. */
    public boolean readsVolume() {
        return value.startsWith("ReadVolume/");
    }

    @Override
    public String toString() {
        return value;
    }
}
