package io.virtualimage.stage.staging;

import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentKind;

/**
 * Name of a staged segment: {@code {uid}/{generation}.{run}.{epoch}/{kind}/{index:08}}.
 *
 * @param kind what the bytes are
 */
public record SegmentKey(Incarnation image, int epoch, SegmentKind kind, int index) {
    public SegmentKey {
        if (epoch < 0 || index < 0) {
            throw new IllegalArgumentException("epoch " + epoch + ", segment " + index);
        }
    }

    public static SegmentKey source(Incarnation image, int epoch, int index) {
        return new SegmentKey(image, epoch, SegmentKind.SOURCE, index);
    }

    /** The object's name. */
    public String objectName() {
        return "%s/%s.%d/%s/%08d".formatted(image.uid(), image.version(), epoch, kind.wireName(), index);
    }
}
