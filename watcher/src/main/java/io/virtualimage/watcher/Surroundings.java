package io.virtualimage.watcher;

import java.util.Set;

/** What there is in the cluster besides the image itself. Looking is from caches, which may be late, and never waits. */
public interface Surroundings {
    /**
     * Says what an image waits for from now on, instead of what it waited for before. Whenever one of these appears,
     * changes or goes, the image is looked at. Nothing else need ever be known: what no image waits for may be forgotten.
     */
    void follow(String uid, Set<Dependency> dependencies);

    /** Looks for something that an image follows. */
    Lookup look(Dependency dependency);

    /** The same, but looking asks the API server, past all caches, and waits: for what can't be taken back. */
    Surroundings live();
}
