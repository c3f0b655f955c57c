package io.virtualimage.topics;

import com.fasterxml.jackson.annotation.JsonProperty;

/** Where an image goes to. */
public enum Storage {
    @JsonProperty("ContainerRegistry")
    CONTAINER_REGISTRY,
    @JsonProperty("PersistentVolumeClaim")
    PERSISTENT_VOLUME_CLAIM
}
