package io.virtualimage.k8s;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/** How far an image is; {@code status.phase}. */
public enum Phase {
    PENDING("Pending"),
    WAIT_FOR_USER_UPLOAD("WaitForUserUpload"),
    PROVISIONING("Provisioning"),
    READY("Ready"),
    FAILED("Failed"),
    TERMINATING("Terminating"),
    IMAGE_LOST("ImageLost"),
    PVC_LOST("PVCLost");

    private final String wire;

    Phase(String wire) {
        this.wire = wire;
    }

    /** As it stands in the resource. */
    @JsonValue
    public String wire() {
        return wire;
    }

    /** Null for a value that this version doesn't know. */
    @JsonCreator
    public static @Nullable Phase parse(String wire) {
        for (Phase value : values()) {
            if (value.wire.equals(wire)) {
                return value;
            }
        }
        return null;
    }

    /** Whether the API server refuses a change of the spec in this phase. */
    public boolean fixesSpec() {
        return switch (this) {
            case READY, IMAGE_LOST, PVC_LOST, TERMINATING -> true;
            case PENDING, WAIT_FOR_USER_UPLOAD, PROVISIONING, FAILED -> false;
        };
    }
}
