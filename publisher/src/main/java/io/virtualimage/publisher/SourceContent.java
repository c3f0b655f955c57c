package io.virtualimage.publisher;

import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;

/** The source as it came, which may still be coming. */
final class SourceContent implements LayerContent {
    private final Task.PushLayer task;
    private final SegmentLayout layout;
    private final SegmentReader segments;

    SourceContent(Task.PushLayer task, SegmentReader segments) {
        this.task = task;
        this.layout = task.staged().layout();
        this.segments = segments;
    }

    @Override
    public long lengthBytes() {
        return layout.lengthBytes();
    }

    @Override
    public long readableBytes(StagedSource staged) {
        int next = staged.present().firstMissing(0);
        return next >= layout.count() ? layout.lengthBytes() : layout.offsetOf(next);
    }

    @Override
    public long seamBefore(long offset) {
        return layout.offsetOf(layout.indexAt(offset));
    }

    @Override
    public Run runAt(long offset, StagedSource staged)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        int index = layout.indexAt(offset);
        int within = (int) (offset - layout.offsetOf(index));
        int left = layout.lengthOf(index) - within;
        Run run = staged.zeros().contains(index)
                ? Run.zeros(left)
                : Run.of(segments.read(segment(index, staged)), within, left);
        int next = index + 1;
        if (next < layout.count()
                && staged.present().contains(next)
                && !staged.zeros().contains(next)) {
            segments.expect(segment(next, staged));
        }
        return run;
    }

    private SegmentReader.Segment segment(int index, StagedSource staged) {
        SegmentKey key = SegmentKey.source(task.image(), task.epoch(), index);
        return new SegmentReader.Segment(key, staged.sessionOf(index), layout.lengthOf(index));
    }
}
