package io.virtualimage.watcher;

import java.util.Collection;
import java.util.Optional;

/**
 * The VirtualImages of the cluster. Reading is from a cache, which may be late, unless a method says otherwise. What goes
 * wrong in talking to the API server is thrown unchecked, and worth another try.
 */
public interface ImageObjects {
    /** UIDs of all objects in the cache. */
    Collection<String> uids();

    Optional<WantedImage> known(String uid);

    /** Whether the API server, asked now, has an object of this name with this UID. */
    boolean exists(String namespace, String name, String uid);

    /** Puts our finalizer on; fails if the object is no longer the version that was read. */
    void addFinalizer(WantedImage image);

    /** Takes our finalizer off; fails if the object's finalizers are no longer those that were read. Idempotent. */
    void removeFinalizer(WantedImage image);
}
