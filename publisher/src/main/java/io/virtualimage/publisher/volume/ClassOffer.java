package io.virtualimage.publisher.volume;

import io.virtualimage.k8s.volume.VolumeMode;

/**
 * How a storage class makes its volumes for images.
 *
 * @param storageClass its name
 * @param shared whether many nodes may mount one at a time
 */
public record ClassOffer(String storageClass, VolumeMode mode, boolean shared) {
    private static final String MANY = "ReadWriteMany";
    private static final String ONE = "ReadWriteOnce";

    /** The access mode of a claim. */
    String accessMode() {
        return shared ? MANY : ONE;
    }

    /** Whether an access mode is the one that many nodes share. */
    static boolean isShared(String accessMode) {
        return MANY.equals(accessMode);
    }
}
