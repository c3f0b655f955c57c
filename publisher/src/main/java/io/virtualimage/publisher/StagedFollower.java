package io.virtualimage.publisher;

import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What is staged of the source that a push was given, kept up to date from {@code virtualimage.fetched}. The feed is
 * opened only when something is missing. For one thread.
 */
final class StagedFollower implements AutoCloseable {
    private final Task.PushLayer task;
    private final SegmentFeed.Feeds feeds;
    private SourceFacts facts;
    private boolean obsolete;
    private @Nullable SegmentFeed feed;

    StagedFollower(Task.PushLayer task, SegmentFeed.Feeds feeds) {
        this.task = task;
        this.feeds = feeds;
        StagedSource staged = task.staged();
        this.facts = new SourceFacts(staged.epoch(), null, staged, false, false, false, 0, staged.presentBytes());
    }

    StagedSource staged() {
        return facts.staged();
    }

    /** Whether the bytes that the push is about will never be published. */
    boolean obsolete() {
        return obsolete;
    }

    /**
     * Takes in one event more.
     *
     * @param atMost how long to wait for it
     * @return whether there was one
     * @throws TaskAbandonedException if the source turned out to be a different one
     */
    boolean advance(Duration atMost) throws TaskAbandonedException, InterruptedException {
        if (staged().complete()) {
            return false;
        }
        if (feed == null) {
            feed = feeds.follow(task.image(), task.follow());
        }
        Optional<Recorded> recorded = feed.next(atMost);
        if (recorded.isPresent()) {
            merge(recorded.get());
        }
        return recorded.isPresent();
    }

    private void merge(Recorded recorded) throws TaskAbandonedException {
        Event event = recorded.event();
        Incarnation image = task.image();
        if (!(event instanceof Event.Fetched fetched) || !event.image().uid().equals(image.uid())) {
            return;
        }
        if (fetched.image().isAfter(image)) {
            throw obsolete("a newer version of the image is being fetched");
        }
        if (fetched.image().equals(image)) {
            facts = facts.merge(fetched, recorded.time());
            if (!sameSource(facts.staged(), task.staged())) {
                throw obsolete("the source is a different one now");
            }
        }
    }

    private TaskAbandonedException obsolete(String message) {
        obsolete = true;
        return new TaskAbandonedException(message);
    }

    private static boolean sameSource(StagedSource one, StagedSource other) {
        return one.epoch() == other.epoch()
                && Objects.equals(one.session(), other.session())
                && Objects.equals(one.lengthBytes(), other.lengthBytes())
                && one.segmentBytes() == other.segmentBytes();
    }

    @Override
    public void close() {
        if (feed != null) {
            feed.close();
        }
    }
}
