package io.virtualimage.stage.process;

import io.virtualimage.stage.fold.Fold;
import io.virtualimage.stage.fold.Plan;
import io.virtualimage.stage.fold.PlanContext;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.TaskId;
import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A small fold for tests: remembers the segments that it heard of, says what is new with each of its plans, and that
 * it waited when nothing came for a minute. Breaks on a withdrawal, and plans nothing good for an image called "bad".
 */
public final class TallyFold implements Fold<TallyFold.Tally> {
    public static final Duration PATIENCE = Duration.ofMinutes(1);

    public record Tally(Incarnation image, Set<Integer> heard, Set<Integer> said, Instant last, boolean waited) {
        public Tally {
            heard = Set.copyOf(heard);
            said = Set.copyOf(said);
        }
    }

    private final String name;

    public TallyFold(String name) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Class<Tally> stateType() {
        return Tally.class;
    }

    @Override
    public Set<Topic> inputs() {
        return Set.of(Topic.REQUESTS, Topic.FETCHED);
    }

    @Override
    public Set<Topic> owned() {
        return Set.of(Topic.STATUS);
    }

    @Override
    public Tally merge(@Nullable Tally state, Recorded recorded) {
        Tally before =
                state == null ? new Tally(recorded.event().image(), Set.of(), Set.of(), recorded.time(), false) : state;
        return switch (recorded.event()) {
            case Event.SegmentFetched segment -> {
                Set<Integer> heard = new TreeSet<>(before.heard());
                heard.add(segment.index());
                yield new Tally(before.image(), heard, before.said(), recorded.time(), before.waited());
            }
            case Event.ImageWithdrawn ignored -> throw new IllegalStateException("this fold can't take it");
            default -> before;
        };
    }

    @Override
    public Plan<Tally> plan(Tally state, PlanContext context) {
        if (state.image().name().equals("bad")) {
            throw new IllegalStateException("no plan for this one");
        }
        List<Event> emit = new ArrayList<>();
        for (int index : new TreeSet<>(state.heard())) {
            if (!state.said().contains(index)) {
                emit.add(new Event.TaskHeartbeat(
                        state.image(), new TaskId("Tally/0/" + index), 1, name, context.activeImages()));
            }
        }
        boolean waited = state.waited() || state.last().plus(PATIENCE).isBefore(context.now());
        if (waited && !state.waited()) {
            emit.add(new Event.StageFailed(state.image(), Stage.FETCH, FailureReason.INTERNAL, "waited too long"));
        }
        return new Plan<>(new Tally(state.image(), state.heard(), state.heard(), state.last(), waited), emit);
    }

    @Override
    public boolean active(Tally state) {
        return !state.heard().isEmpty();
    }

    @Override
    public boolean forgettable(Tally state, Instant now) {
        return state.last().plus(Duration.ofHours(1)).isBefore(now);
    }
}
