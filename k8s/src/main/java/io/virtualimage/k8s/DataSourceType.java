package io.virtualimage.k8s;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/** The kinds of {@link Origin}; {@code spec.dataSource.type}. */
public enum DataSourceType {
    HTTP("HTTP"),
    CONTAINER_IMAGE("ContainerImage"),
    OBJECT_REF("ObjectRef"),
    UPLOAD("Upload");

    private final String wire;

    DataSourceType(String wire) {
        this.wire = wire;
    }

    /** As it stands in the resource. */
    @JsonValue
    public String wire() {
        return wire;
    }

    /** Null for a value that this version doesn't know. */
    @JsonCreator
    public static @Nullable DataSourceType parse(String wire) {
        for (DataSourceType value : values()) {
            if (value.wire.equals(wire)) {
                return value;
            }
        }
        return null;
    }
}
