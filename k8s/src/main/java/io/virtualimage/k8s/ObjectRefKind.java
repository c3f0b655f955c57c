package io.virtualimage.k8s;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import org.jspecify.annotations.Nullable;

/** What an image can be made from; {@code spec.dataSource.objectRef.kind}. All but one live in the namespace. */
public enum ObjectRefKind {
    VIRTUAL_IMAGE("VirtualImage"),
    CLUSTER_VIRTUAL_IMAGE("ClusterVirtualImage"),
    VIRTUAL_DISK("VirtualDisk"),
    VIRTUAL_DISK_SNAPSHOT("VirtualDiskSnapshot");

    private final String wire;

    ObjectRefKind(String wire) {
        this.wire = wire;
    }

    /** As it stands in the resource. */
    @JsonValue
    public String wire() {
        return wire;
    }

    /** Null for a value that this version doesn't know. */
    @JsonCreator
    public static @Nullable ObjectRefKind parse(String wire) {
        for (ObjectRefKind value : values()) {
            if (value.wire.equals(wire)) {
                return value;
            }
        }
        return null;
    }
}
