package io.virtualimage.topics;

/** Why an image can't be had as its spec stands. The list is closed: each reason becomes a condition's reason. */
public enum FailureReason {
    /** The source did not answer, or answered with a passing error, until the retry budget was used up. */
    SOURCE_UNAVAILABLE,
    /** The source refused for good, as with 404 Not Found. */
    SOURCE_REFUSED,
    /** The source gave fewer bytes than it promised, however often it was asked. */
    SOURCE_TRUNCATED,
    /** The source holds no bytes. */
    SOURCE_EMPTY,
    /** The source was a different file every time it was asked. */
    SOURCE_CHANGING,
    /** Nobody uploaded anything in time, or went on with what had broken off. */
    UPLOAD_TIMEOUT,
    /** The bytes are not those that the user gave a checksum of, or that the registry's digest speaks of. */
    CHECKSUM_MISMATCH,
    /** The bytes are no disk image. */
    NOT_AN_IMAGE,
    /** The bytes begin like an image of a known format, but break its rules. */
    IMAGE_MALFORMED,
    /** An image of a format, or with a feature, that is refused or not supported. */
    IMAGE_UNSUPPORTED,
    /** The image is larger than what the operator allows. */
    OVER_LIMIT,
    /** A defect of our own: the work failed again and again, and not because of an outage. */
    INTERNAL
}
