package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonValue;

/** What a staged object is a piece of. */
public enum SegmentKind {
    /** The source, as it came. */
    SOURCE("source"),
    /** The source, unpacked. */
    PLAIN("plain"),
    /** Clusters and grains of a rewritten disk that were compressed each on its own, unpacked. */
    DISK("disk"),
    /** The recipe by which an output is put together; its documents are no segments, but may be lost like them. */
    RECIPE("recipe");

    private final String wireName;

    SegmentKind(String wireName) {
        this.wireName = wireName;
    }

    /** The name in events, and in objects' names. */
    @JsonValue
    public String wireName() {
        return wireName;
    }
}
