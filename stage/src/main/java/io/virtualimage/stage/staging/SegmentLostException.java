package io.virtualimage.stage.staging;

/** A segment that was announced is not there, or is not what was announced. */
public final class SegmentLostException extends Exception {
    private final SegmentKey key;

    public SegmentLostException(SegmentKey key, String message) {
        super(message);
        this.key = key;
    }

    public SegmentKey key() {
        return key;
    }
}
