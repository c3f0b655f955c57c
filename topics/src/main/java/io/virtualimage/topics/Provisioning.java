package io.virtualimage.topics;

import java.util.List;
import java.util.Map;

/**
 * What {@link TopicProvisioner} found and did, in the order of {@link Topic} and then of {@link WorkGroup}.
 *
 * @param steps one per topic and one per share group
 */
public record Provisioning(List<Step> steps) {
    /** What was provisioned. */
    public enum Kind {
        TOPIC,
        SHARE_GROUP
    }

    /** What had to be done. */
    public enum Action {
        CREATED,
        CHANGED,
        /** It was as it should be. */
        LEFT
    }

    /**
     * What was done to one topic or group.
     *
     * @param settings those that were set, by Kafka's names; empty if it was left
     */
    public record Step(Kind kind, String name, Action action, Map<String, String> settings) {
        public Step {
            settings = Map.copyOf(settings);
        }
    }

    public Provisioning {
        steps = List.copyOf(steps);
    }

    /** The names of all that this was done to. */
    public List<String> names(Kind kind, Action action) {
        return steps.stream()
                .filter(step -> step.kind() == kind && step.action() == action)
                .map(Step::name)
                .toList();
    }

    public boolean changedNothing() {
        return steps.stream().allMatch(step -> step.action() == Action.LEFT);
    }
}
