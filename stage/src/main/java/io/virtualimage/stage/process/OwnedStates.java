package io.virtualimage.stage.process;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The states of a partition as its present owner keeps them: under keys of its own, {@code uid/term}. Nothing keeps a
 * process that was paused, and lost the partition meanwhile, from sending what its producer still holds. Under a common
 * key that would hide what the owners after it wrote, and with it facts whose events are read and committed, for good.
 */
final class OwnedStates {
    private static final char SEPARATOR = '/';

    private final KeyValueStore<String, byte[]> store;
    private final Map<String, Long> newest = new HashMap<>();

    /** Keys of earlier owners, by image; removed when there is one of ours. */
    private final Map<String, List<String>> inherited = new HashMap<>();

    private final long term;

    /**
     * Takes a partition over.
     *
     * @param now later than when any owner before took it over, but for what clocks are apart
     */
    OwnedStates(KeyValueStore<String, byte[]> store, Instant now) {
        this.store = store;
        long highest = 0;
        try (KeyValueIterator<String, byte[]> stored = store.all()) {
            while (stored.hasNext()) {
                KeyValue<String, byte[]> entry = stored.next();
                String uid = uidOf(entry.key);
                newest.merge(uid, termOf(entry.key), Math::max);
                inherited.computeIfAbsent(uid, key -> new ArrayList<>()).add(entry.key);
                highest = Math.max(highest, termOf(entry.key));
            }
        }
        this.term = Math.max(highest + 1, now.toEpochMilli());
    }

    /** Hands out what the owners before left: of each image the state of the latest one. */
    void forEachInherited(BiConsumer<String, byte[]> handler) {
        newest.forEach((uid, of) -> {
            byte[] state = store.get(keyOf(uid, of));
            if (state != null) {
                handler.accept(uid, state);
            }
        });
    }

    void put(String uid, byte[] state) {
        store.put(keyOf(uid, term), state);
        dropInherited(uid);
    }

    void delete(String uid) {
        store.delete(keyOf(uid, term));
        dropInherited(uid);
    }

    private void dropInherited(String uid) {
        List<String> keys = inherited.remove(uid);
        if (keys != null) {
            keys.forEach(store::delete);
        }
    }

    static String keyOf(String uid, long term) {
        return uid + SEPARATOR + Long.toHexString(term);
    }

    /** UIDs have no such character in them. */
    private static String uidOf(String key) {
        return key.substring(0, key.lastIndexOf(SEPARATOR));
    }

    private static long termOf(String key) {
        return Long.parseLong(key.substring(key.lastIndexOf(SEPARATOR) + 1), 16);
    }
}
