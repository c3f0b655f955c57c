package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonValue;

/** Kinds of objects that an image can be made from. */
public enum ObjectKind {
    VIRTUAL_IMAGE("VirtualImage"),
    CLUSTER_VIRTUAL_IMAGE("ClusterVirtualImage"),
    VIRTUAL_DISK("VirtualDisk"),
    VIRTUAL_DISK_SNAPSHOT("VirtualDiskSnapshot");

    private final String wireName;

    ObjectKind(String wireName) {
        this.wireName = wireName;
    }

    /** The kind, as it stands in objects. */
    @JsonValue
    public String wireName() {
        return wireName;
    }
}
