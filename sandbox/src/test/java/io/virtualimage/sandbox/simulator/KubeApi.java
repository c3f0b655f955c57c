package io.virtualimage.sandbox.simulator;

import io.virtualimage.k8s.Checksum;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.k8s.WellKnown;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The API server with its VirtualImages. Every change makes a new version of the object; watchers see the versions in
 * their order, late.
 */
final class KubeApi {
    /** One version of an object; deleted for good if {@code gone}. */
    record Version(
            String namespace,
            String name,
            String uid,
            long generation,
            long resourceVersion,
            @Nullable String retry,
            boolean deleting,
            boolean gone,
            List<String> finalizers,
            VirtualImageSpec spec,
            @Nullable VirtualImageStatus status) {

        VirtualImage object() {
            VirtualImage object = new VirtualImage();
            object.getMetadata().setNamespace(namespace);
            object.getMetadata().setName(name);
            object.getMetadata().setUid(uid);
            object.getMetadata().setGeneration(generation);
            object.getMetadata().setResourceVersion(Long.toString(resourceVersion));
            object.getMetadata().setFinalizers(new ArrayList<>(finalizers));
            if (retry != null) {
                object.getMetadata().setAnnotations(Map.of(WellKnown.RETRY_ANNOTATION, retry));
            }
            if (deleting) {
                object.getMetadata().setDeletionTimestamp("2026-01-01T00:00:00Z");
            }
            object.setSpec(spec);
            object.setStatus(status);
            return object;
        }

        boolean fixesSpec() {
            return deleting
                    || (status != null
                            && status.phase() != null
                            && status.phase().fixesSpec());
        }
    }

    /** The server refuses. */
    static final class ConflictException extends RuntimeException {
        ConflictException(String message) {
            super(message);
        }
    }

    private final Map<String, Version> objects = new TreeMap<>();
    private final List<Version> history = new ArrayList<>();
    private final Consumer<Version> onChange;

    /** @param onChange sees every change, at once */
    KubeApi(Consumer<Version> onChange) {
        this.onChange = onChange;
    }

    /** All versions of all objects, in the order of their making. */
    List<Version> history() {
        return history;
    }

    /** The objects that there are. */
    List<Version> objects() {
        return List.copyOf(objects.values());
    }

    Optional<Version> get(String uid) {
        return Optional.ofNullable(objects.get(uid));
    }

    Optional<Version> find(String namespace, String name) {
        return objects.values().stream()
                .filter(object ->
                        object.namespace().equals(namespace) && object.name().equals(name))
                .findFirst();
    }

    static VirtualImageSpec spec(String url, @Nullable String sha256) {
        Checksum checksum = sha256 == null ? null : new Checksum(null, null, sha256, null, null, null);
        return VirtualImageSpec.inRegistry(new Origin.Http(url, null, checksum));
    }

    void create(String name, String uid, VirtualImageSpec spec) {
        put(new Version("default", name, uid, 1, 0, null, false, false, List.of(), spec, null));
    }

    /** Returns whether the server took it. */
    boolean respecify(String uid, VirtualImageSpec spec) {
        Version v = objects.get(uid);
        if (v == null || v.fixesSpec()) {
            return false;
        }
        put(new Version(
                v.namespace, v.name, uid, v.generation + 1, 0, v.retry, false, false, v.finalizers, spec, v.status));
        return true;
    }

    boolean retry(String uid, String value) {
        Version v = objects.get(uid);
        if (v == null || v.deleting) {
            return false;
        }
        put(new Version(
                v.namespace, v.name, uid, v.generation, 0, value, false, false, v.finalizers, v.spec, v.status));
        return true;
    }

    /** As with any object: it is gone when nothing holds it. */
    boolean delete(String uid) {
        Version v = objects.get(uid);
        if (v == null || v.deleting) {
            return false;
        }
        put(new Version(
                v.namespace,
                v.name,
                uid,
                v.generation + 1,
                0,
                v.retry,
                true,
                v.finalizers.isEmpty(),
                v.finalizers,
                v.spec,
                v.status));
        return true;
    }

    void addFinalizer(String uid, String finalizer, long resourceVersion) {
        Version v = require(uid);
        if (v.resourceVersion != resourceVersion) {
            throw new ConflictException("the object has been modified");
        }
        if (v.deleting) {
            throw new ConflictException("no new finalizers on an object that is being deleted");
        }
        List<String> finalizers = new ArrayList<>(v.finalizers);
        finalizers.add(finalizer);
        put(withFinalizers(v, finalizers));
    }

    void removeFinalizer(String uid, String finalizer) {
        Version v = objects.get(uid);
        if (v == null) {
            return;
        }
        if (!v.finalizers.contains(finalizer)) {
            throw new ConflictException("the test of the patch failed");
        }
        put(withFinalizers(
                v, v.finalizers.stream().filter(f -> !f.equals(finalizer)).toList()));
    }

    private static Version withFinalizers(Version v, List<String> finalizers) {
        return new Version(
                v.namespace,
                v.name,
                v.uid,
                v.generation,
                0,
                v.retry,
                v.deleting,
                v.deleting && finalizers.isEmpty(),
                finalizers,
                v.spec,
                v.status);
    }

    /**
     * Patches the status.
     *
     * @param resourceVersion that the object must have; null if any will do
     */
    void patchStatus(String uid, @Nullable String resourceVersion, VirtualImageStatus status) {
        Version v = require(uid);
        if (resourceVersion != null && !resourceVersion.equals(Long.toString(v.resourceVersion))) {
            throw new ConflictException("the object has been modified");
        }
        if (status.equals(v.status)) {
            return;
        }
        put(new Version(
                v.namespace, v.name, uid, v.generation, 0, v.retry, v.deleting, false, v.finalizers, v.spec, status));
    }

    private Version require(String uid) {
        Version v = objects.get(uid);
        if (v == null) {
            throw new ConflictException("not found: " + uid);
        }
        return v;
    }

    private void put(Version next) {
        Version stamped = new Version(
                next.namespace,
                next.name,
                next.uid,
                next.generation,
                history.size() + 1L,
                next.retry,
                next.deleting,
                next.gone,
                next.finalizers,
                next.spec,
                next.status);
        history.add(stamped);
        if (stamped.gone) {
            objects.remove(stamped.uid);
        } else {
            objects.put(stamped.uid, stamped);
        }
        onChange.accept(stamped);
    }
}
