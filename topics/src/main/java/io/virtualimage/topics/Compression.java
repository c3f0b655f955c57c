package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonValue;

/** What a source is wrapped in, as a whole. */
public enum Compression {
    /** RFC 1952. */
    GZIP("gz"),
    XZ("xz"),
    /** RFC 8878. */
    ZSTD("zst");

    private final String wireName;

    Compression(String wireName) {
        this.wireName = wireName;
    }

    @JsonValue
    public String wireName() {
        return wireName;
    }
}
