package io.virtualimage.oci;

/**
 * How far an upload is.
 *
 * @param location where it goes on
 * @param offsetBytes how many bytes the registry has; 0 may also mean 1, see {@link OciRegistry#uploadStatus}
 */
public record UploadStatus(UploadLocation location, long offsetBytes) {

    public UploadStatus {
        if (offsetBytes < 0) {
            throw new IllegalArgumentException("an offset is not negative: " + offsetBytes);
        }
    }
}
