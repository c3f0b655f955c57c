package io.virtualimage.stage.fold;

import java.time.Instant;
import java.util.Set;

/**
 * What a decision may depend on besides the image's own facts.
 *
 * @param now the time
 * @param activeImages images of this partition that have work under way in this stage, this one included
 * @param underWay ids of the image's tasks that are given out: a window that shrinks must not forget them
 */
public record PlanContext(Instant now, int activeImages, Set<String> underWay) {
    /** Tasks that one image may have under way when it is alone. */
    private static final int WIDEST_WINDOW = 16;

    /** Tasks that all images of a partition may have under way, before each is down to one. */
    private static final int SHARED_WINDOW = 32;

    public PlanContext {
        underWay = Set.copyOf(underWay);
    }

    /** The host's part of it. */
    public PlanContext(Instant now, int activeImages) {
        this(now, activeImages, Set.of());
    }

    PlanContext withUnderWay(Set<String> ids) {
        return new PlanContext(now, activeImages, ids);
    }

    /** Tasks that one image may have under way: the fewer, the more images there are, so that none starves. */
    public int window() {
        return Math.clamp(SHARED_WINDOW / Math.max(1, activeImages), 1, WIDEST_WINDOW);
    }
}
