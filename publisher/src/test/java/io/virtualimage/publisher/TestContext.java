package io.virtualimage.publisher;

import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.topics.Event;
import java.util.List;

/** One delivery of a task to one worker. */
final class TestContext implements TaskContext {
    private final String worker;
    private final int deliveryCount;
    private final List<Event> topic;
    private final Fuse fuse;
    private boolean revoked;
    private long progress;

    /** @param topic where announcements go, of all workers */
    TestContext(String worker, int deliveryCount, List<Event> topic, Fuse fuse) {
        this.worker = worker;
        this.deliveryCount = deliveryCount;
        this.topic = topic;
        this.fuse = fuse;
    }

    void revoke() {
        revoked = true;
    }

    long progressBytes() {
        return progress;
    }

    @Override
    public String worker() {
        return worker;
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
        fuse.burn();
        topic.add(event);
        fuse.burn();
    }

    @Override
    public void progress(long doneBytes) {
        progress = doneBytes;
    }

    @Override
    public void checkpoint() throws TaskAbandonedException {
        fuse.burn();
        if (revoked) {
            throw new TaskAbandonedException("the task was taken away");
        }
    }
}
