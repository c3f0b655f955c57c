package io.virtualimage.oci;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A registry did not do what it was asked to. The message reads "tried to X but failed because Y", with the registry's
 * own words where it gave some, cut where they are long and without any unprintable character; and never contains a
 * credential.
 *
 * <p>If the thread was interrupted, the reason is {@link Reason#UNAVAILABLE} and the interrupt flag is set.
 */
public sealed class RegistryException extends IOException permits DeleteNotAllowedException, ReadingStoppedException {

    /** No message of ours is longer; what others say in it may be of any length. */
    private static final int MAX_WORDS = 1000;

    private final Reason reason;
    private final transient @Nullable Duration retryAfter;

    RegistryException(Reason reason, String message, @Nullable Throwable cause, @Nullable Duration retryAfter) {
        super(message, cause);
        this.reason = reason;
        this.retryAfter = retryAfter;
    }

    /**
     * For implementations of the port.
     *
     * @param deed completes "tried to"
     * @param why completes "because"
     */
    public static RegistryException of(Reason reason, String deed, String why, @Nullable Throwable cause) {
        return of(reason, deed, why, cause, null);
    }

    static RegistryException of(
            Reason reason, String deed, String why, @Nullable Throwable cause, @Nullable Duration retryAfter) {
        String message = "tried to " + deed + " but failed because " + PrintableText.of(why, MAX_WORDS);
        return reason == Reason.DELETE_NOT_ALLOWED
                ? new DeleteNotAllowedException(message, cause)
                : new RegistryException(reason, message, cause, retryAfter);
    }

    public Reason reason() {
        return reason;
    }

    /** Whether the same call may succeed later, with nothing changed on our side. */
    public boolean retryable() {
        return reason == Reason.UNAVAILABLE;
    }

    /** How long the registry asked to be left alone, if it did. */
    public Optional<Duration> retryAfter() {
        return Optional.ofNullable(retryAfter);
    }

    /** Why a call failed, as far as a caller acts on it. */
    public enum Reason {
        /** No credentials, or wrong ones. */
        UNAUTHORIZED,
        /** The credentials are good, but not for this. */
        FORBIDDEN,
        /** Its certificate is not signed by anybody we trust: a CA bundle is missing. */
        UNTRUSTED,
        /** No such blob, manifest or repository. */
        NOT_FOUND,
        /** The registry is configured to keep everything. */
        DELETE_NOT_ALLOWED,
        /** The registry does not know the upload (any more): start another. */
        UPLOAD_UNKNOWN,
        /** The upload is at another offset than the caller thinks, or its location is stale: ask for its status. */
        UPLOAD_OUT_OF_STEP,
        /** The content is not what the digest says; of an upload: cancel it and start another. */
        DIGEST_MISMATCH,
        /** A manifest names blobs or manifests that the repository does not have. */
        BLOB_UNKNOWN,
        /** The registry can't begin in the middle of this blob: read it from 0. */
        RANGES_UNSUPPORTED,
        /** 5xx, 429, 408, no connection, a connection that broke, an interrupt: try again. */
        UNAVAILABLE,
        /** Anything else: an answer that the specification does not foresee, or one that does not fit. */
        PROTOCOL
    }
}
