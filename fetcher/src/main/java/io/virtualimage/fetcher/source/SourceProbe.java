package io.virtualimage.fetcher.source;

import io.virtualimage.topics.LayerEntry;
import io.virtualimage.topics.Validator;
import org.jspecify.annotations.Nullable;

/**
 * What a source says of itself.
 *
 * @param lengthBytes null if it doesn't say
 * @param validator null if it gave none
 * @param ranges whether pieces may be fetched and put together: length known, ranges served, strong validator
 * @param fileName how the file is called: a safe name for a file, never empty
 * @param entry where in a container image the file is; null for other sources
 */
public record SourceProbe(
        @Nullable Long lengthBytes,
        @Nullable Validator validator,
        boolean ranges,
        String fileName,
        @Nullable LayerEntry entry) {
    public SourceProbe {
        if (ranges && (lengthBytes == null || validator == null || !validator.strong())) {
            throw new IllegalArgumentException("ranges need a length and a strong validator");
        }
        if (fileName.isEmpty() || (lengthBytes != null && lengthBytes < 0)) {
            throw new IllegalArgumentException("'" + fileName + "' of " + lengthBytes + " bytes");
        }
    }

    /** Of a source that is no container image. */
    public SourceProbe(@Nullable Long lengthBytes, @Nullable Validator validator, boolean ranges, String fileName) {
        this(lengthBytes, validator, ranges, fileName, null);
    }

    /** Whether there is certainly no byte in it. */
    public boolean empty() {
        return lengthBytes != null && lengthBytes == 0;
    }
}
