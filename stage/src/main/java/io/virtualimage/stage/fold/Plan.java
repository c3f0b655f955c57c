package io.virtualimage.stage.fold;

import io.virtualimage.topics.Event;
import java.util.List;

/**
 * A fold's decision.
 *
 * @param state the state afterwards
 * @param emit what to put on the topics, in order
 */
public record Plan<S>(S state, List<Event> emit) {
    public Plan {
        emit = List.copyOf(emit);
    }
}
