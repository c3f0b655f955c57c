package io.virtualimage.fetcher.source;

import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * A source as one stream.
 *
 * @param body its bytes
 * @param lengthBytes how many it promises; null if it doesn't say
 */
public record SourceStream(InputStream body, @Nullable Long lengthBytes) implements AutoCloseable {
    @Override
    public void close() {
        try {
            body.close();
        } catch (IOException ignored) {
            // All that was wanted of it has been read.
        }
    }
}
