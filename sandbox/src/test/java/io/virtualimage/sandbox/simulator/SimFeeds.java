package io.virtualimage.sandbox.simulator;

import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.util.Optional;

/** Follows {@code fetched}, seeing its records late as any other reader does. */
final class SimFeeds implements SegmentFeed.Feeds {
    private final SimProcess process;
    private final Broker broker;

    SimFeeds(SimProcess process, Broker broker) {
        this.process = process;
        this.broker = broker;
    }

    @Override
    public SegmentFeed follow(Incarnation image, Position from) {
        return new Feed(image, from);
    }

    private final class Feed implements SegmentFeed {
        private final Incarnation image;
        private final int partition;
        private long position;

        private Feed(Incarnation image, Position from) {
            this.image = image;
            this.partition = from.partition();
            this.position = from.offset();
        }

        @Override
        public Optional<Recorded> next(Duration atMost) {
            process.effect("follows", image);
            if (!find()) {
                process.scheduler().await(this::find, atMost);
            }
            if (!find()) {
                return Optional.empty();
            }
            return Optional.ofNullable(
                    broker.at(Topic.FETCHED, partition, position++).recorded());
        }

        /** Moves to the next event of the image, if there is one. */
        private boolean find() {
            while (broker.visible(process.name() + "-feed", Topic.FETCHED, partition, position)) {
                Broker.Entry entry = broker.at(Topic.FETCHED, partition, position);
                if (entry.recorded() != null && entry.recorded().event().image().equals(image)) {
                    return true;
                }
                position++;
            }
            return false;
        }

        @Override
        public void close() {}
    }
}
