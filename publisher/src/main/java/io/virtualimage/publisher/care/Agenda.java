package io.virtualimage.publisher.care;

import io.virtualimage.stage.process.ShareListener;
import io.virtualimage.topics.Recorded;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * When each image of this replica's share is to be looked at: once in every interval, at a time that follows from its UID, so
 * that they are spread and an image keeps its time whoever looks after it; and at once on demand. Any thread may ask.
 */
public final class Agenda implements ShareListener {
    private final Clock clock;
    private final long intervalMillis;
    private final Map<String, Entry> entries = new HashMap<>();
    private final NavigableSet<Entry> queue =
            new TreeSet<>(Comparator.comparing(Entry::due).thenComparing(Entry::uid));

    /** Images that somebody is at: nobody else begins with them. */
    private final Set<String> busy = new HashSet<>();

    private record Entry(String uid, Instant due) {}

    public Agenda(Clock clock, Duration interval) {
        if (interval.toMillis() < 1) {
            throw new IllegalArgumentException("images can't be looked at every " + interval);
        }
        this.clock = clock;
        this.intervalMillis = interval.toMillis();
    }

    @Override
    public synchronized void changed(String uid, @Nullable Recorded last) {
        if (last == null) {
            Entry gone = entries.remove(uid);
            if (gone != null) {
                queue.remove(gone);
            }
        } else if (!entries.containsKey(uid)) {
            put(uid, nextTurn(uid));
        }
    }

    /** The image is to be looked at before all whose turn it merely is; without effect if it is not in the share. */
    public synchronized void hurry(String uid) {
        if (entries.containsKey(uid)) {
            put(uid, Instant.EPOCH);
        }
    }

    /** An image whose turn it is, to be given back by {@link #done}. */
    synchronized Optional<String> take() {
        Instant now = clock.instant();
        for (Entry entry : queue) {
            if (entry.due().isAfter(now)) {
                break;
            }
            if (busy.add(entry.uid())) {
                put(entry.uid(), nextTurn(entry.uid()));
                return Optional.of(entry.uid());
            }
        }
        return Optional.empty();
    }

    synchronized void done(String uid) {
        busy.remove(uid);
    }

    private void put(String uid, Instant due) {
        Entry entry = new Entry(uid, due);
        Entry before = entries.put(uid, entry);
        if (before != null) {
            queue.remove(before);
        }
        queue.add(entry);
    }

    private Instant nextTurn(String uid) {
        long now = clock.millis();
        long wait = Math.floorMod(uid.hashCode() - now, intervalMillis);
        return Instant.ofEpochMilli(now + (wait == 0 ? intervalMillis : wait));
    }
}
