package io.virtualimage.watcher;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An object that an image waits for, as far as the watcher looks at it: never at what a Secret holds.
 *
 * @param deleting whether its deletion was asked for
 * @param status as it stands in JSON; empty if there is none
 */
public record Referent(
        String name,
        String uid,
        long generation,
        boolean deleting,
        Map<String, String> annotations,
        Map<String, ?> status) {

    /** {@code status.phase}; empty as long as there is none. */
    String phase() {
        String phase = text("phase");
        return phase == null ? "" : phase;
    }

    /** Whether the status speaks of the object as it is now, as far as it says of which it speaks. */
    boolean observed() {
        return !(status.get("observedGeneration") instanceof Number observed) || observed.longValue() == generation;
    }

    /** A text in the status; null if there is none, or an empty one. */
    @Nullable
    String text(String... path) {
        return at(path) instanceof String text && !text.isEmpty() ? text : null;
    }

    /** Whatever is there in the status; null if nothing is. */
    @Nullable
    Object at(String... path) {
        Object found = status;
        for (String step : path) {
            found = found instanceof Map<?, ?> map ? map.get(step) : null;
        }
        return found;
    }
}
