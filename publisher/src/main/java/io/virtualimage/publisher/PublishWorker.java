package io.virtualimage.publisher;

import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.stage.work.Worker;
import io.virtualimage.topics.Task;

/** Pushes layers, publishes manifests, removes images. Safe for use by many threads. */
public final class PublishWorker implements Worker {
    private final PublishPorts ports;
    private final PublicNames names;

    public PublishWorker(PublishPorts ports, PublicNames names) {
        this.ports = ports;
        this.names = names;
    }

    @Override
    public void run(Task task, TaskContext context)
            throws TaskDeferredException, ImageFailedException, TaskAbandonedException, SegmentLostException,
                    StagingUnavailableException, AnnouncementException, InterruptedException {
        switch (task) {
            case Task.PushLayer push -> LayerPush.run(ports, push, names.repository(push.image()), context);
            case Task.PublishManifest publish -> ManifestPublication.run(ports.registry(), names, publish, context);
            case Task.MountImage mount -> ImageMount.run(ports, names, mount, context);
            case Task.FillVolume ignored -> throw foreign(task);
            case Task.RemoveImage remove -> ImageRemoval.run(ports.registry(), names, remove, context);
            case Task.ProbeSource ignored -> throw foreign(task);
            case Task.FetchRange ignored -> throw foreign(task);
            case Task.FetchStream ignored -> throw foreign(task);
            case Task.ReadVolume ignored -> throw foreign(task);
            case Task.VerifySource ignored -> throw foreign(task);
            case Task.CleanStaging ignored -> throw foreign(task);
            case Task.InspectDisk ignored -> throw foreign(task);
            case Task.UnpackSource ignored -> throw foreign(task);
            case Task.MapDisk ignored -> throw foreign(task);
            case Task.ConvertSegment ignored -> throw foreign(task);
        }
    }

    /** Takes back the tag, or the upload, that an earlier delivery of the same task may have left. */
    @Override
    public void discard(Task task, TaskContext context) throws TaskDeferredException, InterruptedException {
        if (!context.mayHaveBegun()) {
            return;
        }
        switch (task) {
            case Task.PushLayer push -> LayerPush.dropUpload(ports, push, names.repository(push.image()));
            case Task.PublishManifest publish -> ImageRemoval.removeVersion(ports.registry(), names, publish.image());
            case Task.MountImage mount -> ImageRemoval.removeVersion(ports.registry(), names, mount.image());
            case Task.FillVolume ignored -> {}
            case Task.RemoveImage ignored -> {}
            case Task.ProbeSource ignored -> {}
            case Task.FetchRange ignored -> {}
            case Task.FetchStream ignored -> {}
            case Task.ReadVolume ignored -> {}
            case Task.VerifySource ignored -> {}
            case Task.CleanStaging ignored -> {}
            case Task.InspectDisk ignored -> {}
            case Task.UnpackSource ignored -> {}
            case Task.MapDisk ignored -> {}
            case Task.ConvertSegment ignored -> {}
        }
    }

    private static IllegalArgumentException foreign(Task task) {
        return new IllegalArgumentException("the publisher has no business with " + task.id());
    }
}
