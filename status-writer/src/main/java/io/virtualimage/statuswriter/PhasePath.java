package io.virtualimage.statuswriter;

import io.virtualimage.topics.ImageStatus.Phase;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The way through the phases that users are promised. What is said of an image may come all at once (a source that answers 404
 * at the first question); whoever watches it is still shown one phase after another, and none left out.
 */
final class PhasePath {
    private PhasePath() {}

    /**
     * The phases to be shown in between, in order; none if one follows the other.
     *
     * @param shown null if none was shown of this incarnation yet
     * @param missed whether what fails does so because nobody uploaded anything
     */
    static List<Phase> between(@Nullable Phase shown, Phase next, boolean missed) {
        if (shown == null && next.settled()) {
            return List.of(); // long over, and read once more from the topics
        }
        Phase before = before(next, missed);
        return shown == next || before == null || isBehind(shown, before)
                ? List.of()
                : Stream.concat(between(shown, before, missed).stream(), Stream.of(before))
                        .toList();
    }

    /** Where the way to a phase leads through; null if any phase may be followed by it. */
    private static @Nullable Phase before(Phase phase, boolean missed) {
        return switch (phase) {
            case PENDING, TERMINATING -> null;
            case WAIT_FOR_USER_UPLOAD, PROVISIONING -> Phase.PENDING;
            case FAILED -> missed ? Phase.WAIT_FOR_USER_UPLOAD : Phase.PROVISIONING;
            case READY -> Phase.PROVISIONING;
            case IMAGE_LOST, PVC_LOST -> Phase.READY;
        };
    }

    /** Whether what was shown is as far as that, or further. */
    private static boolean isBehind(@Nullable Phase shown, Phase phase) {
        return shown != null && rank(shown) >= rank(phase);
    }

    private static int rank(Phase phase) {
        return switch (phase) {
            case PENDING -> 0;
            case WAIT_FOR_USER_UPLOAD -> 1;
            case PROVISIONING -> 2;
            case READY, FAILED -> 3;
            case IMAGE_LOST, PVC_LOST -> 4;
            case TERMINATING -> 5;
        };
    }
}
