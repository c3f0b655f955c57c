package io.virtualimage.stage.work;

import io.virtualimage.topics.Event;
import java.util.ArrayList;
import java.util.List;

/** A delivery of a task: keeps what is announced, and ends the task on demand. */
public final class FakeContext implements TaskContext {
    private final List<Event> announced;
    private int deliveryCount = 1;
    private int checkpointsLeft = Integer.MAX_VALUE;
    private long progress;

    public FakeContext() {
        this(new ArrayList<>());
    }

    /** @param announced where announcements go */
    public FakeContext(List<Event> announced) {
        this.announced = announced;
    }

    public FakeContext delivered(int times) {
        deliveryCount = times;
        return this;
    }

    public FakeContext abandonedAfter(int checkpoints) {
        checkpointsLeft = checkpoints;
        return this;
    }

    public List<Event> announced() {
        return announced;
    }

    public long progress() {
        return progress;
    }

    @Override
    public String worker() {
        return "worker-1";
    }

    @Override
    public int deliveryCount() {
        return deliveryCount;
    }

    @Override
    public boolean mayHaveBegun() {
        return deliveryCount > 1;
    }

    @Override
    public void announce(Event event) {
        announced.add(event);
    }

    @Override
    public void progress(long doneBytes) {
        progress = doneBytes;
    }

    @Override
    public void checkpoint() throws TaskAbandonedException {
        if (checkpointsLeft-- <= 0) {
            throw new TaskAbandonedException("not wanted");
        }
    }
}
