package io.virtualimage.oci;

/** The outcome of asking for another repository's blob. */
public sealed interface BlobMount {

    /** The blob is in the repository now; no byte moved. */
    record Mounted() implements BlobMount {}

    /** The registry would not; it began an upload instead, to be continued or cancelled. */
    record UploadStarted(UploadLocation location) implements BlobMount {}
}
