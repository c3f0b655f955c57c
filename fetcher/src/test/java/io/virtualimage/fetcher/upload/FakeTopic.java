package io.virtualimage.fetcher.upload;

import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** One partition of {@code virtualimage.fetched}, in memory, for several replicas. */
final class FakeTopic implements Announcer, SegmentFeed.Histories {
    private final Clock clock;
    private final List<Recorded> records = new ArrayList<>();
    private int refusals;
    private Predicate<Event> kept = event -> false;
    private int looksAtKept;

    FakeTopic(Clock clock) {
        this.clock = clock;
    }

    /** The broker takes nothing so many times. */
    synchronized void refuse(int times) {
        refusals = times;
    }

    /** Readers get no further than to such an event. */
    synchronized void keepBack(Predicate<Event> such) {
        kept = such;
    }

    /** Waits until readers have asked so many times more for what is kept back. */
    synchronized void awaitLooksAtKept(int times) throws InterruptedException {
        int enough = looksAtKept + times;
        while (looksAtKept < enough) {
            wait();
        }
    }

    @Override
    public synchronized void announce(Event event) throws AnnouncementException {
        if (refusals > 0) {
            refusals--;
            throw new AnnouncementException("the broker is away", null);
        }
        say(event, clock.instant());
    }

    synchronized void say(Event event, Instant at) {
        records.add(new Recorded(event, Topic.FETCHED, new Position(0, records.size()), at));
        notifyAll();
    }

    @Override
    public void bury(String key, DeadLetter letter) {
        throw new AssertionError("nothing is buried here");
    }

    synchronized <E extends Event> List<E> events(Class<E> type) {
        return records.stream()
                .map(Recorded::event)
                .filter(type::isInstance)
                .map(type::cast)
                .toList();
    }

    @Override
    public SegmentFeed.History followSince(Incarnation image, int partition, Instant since) {
        return new SegmentFeed.History() {
            private int next;

            @Override
            public boolean caughtUp() {
                synchronized (FakeTopic.this) {
                    return next >= records.size();
                }
            }

            @Override
            public Optional<Recorded> next(Duration atMost) throws InterruptedException {
                synchronized (FakeTopic.this) {
                    if (next >= records.size() && atMost.isPositive()) {
                        FakeTopic.this.wait(Math.min(10, atMost.toMillis()));
                    }
                    if (next < records.size() && kept.test(records.get(next).event())) {
                        looksAtKept++;
                        FakeTopic.this.notifyAll();
                        return Optional.empty();
                    }
                    return next < records.size() ? Optional.of(records.get(next++)) : Optional.empty();
                }
            }

            @Override
            public void close() {}
        };
    }
}
