package io.virtualimage.stage.work;

import io.virtualimage.topics.Event;

/** What a worker may ask while it works on a task. */
public interface TaskContext {
    /** Name of this replica. */
    String worker();

    /** How often the broker has delivered this very record, from 1. */
    int deliveryCount();

    /** Whether another worker may have been at this task before: a later attempt or delivery. */
    boolean mayHaveBegun();

    /** Says it, durably. See {@link Announcer#announce}. */
    void announce(Event event) throws AnnouncementException, InterruptedException;

    /** How far the work has come, for the next heartbeat. */
    void progress(long doneBytes);

    /**
     * Asks whether to go on. To be called between effects, at least every few seconds.
     *
     * @throws TaskAbandonedException if the incarnation is not wanted any more, or the task was taken away
     */
    void checkpoint() throws TaskAbandonedException, InterruptedException;
}
