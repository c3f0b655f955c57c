package io.virtualimage.converter;

import io.virtualimage.stage.fold.ConvertFacts;
import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.stage.fold.PlanContext;
import io.virtualimage.stage.fold.StageFold;
import io.virtualimage.topics.DiskOutput;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.RecipeWritten;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import java.util.List;

/**
 * Plans what becomes of the staged bytes. A compressed source is unpacked while it comes. The image is inspected as soon
 * as its beginning and, where segments come in any order, its end are staged; when all of it is, its map is gone through,
 * and the clusters that are compressed each on their own are unpacked by any number of replicas.
 */
public final class ConvertFold extends StageFold {
    public ConvertFold() {
        super(Stage.CONVERT);
    }

    @Override
    protected List<Task> tasks(ImageFacts facts, PlanContext context) {
        Position cause = facts.cause();
        SourceOpened opened = facts.source().opened();
        ConvertFacts conversion = facts.currentConversion();
        if (cause == null || opened == null || facts.wanted() == null || facts.over() || conversion.completed()) {
            return List.of();
        }
        Task.Header header = new Task.Header(facts.image(), facts.source().epoch(), cause, 1);
        StagedSource disk = facts.disk();
        if (conversion.compression() != null && !disk.complete()) {
            return unpack(facts, header, disk);
        }
        Event.DiskInspected inspected = conversion.inspected();
        if (inspected == null) {
            return inspectable(disk)
                    ? List.of(new Task.InspectDisk(
                            header,
                            facts.source().staged(),
                            opened.fileName(),
                            conversion.compression() == null ? null : disk,
                            null))
                    : List.of();
        }
        RecipeWritten recipe = conversion.recipe();
        if (recipe == null) {
            return disk.complete() && !passesAsItIs(inspected)
                    ? List.of(new Task.MapDisk(header, conversion.basis(), disk, inspected.output()))
                    : List.of();
        }
        SegmentSet unpacked = conversion.unpacked();
        return context.pieces("ConvertSegment/" + header.epoch() + "/", unpacked, unpacked.missing(recipe.unpacked()))
                .<Task>mapToObj(index -> new Task.ConvertSegment(header, conversion.basis(), disk, index))
                .toList();
    }

    /** A disc has no map that could be wrong. */
    private static boolean passesAsItIs(Event.DiskInspected disk) {
        return disk.cdrom() && disk.output().layout() == DiskOutput.Layout.PASS_THROUGH;
    }

    private static List<Task> unpack(ImageFacts facts, Task.Header header, StagedSource plain) {
        ConvertFacts conversion = facts.currentConversion();
        Position follow = facts.follow();
        return follow != null && conversion.compression() != null
                ? List.of(
                        new Task.UnpackSource(header, facts.source().staged(), follow, conversion.compression(), plain))
                : List.of();
    }

    private static boolean inspectable(StagedSource disk) {
        if (disk.lengthBytes() == null || !disk.present().contains(0)) {
            return false;
        }
        // A stream's end comes last: its beginning alone may tell enough, so that the push can begin.
        return disk.session() != null || disk.present().contains(disk.layout().count() - 1);
    }

    @Override
    protected List<Event> announcements(ImageFacts facts, PlanContext context) {
        ConvertFacts conversion = facts.currentConversion();
        RecipeWritten recipe = conversion.recipe();
        Event.DiskInspected inspected = conversion.inspected();
        boolean done = inspected != null
                && (passesAsItIs(inspected)
                        || (recipe != null
                                && conversion.unpacked().covers(recipe.unpacked())
                                && facts.disk().complete()));
        return done && !conversion.completed() && facts.wanted() != null && !facts.over()
                ? List.of(
                        new Event.ConvertCompleted(facts.image(), facts.source().epoch()))
                : List.of();
    }
}
