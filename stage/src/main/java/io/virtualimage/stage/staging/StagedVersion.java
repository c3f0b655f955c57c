package io.virtualimage.stage.staging;

import io.virtualimage.topics.Incarnation;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The version in a staged object's name: {@code {uid}/{generation}.{run}.{epoch}/…}. */
record StagedVersion(long generation, long run) {
    private static final Pattern NAME = Pattern.compile("[^/]+/([0-9]+)\\.([0-9]+)\\.[0-9]+/.*");

    /** Null if the name is none of ours. */
    static @Nullable StagedVersion parse(String objectName) {
        Matcher matcher = NAME.matcher(objectName);
        return matcher.matches()
                ? new StagedVersion(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2)))
                : null;
    }

    /** Whether a clean-up of the versions up to {@code image} takes it. */
    boolean isCovered(Incarnation image, boolean keepCurrent) {
        boolean older = generation < image.generation() || (generation == image.generation() && run < image.run());
        boolean same = generation == image.generation() && run == image.run();
        return older || (same && !keepCurrent);
    }
}
