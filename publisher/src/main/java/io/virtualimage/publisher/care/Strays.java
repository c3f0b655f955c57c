package io.virtualimage.publisher.care;

import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import java.util.function.Predicate;

/** Which versions of an image nobody wants any more, going by the last word on it. Newer ones are none of them. */
final class Strays {
    private Strays() {}

    static Predicate<Incarnation> of(Event.Published last) {
        Incarnation image = last.image();
        return switch (last) {
            case Event.ImagePublished ignored -> image::isAfter;
            case Event.ImageLost ignored -> image::isAfter;
            case Event.ImageRemoved removed -> version -> !version.isAfter(image) && !version.equals(removed.kept());
        };
    }
}
