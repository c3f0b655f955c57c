package io.virtualimage.fetcher.upload;

import java.time.Duration;

/**
 * What an upload may be.
 *
 * @param segmentBytes length of a segment: less is not kept of an upload that breaks off
 * @param maxBytes the largest file that is taken
 * @param patience for how long a client may send next to nothing
 */
record UploadLimits(int segmentBytes, long maxBytes, Duration patience) {
    /** The header {@code Upload-Limit} of the draft on resumable uploads. */
    String header() {
        return "max-size=%d, min-append-size=%d".formatted(maxBytes, segmentBytes);
    }
}
