package io.virtualimage.statuswriter;

import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.topics.Event.StageProgressed;
import io.virtualimage.topics.Stage;
import org.jspecify.annotations.Nullable;

/** How far an image is: the mean of what is staged of the source and what is published of the output. */
final class Progress {
    private static final int WHOLE = 1000;

    private Progress() {}

    /** Bytes of the source that are staged in its present epoch. */
    static long stagedBytes(SourceFacts source) {
        return source.opened() == null ? 0 : source.staged().presentBytes();
    }

    /** In thousandths, rounded down; null as long as the source's length is not known. */
    static @Nullable Integer permille(ImageFacts facts) {
        Long length = facts.source().staged().lengthBytes();
        if (length == null || length == 0) {
            return null;
        }
        double staged = Math.min(1.0, (double) stagedBytes(facts.source()) / length);
        return (int) Math.floor(WHOLE * (staged + published(facts)) / 2);
    }

    /** The further of the two. */
    static @Nullable Integer further(@Nullable Integer one, @Nullable Integer other) {
        if (one == null || other == null) {
            return one == null ? other : one;
        }
        return Math.max(one, other);
    }

    /** As people read it: {@code 28.2%}. */
    static String text(int permille) {
        return permille / 10 + "." + permille % 10 + "%";
    }

    private static double published(ImageFacts facts) {
        if (facts.currentLayer() != null) {
            return 1;
        }
        StageProgressed pushed = facts.pushed();
        if (pushed == null
                || pushed.stage() != Stage.PUBLISH
                || pushed.epoch() != facts.source().epoch()
                || pushed.totalBytes() <= 0) {
            return 0;
        }
        return Math.min(1.0, (double) pushed.doneBytes() / pushed.totalBytes());
    }
}
