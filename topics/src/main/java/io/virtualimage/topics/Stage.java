package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonValue;

/** A stage of the pipeline that works on images. */
public enum Stage {
    FETCH("fetch"),
    CONVERT("convert"),
    PUBLISH("publish");

    private final String wireName;

    Stage(String wireName) {
        this.wireName = wireName;
    }

    @JsonValue
    public String wireName() {
        return wireName;
    }
}
