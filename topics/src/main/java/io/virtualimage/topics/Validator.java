package io.virtualimage.topics;

/**
 * What a server says to tell one version of a file from another (RFC 9110, section 8.8).
 *
 * @param kind which header field it came from
 * @param value the field's value as it was sent, quotes included
 */
public record Validator(Kind kind, String value) {
    public enum Kind {
        ETAG,
        LAST_MODIFIED
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
        return kind == Kind.ETAG && !value.startsWith("W/");
    }
}
