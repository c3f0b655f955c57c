package io.virtualimage.fetcher.volume;

import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Semaphore;

/** Reads an image's part of {@code virtualimage.fetched} whenever it has to be known. Safe for use by many threads. */
public final class FetchedBook implements SourceBook {
    private static final Duration LOOK = Duration.ofMillis(200);

    /** So many looks in vain, and the broker is taken for away: nobody waits longer for an answer. */
    private static final int PATIENCE = 100;

    private static final int REMEMBERED = 256;
    private static final int LIKELY = 16;

    /** Each costs a connection to the broker, and memory for what comes over it. */
    private static final int MOST_AT_ONCE = 16;

    private final SegmentFeed.Histories histories;
    private final Semaphore room = new Semaphore(MOST_AT_ONCE);

    /** What was read last, the longest unused first; guarded by this. */
    private final Map<Incarnation, SourceFacts> read = new LinkedHashMap<>(LIKELY, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Incarnation, SourceFacts> eldest) {
            return size() > REMEMBERED;
        }
    };

    public FetchedBook(SegmentFeed.Histories histories) {
        this.histories = histories;
    }

    @Override
    public SourceFacts read(WantedVolume volume) throws UnknownException, InterruptedException {
        if (!room.tryAcquire()) {
            throw new UnknownException("too many ask what is known of their volumes", null);
        }
        SourceFacts facts;
        try (SegmentFeed.History history = histories.followSince(volume.image(), volume.partition(), volume.since())) {
            facts = read(history, volume.image());
        } catch (RuntimeException e) {
            throw new UnknownException("the events of " + volume.image().subject() + " can't be read", e);
        } finally {
            room.release();
        }
        synchronized (this) {
            read.put(volume.image(), facts);
        }
        return facts;
    }

    private static SourceFacts read(SegmentFeed.History history, Incarnation image) throws InterruptedException {
        SourceFacts facts = SourceFacts.NONE;
        int inVain = 0;
        while (!history.caughtUp()) {
            var next = history.next(LOOK);
            if (next.isPresent()) {
                inVain = 0;
                if (next.get().event() instanceof Event.Fetched fetched
                        && fetched.image().equals(image)) {
                    facts = facts.merge(fetched, next.get().time());
                }
            } else if (++inVain > PATIENCE) {
                throw new IllegalStateException("nothing came for a while");
            }
        }
        return facts;
    }

    @Override
    public SourceFacts recall(WantedVolume volume) throws UnknownException, InterruptedException {
        SourceFacts known;
        synchronized (this) {
            known = read.get(volume.image());
        }
        return known == null ? read(volume) : known;
    }

    @Override
    public synchronized void note(Event.Fetched said) {
        // When it was said is of meaning for uploads only.
        read.computeIfPresent(said.image(), (image, facts) -> facts.merge(said, Instant.EPOCH));
    }
}
