package io.virtualimage.k8s;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/** Where an image is kept; {@code spec.storage}. */
public enum Storage {
    CONTAINER_REGISTRY("ContainerRegistry"),
    PERSISTENT_VOLUME_CLAIM("PersistentVolumeClaim"),
    /** The old name of {@link #PERSISTENT_VOLUME_CLAIM}, still accepted. */
    KUBERNETES("Kubernetes");

    private final String wire;

    Storage(String wire) {
        this.wire = wire;
    }

    /** As it stands in the resource. */
    @JsonValue
    public String wire() {
        return wire;
    }

    /** Null for a value that this version doesn't know. */
    @JsonCreator
    public static @Nullable Storage parse(String wire) {
        for (Storage value : values()) {
            if (value.wire.equals(wire)) {
                return value;
            }
        }
        return null;
    }

    /** Whether the image is kept in a claim, by whichever of its names. */
    public boolean isClaim() {
        return switch (this) {
            case CONTAINER_REGISTRY -> false;
            case PERSISTENT_VOLUME_CLAIM, KUBERNETES -> true;
        };
    }
}
