package io.virtualimage.stage.staging;

/** The object store did not answer, or not as it should: an outage of our own, never the image's fault. */
public final class StagingUnavailableException extends Exception {
    public StagingUnavailableException(String message, Throwable cause) {
        super(message, cause);
    }
}
