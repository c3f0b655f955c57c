package io.virtualimage.stage.fold;

import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import java.time.Instant;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A pure fold over the events of one image. The host feeds it at least once with every event, keeps its state in a
 * changelog, puts on the topics what it emits, and calls {@link #plan} after every event and about once a second.
 * State and output are not written atomically: after a crash either may be ahead of the other, so a fold must come to
 * the same end from facts that it has seen before, and say again what it has not seen arrive.
 *
 * @param <S> state of one image; a record that Jackson can write
 */
public interface Fold<S> {
    /** Name of the fold; names its consumer group and its changelog, so it never changes. */
    String name();

    Class<S> stateType();

    /** The topics that it reads. */
    Set<Topic> inputs();

    /**
     * The compacted topics on which this stage has the last word on an image: when the image's tombstone arrives on
     * {@code virtualimage.requests}, the host puts one on them too.
     */
    default Set<Topic> owned() {
        return Set.of();
    }

    /** The state with one more fact in it; the same state if it was known, or is out of date. */
    S merge(@Nullable S state, Recorded recorded);

    /**
     * The state as another host left it, who may have been killed: what it says was put on the topics a moment ago may
     * never have got there.
     */
    default S takenOver(S state, Instant now) {
        return state;
    }

    /** What is to be put on the topics now, and the state that remembers that. */
    Plan<S> plan(S state, PlanContext context);

    /** Whether the image has work under way in this stage, and so shares the window with others of its partition. */
    boolean active(S state);

    /** Whether the state may be forgotten: nothing that could still happen needs it. */
    boolean forgettable(S state, Instant now);
}
