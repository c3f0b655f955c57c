package io.virtualimage.stage.work;

import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import java.time.Duration;
import java.time.Instant;
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

    /** A feed that tells whether its reader has seen all that was said before. */
    interface History extends SegmentFeed {
        /** Whether all was handed out that there was when this was first asked. */
        boolean caughtUp();
    }

    /** Opens feeds for who was told no position. */
    interface Histories {
        /**
         * Follows an image from a time on.
         *
         * @param partition that the image is on: the same on all topics
         * @param since what was said before then, by any replica's clock, may be missing
         */
        History followSince(Incarnation image, int partition, Instant since);
    }
}
