package io.virtualimage.converter;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import java.io.IOException;

/** A disk whose map a task goes through: tells how far it has come, and stops when the task is to stop. */
record WatchedDisk(VirtualDisk disk, TaskContext context) implements VirtualDisk {
    @Override
    public DiskInfo info() {
        return disk.info();
    }

    @Override
    public ByteSource source() {
        return disk.source();
    }

    @Override
    public Extent extentAt(long offset) throws IOException, DiskException {
        try {
            context.checkpoint();
        } catch (TaskAbandonedException | InterruptedException e) {
            throw new HaltedException(e);
        }
        context.progress(offset);
        return disk.extentAt(offset);
    }
}
