package io.virtualimage.watcher;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Which images wait for what. Any thread may ask. */
final class Followers {
    private final Map<String, Set<Dependency>> byImage = new HashMap<>();
    private final Map<Dependency, Set<String>> byDependency = new HashMap<>();

    /** Says what an image waits for, instead of what it waited for before. */
    synchronized void follow(String uid, Set<Dependency> dependencies) {
        Set<Dependency> before = byImage.getOrDefault(uid, Set.of());
        if (before.equals(dependencies)) {
            return;
        }
        for (Dependency gone : before) {
            Set<String> uids = byDependency.get(gone);
            if (uids != null && uids.remove(uid) && uids.isEmpty()) {
                byDependency.remove(gone);
            }
        }
        for (Dependency each : dependencies) {
            byDependency.computeIfAbsent(each, none -> new HashSet<>()).add(uid);
        }
        if (dependencies.isEmpty()) {
            byImage.remove(uid);
        } else {
            byImage.put(uid, Set.copyOf(dependencies));
        }
    }

    /** The images that wait for an object, or for any of its kind where it is. */
    synchronized Set<String> of(Dependency.Kind kind, @Nullable String namespace, String name) {
        Dependency object = new Dependency(kind, namespace, name);
        Set<String> uids = new HashSet<>(byDependency.getOrDefault(object, Set.of()));
        uids.addAll(byDependency.getOrDefault(object.all(), Set.of()));
        return uids;
    }

    /** All that is waited for. */
    synchronized Set<Dependency> dependencies() {
        return Set.copyOf(byDependency.keySet());
    }
}
