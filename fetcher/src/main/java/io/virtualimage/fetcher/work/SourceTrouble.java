package io.virtualimage.fetcher.work;

import io.virtualimage.fetcher.source.ResolvedSource;
import io.virtualimage.fetcher.source.SourceException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import java.io.IOException;
import java.time.Duration;

/** What a source's trouble means for the task and the image. */
final class SourceTrouble {
    private SourceTrouble() {}

    /**
     * The deferral to throw for what can be tried again.
     *
     * @throws ImageFailedException for what can't
     */
    static TaskDeferredException of(SourceException failure) throws ImageFailedException {
        return switch (failure) {
            case SourceException.Refused refused ->
                throw new ImageFailedException(FailureReason.SOURCE_REFUSED, refused.words(), refused);
            case SourceException.Unusable unusable ->
                throw new ImageFailedException(unusable.reason(), unusable.words(), unusable);
            case SourceException.Unavailable unavailable ->
                new TaskDeferredException(
                        Deferral.SOURCE, unavailable.reason(), unavailable.words(), unavailable.delay(), unavailable);
            case SourceException.Changed changed ->
                TaskDeferredException.source(FailureReason.SOURCE_CHANGING, changed.words(), changed);
        };
    }

    /** As a source's own failure, what was thrown while its bytes were read. */
    static SourceException asSourceException(IOException failure, ResolvedSource resolved, long doneBytes) {
        return failure instanceof SourceException already
                ? already
                : new SourceException.Unavailable(
                        FailureReason.SOURCE_TRUNCATED,
                        "%s ended after %d bytes".formatted(resolved.publicName(), doneBytes),
                        Duration.ZERO,
                        failure);
    }

    /** @throws ImageFailedException if there are more bytes than segments can be counted */
    static void checkLength(ResolvedSource resolved, long lengthBytes, int segmentBytes) throws ImageFailedException {
        if (lengthBytes / segmentBytes >= Integer.MAX_VALUE) {
            throw new ImageFailedException(
                    FailureReason.OVER_LIMIT,
                    "%s says that it holds %d bytes".formatted(resolved.publicName(), lengthBytes),
                    null);
        }
    }

    static ImageFailedException empty(ResolvedSource resolved) {
        return new ImageFailedException(FailureReason.SOURCE_EMPTY, resolved.publicName() + " holds no bytes", null);
    }
}
