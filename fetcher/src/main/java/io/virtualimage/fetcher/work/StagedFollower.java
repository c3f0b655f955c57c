package io.virtualimage.fetcher.work;

import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What is staged of a source: at first as a task says, then as the feed goes on. */
final class StagedFollower implements AutoCloseable {
    /** One look at the feed; between two of them the task may be stopped. */
    private static final Duration LOOK = Duration.ofSeconds(1);

    /** So many looks in vain, and the worker is worth more elsewhere. */
    private static final int PATIENCE = 10;

    /** What is read again by the next one must not cost more than the waiting: a second for so many bytes. */
    private static final long REREAD_PER_SECOND = 256L << 20;

    private static final long LONGEST_DELAY_SECONDS = 30;

    private final Task.VerifySource task;
    private final SegmentFeed.Feeds feeds;
    private final TaskContext context;
    private @Nullable SegmentFeed feed;
    private SourceFacts facts;

    StagedFollower(Task.VerifySource task, SegmentFeed.Feeds feeds, TaskContext context) {
        this.task = task;
        this.feeds = feeds;
        this.context = context;
        this.facts = new SourceFacts(task.epoch(), null, task.staged(), false, false, 0, 0);
    }

    StagedSource staged() {
        return facts.staged();
    }

    /**
     * Waits for a segment; returns false if the source ends before it.
     *
     * @param doneBytes what a later attempt would have to read again
     * @throws TaskDeferredException if nothing came for some time
     * @throws TaskAbandonedException if the bytes are not the source's any more
     */
    boolean await(int index, long doneBytes)
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
                merge(next.get().event());
                inVain = 0;
            } else if (++inVain >= PATIENCE) {
                throw starved(index, doneBytes);
            }
        }
    }

    private SegmentFeed feed() {
        if (feed == null) {
            feed = feeds.follow(task.image(), task.follow());
        }
        return feed;
    }

    private void merge(Event event) throws TaskAbandonedException {
        if (!(event instanceof Event.Fetched fetched) || !event.image().equals(task.image())) {
            return;
        }
        StagedSource before = facts.staged();
        if (fetched instanceof Event.SourceOpened opened && opened.epoch() == task.epoch()) {
            // Only the planner knows the first answer, and so whether this one agrees with it; the length is known
            // here.
            if (!Objects.equals(opened.lengthBytes(), before.lengthBytes()) && before.session() == null) {
                throw new TaskAbandonedException("the source is another one by now");
            }
            return;
        }
        facts = facts.merge(fetched);
        if (facts.epoch() != task.epoch()) {
            throw new TaskAbandonedException("the source is read anew");
        }
        if (!before.present().isEmpty()
                && !Objects.equals(before.session(), facts.staged().session())) {
            throw new TaskAbandonedException("another stream owns the source's bytes");
        }
        if (facts.verified()) {
            throw new TaskAbandonedException("another worker was faster");
        }
    }

    private static TaskDeferredException starved(int index, long doneBytes) {
        return new TaskDeferredException(
                Deferral.STARVED,
                FailureReason.INTERNAL,
                "segment %d is not staged yet".formatted(index),
                Duration.ofSeconds(Math.min(LONGEST_DELAY_SECONDS, doneBytes / REREAD_PER_SECOND)),
                null);
    }

    @Override
    public void close() {
        if (feed != null) {
            feed.close();
        }
    }
}
