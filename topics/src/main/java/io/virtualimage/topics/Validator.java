package io.virtualimage.topics;

/**
 * What tells one version of a source from another: what an HTTP server says of it (RFC 9110, section 8.8), or its very
 * name.
 *
 * @param kind what it is
 * @param value of a header field as it was sent, quotes included
 */
public record Validator(Kind kind, String value) {
    public enum Kind {
        ETAG,
        LAST_MODIFIED,
        /** Digest of a blob in a registry: it is named by its bytes. */
        DIGEST,
        /** Of a volume that nobody writes to while it is read: the UID of its claim. */
        CLAIM
    }

    public Validator {
        if (value.isBlank()) {
            throw new IllegalArgumentException("an empty validator");
        }
    }

    /**
     * Whether equal validators promise equal bytes, so that ranges may be put together. A date of a second's precision
     * does not (RFC 9110, section 8.8.2.2 asks for more than we can know), nor does a weak entity tag.
     */
    public boolean strong() {
        return switch (kind) {
            case ETAG -> !value.startsWith("W/");
            case LAST_MODIFIED -> false;
            case DIGEST, CLAIM -> true;
        };
    }
}
