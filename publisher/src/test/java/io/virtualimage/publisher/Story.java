package io.virtualimage.publisher;

import io.virtualimage.stage.fold.Fold;
import io.virtualimage.stage.fold.Plan;
import io.virtualimage.stage.fold.PlanContext;
import io.virtualimage.stage.fold.StageState;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Tells a fold events, and hears what it decides. */
final class Story {
    private final Fold<StageState> fold;
    private final Map<Topic, Long> offsets = new EnumMap<>(Topic.class);
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private StageState state;

    Story(Fold<StageState> fold) {
        this.fold = fold;
    }

    /** Tells events, one after the other, and only then asks for a decision. */
    List<Event> tell(Event... events) {
        for (Event event : events) {
            Topic topic = Topic.of(event);
            long offset = offsets.merge(topic, 1L, Long::sum);
            state = fold.merge(state, new Recorded(event, topic, new Position(0, offset), now));
        }
        return decide();
    }

    List<Event> later(Duration by) {
        now = now.plus(by);
        return decide();
    }

    private List<Event> decide() {
        Plan<StageState> plan = fold.plan(state, new PlanContext(now, 1));
        state = plan.state();
        return plan.emit();
    }
}
