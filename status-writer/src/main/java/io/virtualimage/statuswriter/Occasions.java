package io.virtualimage.statuswriter;

import io.virtualimage.k8s.ConditionReason;
import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.topics.Event.ImageBlocked;
import org.jspecify.annotations.Nullable;

/**
 * What may happen to an incarnation more than once, each with the offset of the record that said so when it last began:
 * the same one whenever that is read again, and a greater one the next time. Null of what never happened.
 *
 * @param quotaHit a quota came into the way
 * @param classMissed its StorageClass was not there
 * @param returned it came back after it had been lost
 */
public record Occasions(
        @Nullable Long quotaHit,
        @Nullable Long classMissed,
        @Nullable Long returned) {

    static final Occasions NONE = new Occasions(null, null, null);

    /** With what began when the first state became the second, by the record at that offset. */
    Occasions between(StatusState before, StatusState after, long offset) {
        return new Occasions(
                before.overQuota() == null && after.overQuota() != null ? (Long) offset : quotaHit,
                !missesClass(before.facts()) && missesClass(after.facts()) ? (Long) offset : classMissed,
                before.facts().lost() != null && isThere(after.facts()) ? (Long) offset : returned);
    }

    private static boolean missesClass(ImageFacts facts) {
        return facts.request() instanceof ImageBlocked blocked
                && blocked.reason().equals(ConditionReason.STORAGE_CLASS_NOT_FOUND.wire());
    }

    private static boolean isThere(ImageFacts facts) {
        return facts.published() != null && facts.lost() == null;
    }
}
