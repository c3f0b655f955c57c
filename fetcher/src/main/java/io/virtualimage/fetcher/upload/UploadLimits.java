package io.virtualimage.fetcher.upload;

/**
 * What an upload may be.
 *
 * @param segmentBytes length of a segment: less is not kept of an upload that breaks off
 * @param maxBytes the largest file that is taken
 */
record UploadLimits(int segmentBytes, long maxBytes) {
    /** The header {@code Upload-Limit} of the draft on resumable uploads. */
    String header() {
        return "max-size=%d, min-append-size=%d".formatted(maxBytes, segmentBytes);
    }
}
