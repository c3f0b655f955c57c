package io.virtualimage.publisher.content;

import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.StagedSource;

/** The source as it came, which may still be coming. */
public final class SourceContent implements OutputContent {
    private final Incarnation image;
    private final int epoch;
    private final SegmentLayout layout;
    private final SegmentReader segments;

    /** @param layout how the source is staged */
    public SourceContent(Incarnation image, int epoch, SegmentLayout layout, SegmentReader segments) {
        this.image = image;
        this.epoch = epoch;
        this.layout = layout;
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
        SegmentKey key = SegmentKey.source(image, epoch, index);
        return new SegmentReader.Segment(key, staged.sessionOf(index), layout.lengthOf(index));
    }
}
