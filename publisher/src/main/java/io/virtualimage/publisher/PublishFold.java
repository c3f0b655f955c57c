package io.virtualimage.publisher;

import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.stage.fold.PlanContext;
import io.virtualimage.stage.fold.SourceFacts;
import io.virtualimage.stage.fold.StageFold;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.DiskOutput;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.DiskInspected;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.LayerPushed;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.StagedOutput;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Task;
import java.util.List;

/**
 * Plans how an image becomes visible: for the registry, the layer is pushed while the fetch goes on, and the manifest comes
 * last; a volume is filled when all is there. What nobody wants any more is taken back.
 */
public final class PublishFold extends StageFold {
    /** A push begins when so many segments are staged from the start on, or all: a chunk's worth of work. */
    private static final int HEAD_START = 4;

    public PublishFold() {
        super(Stage.PUBLISH);
    }

    @Override
    protected List<Task> tasks(ImageFacts facts, PlanContext context) {
        Position cause = facts.cause();
        if (cause == null) {
            return List.of();
        }
        Task.Header any = new Task.Header(facts.image(), 0, cause, 1);
        if (facts.withdrawn()) {
            return facts.removed() && !facts.straysPublished() ? List.of() : List.of(new Task.RemoveImage(any, false));
        }
        if (facts.request() != null && facts.straysPublished()) {
            // Something older is still visible. It goes first: that takes no time, and frees the registry's room.
            return List.of(new Task.RemoveImage(any, true));
        }
        ImageRequested wanted = facts.wanted();
        if (wanted == null) {
            return List.of();
        }
        if (facts.over()) {
            // A claim that will never be of use takes room from others.
            boolean useless = wanted.storage() == Storage.PERSISTENT_VOLUME_CLAIM
                    && facts.failed() != null
                    && facts.published() == null
                    && !facts.removed();
            return useless ? List.of(new Task.RemoveImage(any, false)) : List.of();
        }
        return switch (wanted.storage()) {
            case CONTAINER_REGISTRY ->
                wanted.source() instanceof DataSource.PublishedImage source
                        ? List.of(new Task.MountImage(any, source))
                        : publish(facts, cause);
            case PERSISTENT_VOLUME_CLAIM -> fill(facts, wanted, cause);
        };
    }

    /** A volume is filled by whole ranges in any order, so nothing is gained by beginning early. */
    private static List<Task> fill(ImageFacts facts, ImageRequested wanted, Position cause) {
        SourceFacts source = facts.source();
        StagedSource staged = source.staged();
        DiskInspected disk = facts.currentDisk();
        Long length = staged.lengthBytes();
        boolean ready = source.completed() && facts.currentConversion().completed() && staged.complete();
        if (!ready || disk == null || length == null) {
            return List.of();
        }
        StagedOutput recipe = facts.currentConversion().output(facts.disk());
        if (disk.output().layout() == DiskOutput.Layout.RECIPE && recipe == null) {
            return List.of();
        }
        return List.of(new Task.FillVolume(
                new Task.Header(facts.image(), source.epoch(), cause, 1),
                staged,
                recipe,
                wanted.storageClass(),
                disk.format(),
                disk.cdrom(),
                length,
                disk.virtualSizeBytes()));
    }

    private static List<Task> publish(ImageFacts facts, Position cause) {
        SourceFacts source = facts.source();
        StagedSource staged = source.staged();
        DiskInspected disk = facts.currentDisk();
        Position follow = facts.follow();
        Long length = staged.lengthBytes();
        if (disk == null || follow == null || length == null) {
            return List.of();
        }
        Task.Header header = new Task.Header(facts.image(), source.epoch(), cause, 1);
        LayerPushed layer = facts.currentLayer();
        if (layer == null) {
            return push(facts, disk.output(), header, follow);
        }
        boolean ready = source.completed() && facts.currentConversion().completed();
        return ready
                ? List.of(new Task.PublishManifest(
                        header,
                        layer.layer(),
                        layer.layerBytes(),
                        disk.format(),
                        disk.cdrom(),
                        length,
                        disk.virtualSizeBytes()))
                : List.of();
    }

    private static List<Task> push(ImageFacts facts, DiskOutput output, Task.Header header, Position follow) {
        StagedSource staged = facts.source().staged();
        return switch (output.layout()) {
            case PASS_THROUGH -> {
                boolean headStart = staged.complete() || staged.present().firstMissing(0) >= HEAD_START;
                yield headStart ? List.of(new Task.PushLayer(header, staged, follow, output, null)) : List.of();
            }
            case RECIPE -> {
                StagedOutput recipe = facts.currentConversion().output(facts.disk());
                yield recipe != null ? List.of(new Task.PushLayer(header, staged, follow, output, recipe)) : List.of();
            }
        };
    }

    @Override
    protected List<Event> announcements(ImageFacts facts, PlanContext context) {
        Event.Published standing = facts.standing();
        // 'published' is compacted: its last record has to be the one that counts.
        return facts.hidden() && standing != null ? List.of(standing) : List.of();
    }
}
