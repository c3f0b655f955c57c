package io.virtualimage.stage.fold;

import io.virtualimage.topics.SegmentSet;
import java.time.Instant;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * What a decision may depend on besides the image's own facts.
 *
 * @param now the time
 * @param activeImages images of this partition that have work under way in this stage, this one included
 * @param underWay ids of the image's tasks that are given out: a window that shrinks must not forget them
 * @param heldSince when the host took the image over; long ago if nobody had it before
 */
public record PlanContext(Instant now, int activeImages, Set<String> underWay, Instant heldSince) {
    /** Tasks that one image may have under way when it is alone. */
    private static final int WIDEST_WINDOW = 16;

    /** Tasks that all images of a partition may have under way, before each is down to one. */
    private static final int SHARED_WINDOW = 32;

    public PlanContext {
        underWay = Set.copyOf(underWay);
    }

    /** The host's part of it. */
    public PlanContext(Instant now, int activeImages) {
        this(now, activeImages, Set.of(), Instant.MIN);
    }

    /** The same, for one image. */
    PlanContext of(StageState state) {
        Instant since = state.heldSince();
        return new PlanContext(now, activeImages, state.assignments().keySet(), since == null ? Instant.MIN : since);
    }

    /**
     * The pieces of a piecewise work to have under way: those that are, and as many more as the window has room for.
     *
     * @param kind what the ids of these tasks begin with, the epoch and a slash included
     * @param done pieces that are done
     * @param order all pieces that aren't, the most urgent first
     */
    public IntStream pieces(String kind, SegmentSet done, IntStream order) {
        SegmentSet given = underWay.stream()
                .filter(id -> id.startsWith(kind))
                .map(id -> Integer.valueOf(id.substring(kind.length())))
                .filter(index -> !done.contains(index))
                .reduce(SegmentSet.EMPTY, SegmentSet::with, SegmentSet::with);
        return IntStream.concat(
                given.stream(),
                order.filter(index -> !given.contains(index)).limit(Math.max(0, window() - given.size())));
    }

    /** Tasks that one image may have under way: the fewer, the more images there are, so that none starves. */
    public int window() {
        return Math.clamp(SHARED_WINDOW / Math.max(1, activeImages), 1, WIDEST_WINDOW);
    }
}
