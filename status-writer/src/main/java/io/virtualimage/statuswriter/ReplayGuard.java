package io.virtualimage.statuswriter;

import io.virtualimage.topics.Position;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Knows of which images the records come in order: once a record was found to be no older than what stands in Kubernetes,
 * those that follow it without a gap can't be either. After a gap (another replica had the partition) all is open again.
 */
final class ReplayGuard {
    /** An image that is forgotten is merely compared once more. */
    private static final int MAX_IMAGES = 50_000;

    private final Map<Integer, Long> lastOffsets = new HashMap<>();
    private final Map<String, Integer> upToDate = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.@Nullable Entry<String, Integer> eldest) {
            return size() > MAX_IMAGES;
        }
    };

    /** Takes note that a record is being handled; to be called for all of them, in order. */
    synchronized void reached(Position at) {
        Long last = lastOffsets.put(at.partition(), at.offset());
        boolean follows = last != null && (at.offset() == last || at.offset() == last + 1);
        if (!follows) {
            upToDate.values().removeIf(partition -> partition == at.partition());
        }
    }

    synchronized boolean mayBeReplay(String uid) {
        return upToDate.get(uid) == null;
    }

    /** What is said of the image from here on is new. */
    synchronized void caughtUp(String uid, Position at) {
        upToDate.put(uid, at.partition());
    }
}
