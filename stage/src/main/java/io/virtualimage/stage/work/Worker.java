package io.virtualimage.stage.work;

import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.Task;

/**
 * Does tasks of one stage, one at a time on the caller's thread. Stateless, and idempotent by the task's id: it may be
 * killed between any two effects, and another one begins again.
 */
public interface Worker {
    /**
     * Does the task and announces what came of it. Returns when everything is announced; what it throws becomes an
     * event by the runner, anything unlisted a {@code TaskDeferred} on account of a defect.
     */
    void run(Task task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                    StagingUnavailableException, AnnouncementException, InterruptedException;

    /**
     * The task is stale, or became so while it was done: removes what it, or an earlier delivery of it, may have left, so
     * that nothing stays of a version that nobody wants. What it can't remove is for the sweepers.
     */
    default void discard(Task task, TaskContext context)
            throws TaskDeferredException, StagingUnavailableException, InterruptedException {}
}
