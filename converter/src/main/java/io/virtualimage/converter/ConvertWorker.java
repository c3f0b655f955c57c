package io.virtualimage.converter;

import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.stage.work.Worker;
import io.virtualimage.topics.Task;

/**
 * Does the tasks of both groups of the converter. Whatever it stages follows from the source's bytes alone, so any task
 * may be repeated at any time. Safe for use by many threads.
 */
public final class ConvertWorker implements Worker {
    private final ConvertPorts ports;

    public ConvertWorker(ConvertPorts ports) {
        this.ports = ports;
    }

    @Override
    public void run(Task task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                    StagingUnavailableException, AnnouncementException, InterruptedException {
        switch (task) {
            case Task.InspectDisk inspect -> DiskInspection.run(ports, inspect, context);
            case Task.UnpackSource unpack -> SourceUnpacking.run(ports, unpack, context);
            case Task.MapDisk map -> DiskMapping.run(ports, map, context);
            case Task.ConvertSegment convert -> SegmentConversion.run(ports, convert, context);
            case Task.ProbeSource ignored -> throw foreign(task);
            case Task.FetchRange ignored -> throw foreign(task);
            case Task.FetchStream ignored -> throw foreign(task);
            case Task.ReadVolume ignored -> throw foreign(task);
            case Task.VerifySource ignored -> throw foreign(task);
            case Task.CleanStaging ignored -> throw foreign(task);
            case Task.PushLayer ignored -> throw foreign(task);
            case Task.MountImage ignored -> throw foreign(task);
            case Task.FillVolume ignored -> throw foreign(task);
            case Task.PublishManifest ignored -> throw foreign(task);
            case Task.RemoveImage ignored -> throw foreign(task);
        }
    }

    /** Nobody wants this version any more, and the broom may have come before what this task has just staged. */
    @Override
    public void discard(Task task, TaskContext context) throws StagingUnavailableException, InterruptedException {
        if (task.id().stages()) {
            ports.staging().clean(task.image(), false);
        }
    }

    private static IllegalArgumentException foreign(Task task) {
        return new IllegalArgumentException("the converter has no business with " + task.id());
    }
}
