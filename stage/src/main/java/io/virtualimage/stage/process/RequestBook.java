package io.virtualimage.stage.process;

import io.virtualimage.stage.work.Ledger.Verdict;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * What is wanted of each image, as far as the requests were read. The highest incarnation counts whatever the order; a
 * withdrawal is for good, since a deleted object's UID never comes back. Any thread may ask.
 */
final class RequestBook {
    private record Entry(Incarnation image, boolean withdrawn) {
        Entry merge(Entry other) {
            return new Entry(other.image.isAfter(image) ? other.image : image, withdrawn || other.withdrawn);
        }
    }

    private final Map<String, Entry> entries = new ConcurrentHashMap<>();

    void apply(Event.Request request) {
        Incarnation image = request.image();
        Entry entry = new Entry(image, request instanceof Event.ImageWithdrawn);
        entries.merge(image.uid(), entry, Entry::merge);
    }

    /** The image's tombstone: nothing is known of it any more. */
    void forget(String uid) {
        entries.remove(uid);
    }

    Verdict judge(Incarnation image) {
        Entry entry = entries.get(image.uid());
        boolean wanted = entry != null && !entry.withdrawn && !entry.image.isAfter(image);
        return wanted ? Verdict.WANTED : Verdict.STALE;
    }

    Optional<Incarnation> wanted(String uid) {
        return Optional.ofNullable(entries.get(uid))
                .filter(entry -> !entry.withdrawn)
                .map(Entry::image);
    }

    int size() {
        return entries.size();
    }
}
