package io.virtualimage.publisher;

import io.virtualimage.oci.OciRegistry;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.stage.work.SegmentFeed;
import java.time.Clock;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * What a publisher stands on.
 *
 * @param registry where images are published
 * @param chunkBytes how much of a layer goes to the registry in one request, at most
 * @param readAhead where the next segment is read while one is being sent; null to read on the worker's own thread
 */
public record PublishPorts(
        OciRegistry registry,
        StagingStore staging,
        SegmentFeed.Feeds feeds,
        Ledger ledger,
        Clock clock,
        long chunkBytes,
        @Nullable Executor readAhead) {
    public static final long DEFAULT_CHUNK_BYTES = 64L << 20;

    public PublishPorts {
        if (chunkBytes < 1) {
            throw new IllegalArgumentException("chunks of " + chunkBytes + " bytes");
        }
    }
}
