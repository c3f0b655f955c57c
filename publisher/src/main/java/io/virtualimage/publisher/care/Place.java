package io.virtualimage.publisher.care;

import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Incarnation;
import java.util.Optional;
import java.util.function.Predicate;

/** Where images are published. Safe for use by many threads. */
public interface Place {
    /**
     * Looks for what was published here; changes nothing.
     *
     * @return a sentence for people: what is missing, by the name that they know; empty if all is there
     * @throws NoAnswerException if neither can be said for certain
     */
    Optional<String> missing(ImagePublished published) throws NoAnswerException, InterruptedException;

    /**
     * Takes versions of an image away, as far as they are here. May be repeated. Touches nothing of another image, even one
     * of the same name.
     *
     * @param goes whether a version is to go
     * @throws NoAnswerException if not all of them are certain to be gone; what can never be removed counts as gone
     */
    void sweep(Incarnation image, Predicate<Incarnation> goes) throws NoAnswerException, InterruptedException;
}
