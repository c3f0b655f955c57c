package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;

/**
 * Names a piece of work within one incarnation, the same however often it is given out:
 * {@code kind/epoch} or {@code kind/epoch/index}.
 */
public record TaskId(@JsonValue String value) {
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

    /** Whether such a task puts anything into staging. */
    public boolean stages() {
        return value.startsWith("FetchRange/") || value.startsWith("FetchStream/") || value.startsWith("PushLayer/");
    }

    @Override
    public String toString() {
        return value;
    }
}
