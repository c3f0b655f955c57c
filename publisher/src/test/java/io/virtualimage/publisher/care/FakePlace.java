package io.virtualimage.publisher.care;

import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Incarnation;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** A place in memory. */
final class FakePlace implements Place {
    final Set<Incarnation> there = new HashSet<>();
    boolean away;

    /** What happens between the look and its answer. */
    Runnable whileLooking = () -> {};

    int looks;
    int sweeps;

    @Override
    public Optional<String> missing(ImagePublished published) throws NoAnswerException {
        looks++;
        answer();
        boolean found = there.contains(published.image());
        whileLooking.run();
        return found ? Optional.empty() : Optional.of(published.registryUrl() + " is gone");
    }

    @Override
    public void sweep(Incarnation image, Predicate<Incarnation> goes) throws NoAnswerException {
        sweeps++;
        answer();
        there.removeIf(version -> version.uid().equals(image.uid()) && goes.test(version));
    }

    private void answer() throws NoAnswerException {
        if (away) {
            throw new NoAnswerException("nobody is there", null);
        }
    }
}
