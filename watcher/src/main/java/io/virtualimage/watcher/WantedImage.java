package io.virtualimage.watcher;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.k8s.WellKnown;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A VirtualImage, as far as the watcher looks at it.
 *
 * @param resourceVersion the version of the object that was read
 * @param retry value of the annotation {@code virtualimage.io/retry}; null if there is none
 * @param check value of the annotation {@code virtualimage.io/check}; null if there is none
 * @param deleting whether its deletion was asked for
 * @param phase null before the first status
 * @param observedGeneration the generation that the status speaks of
 */
public record WantedImage(
        String namespace,
        String name,
        String uid,
        long generation,
        String resourceVersion,
        @Nullable String retry,
        @Nullable String check,
        boolean deleting,
        List<String> finalizers,
        VirtualImageSpec spec,
        @Nullable Phase phase,
        @Nullable Long observedGeneration) {

    public WantedImage {
        finalizers = List.copyOf(finalizers);
    }

    /** Reads it from an object that the API server gave. */
    public static WantedImage of(VirtualImage object) {
        ObjectMeta meta = object.getMetadata();
        Map<String, String> annotations = Objects.requireNonNullElse(meta.getAnnotations(), Map.of());
        VirtualImageSpec spec = object.getSpec();
        VirtualImageStatus status = object.getStatus();
        return new WantedImage(
                meta.getNamespace(),
                meta.getName(),
                meta.getUid(),
                Objects.requireNonNullElse(meta.getGeneration(), 1L),
                Objects.requireNonNullElse(meta.getResourceVersion(), ""),
                annotations.get(WellKnown.RETRY_ANNOTATION),
                annotations.get(WellKnown.CHECK_ANNOTATION),
                meta.getDeletionTimestamp() != null,
                Objects.requireNonNullElse(meta.getFinalizers(), List.of()),
                spec == null ? new VirtualImageSpec(null, null, null) : spec,
                object.phase(),
                status == null ? null : status.observedGeneration());
    }

    /** Whether our finalizer keeps it. */
    public boolean kept() {
        return finalizers.contains(WellKnown.CLEANUP_FINALIZER);
    }

    /** Whether its status says that it was published, by the spec that it has now. */
    public boolean settled() {
        return observed()
                && switch (phase) {
                    case READY, IMAGE_LOST, PVC_LOST -> true;
                    case PENDING, WAIT_FOR_USER_UPLOAD, PROVISIONING, FAILED, TERMINATING -> false;
                    case null -> false;
                };
    }

    /** Whether its status says that it can't be had, by the spec that it has now. */
    public boolean failed() {
        return observed() && phase == Phase.FAILED;
    }

    private boolean observed() {
        return observedGeneration != null && observedGeneration == generation;
    }
}
