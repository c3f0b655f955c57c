package io.virtualimage.fetcher.work;

import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.topics.Event;
import java.util.ArrayList;
import java.util.List;

/** Keeps what is announced; ends the task on demand. */
final class FakeContext implements TaskContext {
    private final List<Event> announced = new ArrayList<>();
    private int deliveryCount = 1;
    private int checkpointsLeft = Integer.MAX_VALUE;
    private long progress;

    FakeContext delivered(int times) {
        deliveryCount = times;
        return this;
    }

    FakeContext abandonedAfter(int checkpoints) {
        checkpointsLeft = checkpoints;
        return this;
    }

    List<Event> announced() {
        return announced;
    }

    long progress() {
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
