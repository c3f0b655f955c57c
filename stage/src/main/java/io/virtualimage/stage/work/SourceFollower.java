package io.virtualimage.stage.work;

import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.StagedSource;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * What is staged of a source, for a task that reads it in order: at first as the task says, then as the feed goes on. For
 * one thread.
 */
public final class SourceFollower implements AutoCloseable {
    /** One look at the feed; between two of them the task may be stopped. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    /** So many looks in vain, and the worker is worth more elsewhere. */
    private static final int PATIENCE = 10;

    /**
     * When a task that was given back for want of bytes is worth another try. What the next one does again must not cost
     * more than the waiting.
     *
     * @param againPerSecond a second of waiting for so many bytes of it
     */
    public record Patience(long againPerSecond, Duration longest) {
        Duration after(long doneBytes) {
            Duration wait = Duration.ofSeconds(doneBytes / againPerSecond);
            return wait.compareTo(longest) < 0 ? wait : longest;
        }
    }

    private final Incarnation image;
    private final Position follow;
    private final SegmentFeed.Feeds feeds;
    private final TaskContext context;
    private final Predicate<SourceFacts> superfluous;
    private final Patience patience;
    private final int epoch;
    private @Nullable SegmentFeed feed;
    private SourceFacts facts;

    /**
     * Begins with what a task says.
     *
     * @param follow where on {@code virtualimage.fetched} the rest will be announced
     * @param superfluous when another worker has done the task
     * @param patience what to say of a task that is given back
     */
    public SourceFollower(
            Incarnation image,
            StagedSource staged,
            Position follow,
            SegmentFeed.Feeds feeds,
            TaskContext context,
            Predicate<SourceFacts> superfluous,
            Patience patience) {
        this.image = image;
        this.follow = follow;
        this.feeds = feeds;
        this.context = context;
        this.superfluous = superfluous;
        this.patience = patience;
        this.epoch = staged.epoch();
        this.facts = new SourceFacts(epoch, null, staged, false, false, false, 0, 0);
    }

    public StagedSource staged() {
        return facts.staged();
    }

    /**
     * Waits for a segment; returns false if the source ends before it.
     *
     * @param doneBytes what a later attempt would have to read again
     * @throws TaskDeferredException if nothing came for some time
     * @throws TaskAbandonedException if the bytes are not the source's any more
     */
    public boolean await(int index, long doneBytes)
            throws TaskDeferredException, TaskAbandonedException, InterruptedException {
        int inVain = 0;
        while (true) {
            StagedSource staged = facts.staged();
            if (staged.lengthBytes() != null && index >= staged.layout().count()) {
                return false;
            }
            if (staged.present().contains(index)) {
                return true;
            }
            context.checkpoint();
            Optional<Recorded> next = feed().next(LOOK);
            if (next.isPresent()) {
                merge(next.get());
                inVain = 0;
            } else if (++inVain >= PATIENCE) {
                throw starved(index, doneBytes);
            }
        }
    }

    private SegmentFeed feed() {
        if (feed == null) {
            feed = feeds.follow(image, follow);
        }
        return feed;
    }

    private void merge(Recorded recorded) throws TaskAbandonedException {
        Event event = recorded.event();
        if (!(event instanceof Event.Fetched fetched) || !event.image().equals(image)) {
            return;
        }
        StagedSource before = facts.staged();
        if (fetched instanceof Event.SourceOpened opened && opened.epoch() == epoch) {
            // Only the planner knows the first answer, and so whether this one agrees with it; the length is known
            // here.
            if (!Objects.equals(opened.lengthBytes(), before.lengthBytes()) && before.session() == null) {
                throw new TaskAbandonedException("the source is another one by now");
            }
            return;
        }
        facts = facts.merge(fetched, recorded.time());
        if (facts.epoch() != epoch) {
            throw new TaskAbandonedException("the source is read anew");
        }
        if (!before.present().isEmpty()
                && !Objects.equals(before.session(), facts.staged().session())) {
            throw new TaskAbandonedException("another stream owns the source's bytes");
        }
        if (superfluous.test(facts)) {
            throw new TaskAbandonedException("another worker was faster");
        }
    }

    private TaskDeferredException starved(int index, long doneBytes) {
        return new TaskDeferredException(
                Deferral.STARVED,
                FailureReason.INTERNAL,
                "segment %d is not staged yet".formatted(index),
                patience.after(doneBytes),
                null);
    }

    @Override
    public void close() {
        if (feed != null) {
            feed.close();
        }
    }
}
