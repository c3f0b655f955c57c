package io.virtualimage.converter;

import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.stage.fold.PlanContext;
import io.virtualimage.stage.fold.StageFold;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import java.util.List;

/**
 * Plans what becomes of the staged bytes: the image is inspected as soon as its beginning and, where segments come in
 * any order, its end are staged.
 */
public final class ConvertFold extends StageFold {
    public ConvertFold() {
        super(Stage.CONVERT);
    }

    @Override
    protected List<Task> tasks(ImageFacts facts, PlanContext context) {
        Position cause = facts.cause();
        SourceOpened opened = facts.source().opened();
        boolean done = facts.currentDisk() != null
                && facts.convertedEpoch() == facts.source().epoch();
        if (cause == null || opened == null || facts.wanted() == null || facts.over() || done || !inspectable(facts)) {
            return List.of();
        }
        Task.Header header = new Task.Header(facts.image(), facts.source().epoch(), cause, 1);
        return List.of(new Task.InspectDisk(header, facts.source().staged(), opened.fileName()));
    }

    private static boolean inspectable(ImageFacts facts) {
        StagedSource staged = facts.source().staged();
        SourceOpened opened = facts.source().opened();
        if (opened == null || staged.lengthBytes() == null || !staged.present().contains(0)) {
            return false;
        }
        // A stream's end comes last: its beginning alone may tell enough, so that the push can begin.
        return staged.session() != null
                || staged.present().contains(staged.layout().count() - 1);
    }

    @Override
    protected List<Event> announcements(ImageFacts facts, PlanContext context) {
        return List.of();
    }
}
