package io.virtualimage.statuswriter;

import io.virtualimage.k8s.VirtualImageStatus;
import org.jspecify.annotations.Nullable;

/**
 * A VirtualImage as the API server has it.
 *
 * @param resourceVersion the version that was read
 * @param status null if none was written yet
 */
public record StandingImage(
        String uid,
        long generation,
        String resourceVersion,
        @Nullable VirtualImageStatus status) {}
