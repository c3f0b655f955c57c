package io.virtualimage.stage.staging;

import io.virtualimage.topics.Incarnation;
import java.util.Locale;

/**
 * Name of a staged segment: {@code {uid}/{generation}.{run}.{epoch}/{kind}/{index:08}}.
 *
 * @param kind what the bytes are
 */
public record SegmentKey(Incarnation image, int epoch, Kind kind, int index) {
    /** What a segment is a piece of. */
    public enum Kind {
        /** The source, as it came. */
        SOURCE,
        /** The source, unpacked. */
        PLAIN,
        /** Pieces of a rewritten disk. */
        DISK;

        String wireName() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    public SegmentKey {
        if (epoch < 0 || index < 0) {
            throw new IllegalArgumentException("epoch " + epoch + ", segment " + index);
        }
    }

    public static SegmentKey source(Incarnation image, int epoch, int index) {
        return new SegmentKey(image, epoch, Kind.SOURCE, index);
    }

    /** The object's name. */
    public String objectName() {
        return "%s/%s.%d/%s/%08d".formatted(image.uid(), image.version(), epoch, kind.wireName(), index);
    }
}
