package io.virtualimage.stage.process;

import io.virtualimage.topics.Recorded;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The last record of each key in the partitions that a member of a group has, as far as they were read. Says of every
 * change which keys it is about.
 */
final class ShareBook implements Share {
    /** Where a partition ended is not known yet. */
    private static final long UNKNOWN = -1;

    private final LongSupplier nanoClock;
    private final Map<Integer, Part> parts = new HashMap<>();

    /** When the member was last seen to be running. */
    private long lastLook;

    private static final class Part {
        private final Map<String, Recorded> last = new HashMap<>();
        private long goal = UNKNOWN;
        private boolean whole;
    }

    /** @param nanoClock one that never jumps */
    ShareBook(LongSupplier nanoClock) {
        this.nanoClock = nanoClock;
        this.lastLook = nanoClock.getAsLong();
    }

    /** The member has just begun: nothing is in its share. */
    synchronized void begin() {
        lastLook = nanoClock.getAsLong();
    }

    /**
     * The member is running. One that stood still for longer than a session lasts has lost its partitions, and may not have
     * heard of that.
     *
     * @throws IllegalStateException to have the member replaced
     */
    synchronized void look() {
        if (stale()) {
            throw new IllegalStateException("stood still for %d ms: the partitions may be somebody else's"
                    .formatted((nanoClock.getAsLong() - lastLook) / 1_000_000));
        }
        lastLook = nanoClock.getAsLong();
    }

    private boolean stale() {
        return nanoClock.getAsLong() - lastLook >= KafkaClients.SESSION_TIMEOUT_MS * 1_000_000L;
    }

    /** A partition is in the share from now on, and will be read from its beginning. */
    synchronized void add(int partition) {
        parts.put(partition, new Part());
    }

    /** Partitions whose ends are not known yet. */
    synchronized Set<Integer> withoutGoal() {
        Set<Integer> without = new HashSet<>();
        parts.forEach((partition, part) -> {
            if (part.goal == UNKNOWN) {
                without.add(partition);
            }
        });
        return without;
    }

    /** Where a partition ended, some time after it was added. */
    synchronized void goal(int partition, long end) {
        Part part = parts.get(partition);
        if (part != null) {
            part.goal = end;
        }
    }

    /**
     * One more record.
     *
     * @param last null if nothing holds any more of what was said under the key
     * @return the key, if whoever listens is to hear of it now
     */
    synchronized Set<String> put(int partition, String key, @Nullable Recorded last) {
        Part part = parts.get(partition);
        if (part == null) {
            return Set.of();
        }
        if (last == null) {
            part.last.remove(key);
        } else {
            part.last.put(key, last);
        }
        return part.whole ? Set.of(key) : Set.of();
    }

    /** A partition was read so far; returns its keys if that was what there was of it. */
    synchronized Set<String> reached(int partition, long position) {
        Part part = parts.get(partition);
        if (part == null || part.whole || part.goal == UNKNOWN || position < part.goal) {
            return Set.of();
        }
        part.whole = true;
        return Set.copyOf(part.last.keySet());
    }

    /** Partitions are not in the share any more; returns the keys of which a listener had heard. */
    synchronized Set<String> remove(Collection<Integer> partitions) {
        Set<String> gone = new HashSet<>();
        for (Integer partition : partitions) {
            Part part = parts.remove(partition);
            if (part != null && part.whole) {
                gone.addAll(part.last.keySet());
            }
        }
        return gone;
    }

    synchronized Set<Integer> partitions() {
        return Set.copyOf(parts.keySet());
    }

    @Override
    public synchronized Optional<Recorded> last(String key) {
        return stale()
                ? Optional.empty()
                : parts.values().stream()
                        .filter(part -> part.whole)
                        .flatMap(part -> Optional.ofNullable(part.last.get(key)).stream())
                        .findAny();
    }

    /** Keys in the share. */
    synchronized int size() {
        return parts.values().stream().mapToInt(part -> part.last.size()).sum();
    }
}
