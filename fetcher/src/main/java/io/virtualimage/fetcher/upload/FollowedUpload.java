package io.virtualimage.fetcher.upload;

import io.virtualimage.fetcher.upload.Refusal.Kind;
import io.virtualimage.fetcher.upload.Refusal.RefusedException;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.UploadLease;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is known of an upload, from all that was ever said of it. For one thread at a time. */
final class FollowedUpload implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration LOOK = Duration.ofMillis(250);

    private final UploadTarget target;
    private final SegmentFeed.History feed;
    private final Clock clock;
    private SourceFacts facts = SourceFacts.NONE;
    private @Nullable String session;
    private @Nullable Instant echoedAt;

    private FollowedUpload(UploadTarget target, SegmentFeed.History feed, Clock clock) {
        this.target = target;
        this.feed = feed;
        this.clock = clock;
    }

    /** Opens the feed, and reads all that there is. */
    static FollowedUpload open(UploadTarget target, UploadPorts ports) throws RefusedException, InterruptedException {
        SegmentFeed.History feed;
        try {
            feed = ports.histories().followSince(target.image(), target.partition(), target.since());
        } catch (RuntimeException e) {
            throw unavailable().exception();
        }
        FollowedUpload followed = new FollowedUpload(target, feed, ports.clock());
        try {
            followed.catchUp();
            return followed;
        } catch (RefusedException | InterruptedException | RuntimeException e) {
            followed.close();
            throw e;
        }
    }

    private void catchUp() throws RefusedException, InterruptedException {
        Instant deadline = clock.instant().plus(PATIENCE);
        while (!feed.caughtUp()) {
            if (clock.instant().isAfter(deadline)) {
                throw unavailable().exception();
            }
            look(LOOK);
        }
    }

    private static Refusal unavailable() {
        return Refusal.of(Kind.UNAVAILABLE, "What is known of this upload can't be read at the moment; try again.")
                .retryAfter(Duration.ofSeconds(5));
    }

    SourceFacts facts() {
        return facts;
    }

    /** Takes in what is said, after waiting a while for it. */
    void look(Duration atMost) throws InterruptedException {
        Optional<Recorded> next = feed.next(atMost);
        while (next.isPresent()) {
            merge(next.get());
            next = feed.next(Duration.ZERO);
        }
    }

    private void merge(Recorded recorded) {
        if (!(recorded.event() instanceof Event.Fetched fetched)
                || !fetched.image().equals(target.image())) {
            return;
        }
        facts = facts.merge(fetched, recorded.time());
        boolean own = session != null && session.equals(sessionOf(fetched));
        if (own) {
            echoedAt = recorded.time();
        }
    }

    private static @Nullable String sessionOf(Event.Fetched fetched) {
        return switch (fetched) {
            case Event.UploadOpened opened -> opened.session();
            case Event.SegmentFetched segment -> segment.session();
            default -> null;
        };
    }

    /** From here on, listens for what this session says. */
    void listenFor(String ours) {
        session = ours;
        echoedAt = null;
    }

    /** Waits until what the session said has come back. */
    void awaitEcho() throws RefusedException, InterruptedException {
        Instant deadline = clock.instant().plus(PATIENCE);
        while (echoedAt == null) {
            if (clock.instant().isAfter(deadline)) {
                throw unavailable().exception();
            }
            look(LOOK);
        }
    }

    /** Whether the session may write. */
    boolean owned(String ours) {
        UploadLease lease = facts.staged().upload();
        return lease != null && lease.open() && lease.owner().equals(ours);
    }

    /** When the session said what it heard last of itself. */
    @Nullable
    Instant echoedAt() {
        return echoedAt;
    }

    @Override
    public void close() {
        feed.close();
    }
}
