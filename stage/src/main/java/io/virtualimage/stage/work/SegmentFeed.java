package io.virtualimage.stage.work;

import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import java.time.Duration;
import java.util.Optional;

/** Follows {@code virtualimage.fetched} for one image, so that a long task sees what is staged while it works. */
public interface SegmentFeed extends AutoCloseable {
    /** The next event of that image; empty if there is none within the time. */
    Optional<Recorded> next(Duration atMost) throws InterruptedException;

    @Override
    void close();

    /** Opens feeds. */
    interface Feeds {
        /** @param from the first record to read */
        SegmentFeed follow(Incarnation image, Position from);
    }
}
