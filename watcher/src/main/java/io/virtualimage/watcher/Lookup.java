package io.virtualimage.watcher;

import java.util.List;

/** What a look for a dependency came to. */
public sealed interface Lookup {
    /** These are there, maybe none. */
    record Known(List<Referent> objects) implements Lookup {
        public Known {
            objects = List.copyOf(objects);
        }
    }

    /**
     * The API server says that it has no such resource.
     *
     * @param lasting whether it has said so for long: one that has just begun may not know yet what it serves
     */
    record Unserved(boolean lasting) implements Lookup {}

    /**
     * Nobody knows yet.
     *
     * @param why what keeps us from knowing; for people
     * @param overdue whether it has taken so long that people must be told
     */
    record Unknown(String why, boolean overdue) implements Lookup {}
}
