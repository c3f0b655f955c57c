package io.virtualimage.stage.process;

import io.virtualimage.topics.Topic;
import org.jspecify.annotations.Nullable;

/** A value on its way out of a fold's host; null for a tombstone. */
final class Outgoing {
    private final Topic topic;
    private final byte @Nullable [] value;

    Outgoing(Topic topic, byte @Nullable [] value) {
        this.topic = topic;
        this.value = value;
    }

    Topic topic() {
        return topic;
    }

    byte @Nullable [] value() {
        return value;
    }
}
