package io.virtualimage.stage.fold;

import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * State of a stage's fold for one image.
 *
 * @param facts what is known
 * @param assignments tasks under way, by {@code TaskId}
 * @param announced what was said and has not been seen on the topic, by the event's type and epoch, with the time
 * @param heldSince when its present host took it over; null for one that has had no other
 */
public record StageState(
        ImageFacts facts,
        Map<String, Assignment> assignments,
        Map<String, Instant> announced,
        @Nullable Instant heldSince) {
    public StageState {
        assignments = Collections.unmodifiableMap(new TreeMap<>(assignments));
        announced = Collections.unmodifiableMap(new TreeMap<>(announced));
    }
}
