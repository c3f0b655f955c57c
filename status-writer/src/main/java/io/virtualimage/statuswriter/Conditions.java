package io.virtualimage.statuswriter;

import io.virtualimage.k8s.ConditionReason;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.ImageStatus.Condition;
import java.time.Instant;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The conditions of a status while it is derived, with the times at which they became what they are. */
final class Conditions {
    private final List<Condition> before;
    private final Instant now;
    private final Map<ConditionType, Condition> conditions = new EnumMap<>(ConditionType.class);

    /** @param before the status that this one follows */
    Conditions(@Nullable ImageStatus before, Instant now) {
        this.before = before == null ? List.of() : before.conditions();
        this.now = now;
    }

    /** @throws IllegalArgumentException if the reason doesn't go with type and status */
    void set(ConditionType type, boolean status, ConditionReason reason, String message) {
        if (!type.reasons(status).contains(reason)) {
            throw new IllegalArgumentException(
                    "condition %s can't be %s with reason %s".formatted(type.wire(), status, reason.wire()));
        }
        conditions.put(
                type, new Condition(type.wire(), status, reason.wire(), message, since(type, status, reason.wire())));
    }

    /** As it was in the status before; not there if it wasn't. */
    void keep(ConditionType type) {
        before.stream()
                .filter(condition -> condition.type().equals(type.wire()))
                .forEach(condition -> conditions.put(type, condition));
    }

    /** In the order of their types. */
    List<Condition> list() {
        return List.copyOf(conditions.values());
    }

    /** Unchanged if status and reason are; else later than all before, whatever the clocks say. */
    private Instant since(ConditionType type, boolean status, String reason) {
        Instant since = now;
        for (Condition condition : before) {
            if (condition.type().equals(type.wire())
                    && condition.status() == status
                    && condition.reason().equals(reason)) {
                return condition.lastTransitionTime();
            }
            if (condition.lastTransitionTime().isAfter(since)) {
                since = condition.lastTransitionTime();
            }
        }
        return since;
    }
}
