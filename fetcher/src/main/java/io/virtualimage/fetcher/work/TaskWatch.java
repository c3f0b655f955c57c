package io.virtualimage.fetcher.work;

import io.virtualimage.oci.ReadingStoppedException;
import io.virtualimage.oci.layer.ReadWatch;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;

/** A task that looks on while blobs are read for it: stops the reading when it is to stop itself. */
final class TaskWatch implements ReadWatch {
    private final TaskContext context;
    private final boolean reports;
    private long readBytes;

    private TaskWatch(TaskContext context, boolean reports) {
        this.context = context;
        this.reports = reports;
    }

    /** Of a task that gets nothing else: what was read is how far it has come. */
    static TaskWatch ofSearch(TaskContext context) {
        return new TaskWatch(context, true);
    }

    /** Of a task that knows better how far it has come. */
    static TaskWatch ofStream(TaskContext context) {
        return new TaskWatch(context, false);
    }

    @Override
    public void read(int bytes) throws ReadingStoppedException {
        readBytes += bytes;
        try {
            context.checkpoint();
        } catch (TaskAbandonedException | InterruptedException e) {
            throw new ReadingStoppedException(e);
        }
        if (reports) {
            context.progress(readBytes);
        }
    }

    /** The reason to throw on; never returns if that was an interrupt. */
    static TaskAbandonedException abandoned(ReadingStoppedException stopped) throws InterruptedException {
        return switch (stopped.getCause()) {
            case InterruptedException interrupted -> throw interrupted;
            case TaskAbandonedException abandoned -> abandoned;
            case null, default -> new TaskAbandonedException(String.valueOf(stopped.getMessage()));
        };
    }
}
