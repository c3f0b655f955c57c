package io.virtualimage.stage.process;

import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The states that a fold has in this replica: those of the partitions that are its own, for as long as they are. The fold
 * goes on while others look at them.
 */
public final class FoldStates<S> {
    private final Set<Map<String, S>> partitions = Collections.newSetFromMap(new IdentityHashMap<>());

    FoldStates() {}

    /** A partition was taken over: its states, by UID, are to be kept in this map. */
    synchronized Map<String, S> open() {
        Map<String, S> states = new ConcurrentHashMap<>();
        partitions.add(states);
        return states;
    }

    /** The partition is somebody else's now. */
    synchronized void close(Map<String, S> states) {
        partitions.remove(states);
    }

    /** A copy of what there is now, by UID. */
    public synchronized Map<String, S> copy() {
        Map<String, S> copy = new HashMap<>();
        partitions.forEach(copy::putAll);
        return copy;
    }

    synchronized int size() {
        return partitions.stream().mapToInt(Map::size).sum();
    }
}
