package io.virtualimage.statuswriter;

import io.virtualimage.k8s.VirtualImageStatus;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What the status-writer needs of the Kubernetes API. */
public interface ImageApi {
    /** What became of an attempt to write. */
    enum Outcome {
        /** It stands, or stood already. */
        DONE,
        /** The object is not the one, or not the version, that the write was meant for. */
        CONFLICT,
        /** There is no such object, or no such namespace any more. */
        GONE,
        /** The API server will never take it. */
        REFUSED
    }

    /**
     * Reads an object, past all caches.
     *
     * @return empty if there is none of that name
     */
    Optional<StandingImage> get(String namespace, String name) throws ImageApiException, InterruptedException;

    /**
     * Makes this the status, whoever wrote another one: fields of ours that it leaves out are removed. Atomic and
     * idempotent.
     *
     * @param uid the object must have it
     * @param resourceVersion the object must still be this version; null if it may be any
     */
    Outcome applyStatus(
            String namespace, String name, String uid, @Nullable String resourceVersion, VirtualImageStatus status)
            throws ImageApiException, InterruptedException;

    /** Writes a Kubernetes Event. Its name is its identity: a second write of it is done at once. */
    Outcome createEvent(ImageNotice notice) throws ImageApiException, InterruptedException;

    /** The API server is away, overloaded, or refuses for a reason that an operator can mend: worth another try. */
    final class ImageApiException extends Exception {
        public ImageApiException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
