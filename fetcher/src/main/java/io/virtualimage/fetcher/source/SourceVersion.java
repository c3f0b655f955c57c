package io.virtualimage.fetcher.source;

import io.virtualimage.topics.Validator;

/**
 * What a source has to be still, so that its pieces may be put together.
 *
 * @param validator strong
 * @param lengthBytes of the whole; besides the validator, because servers were seen that keep it when a file changes
 */
public record SourceVersion(Validator validator, long lengthBytes) {
    public SourceVersion {
        if (!validator.strong() || lengthBytes < 1) {
            throw new IllegalArgumentException(validator + " of " + lengthBytes + " bytes");
        }
    }
}
