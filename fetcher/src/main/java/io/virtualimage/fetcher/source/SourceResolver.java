package io.virtualimage.fetcher.source;

import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Incarnation;

/** Adds to a task's source what no topic may say. */
public interface SourceResolver {
    /**
     * Looks up what is needed to read the source.
     *
     * @throws TaskAbandonedException if the image's spec is not this incarnation's any more
     * @throws TaskDeferredException if the place to look it up is away
     * @throws ImageFailedException if what is there can't be used
     */
    ResolvedSource resolve(Incarnation image, DataSource source)
            throws TaskAbandonedException, TaskDeferredException, ImageFailedException, InterruptedException;
}
