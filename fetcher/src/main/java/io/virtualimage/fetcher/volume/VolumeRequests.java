package io.virtualimage.fetcher.volume;

import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Recorded;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The images that are wanted from volumes, as far as {@code virtualimage.requests} was read. Any thread may ask. */
public final class VolumeRequests {
    private final Map<String, WantedVolume> wanted = new ConcurrentHashMap<>();

    /** Takes in a record of that topic; null stands for a tombstone. */
    public void apply(String uid, @Nullable Recorded recorded) {
        if (recorded == null || recorded.event() instanceof Event.ImageWithdrawn) {
            wanted.remove(uid);
            return;
        }
        Incarnation image = recorded.event().image();
        if (recorded.event() instanceof ImageRequested request && request.source() instanceof DataSource.Volume) {
            WantedVolume next = new WantedVolume(image, recorded.at().partition(), recorded.time());
            wanted.merge(uid, next, (before, after) -> after.image().isAfter(before.image()) ? after : before);
        } else {
            // Another source, or blocked: what is sent for an older version is of no use.
            wanted.computeIfPresent(uid, (key, before) -> before.image().isAfter(image) ? before : null);
        }
    }

    Optional<WantedVolume> of(String uid) {
        return Optional.ofNullable(wanted.get(uid));
    }
}
