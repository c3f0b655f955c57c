package io.virtualimage.publisher.volume;

import io.virtualimage.publisher.content.OutputContent;
import io.virtualimage.publisher.content.RecipeContent;
import io.virtualimage.publisher.content.SegmentReader;
import io.virtualimage.publisher.content.SourceContent;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.StagedOutput;
import io.virtualimage.topics.Task;
import java.nio.ByteBuffer;
import java.util.OptionalInt;

/** What a volume is to hold, read from staging. */
final class DiskRuns {
    /** An answer has no more data than this; a segment of the usual length fits, so that it is read once. */
    static final int MOST_DATA_BYTES = 16 << 20;

    /** A recipe may go back and forth between what it takes bytes from. */
    private static final int KEPT_FOR_RECIPE = 2;

    private DiskRuns() {}

    /**
     * Asks whether there is anything to read at all.
     *
     * @throws SegmentLostException if what the disk is made of is gone
     */
    static void requireStaged(StagingStore staging, Task.FillVolume task)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        StagedOutput recipe = task.recipe();
        if (recipe != null) {
            try (SegmentReader segments = new SegmentReader(staging, 1, null)) {
                RecipeContent.open(task.image(), task.epoch(), recipe, staging, segments);
            }
            return;
        }
        OptionalInt first = task.staged().present().stream()
                .filter(index -> !task.staged().zeros().contains(index))
                .findFirst();
        if (first.isPresent()) {
            SegmentKey key = SegmentKey.source(task.image(), task.epoch(), first.getAsInt());
            if (staging.facts(key).isEmpty()) {
                throw new SegmentLostException(key, "there is no object " + key.objectName());
            }
        }
    }

    /**
     * The first of the runs of a piece of the disk, as {@link RunFrames}: all of them, or as many as are worth one answer,
     * but at least one.
     *
     * @param to above {@code from}, and at most the disk's length
     */
    static ByteBuffer read(StagingStore staging, Task.FillVolume task, long from, long to)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        StagedOutput recipe = task.recipe();
        int kept = recipe == null ? 1 : KEPT_FOR_RECIPE;
        try (SegmentReader segments = new SegmentReader(staging, kept, null)) {
            OutputContent content = recipe == null
                    ? new SourceContent(
                            task.image(), task.epoch(), task.staged().layout(), segments)
                    : RecipeContent.open(task.image(), task.epoch(), recipe, staging, segments);
            RunFrames frames = new RunFrames(from, (int) Math.min(MOST_DATA_BYTES, to - from));
            long data = 0;
            while (frames.position() < to && data < MOST_DATA_BYTES) {
                OutputContent.Run run = runAt(content, frames.position(), task);
                long most = to - frames.position();
                OutputContent.Run part = run.until(run.bytes() == null ? most : Math.min(most, MOST_DATA_BYTES - data));
                data += part.bytes() == null ? 0 : part.lengthBytes();
                frames.put(part);
            }
            return frames.finish();
        }
    }

    /** What is behind the end of the file, up to whole sectors, is zeros. */
    private static OutputContent.Run runAt(OutputContent content, long offset, Task.FillVolume task)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        return offset >= content.lengthBytes()
                ? OutputContent.Run.zeros(task.unpackedBytes() - offset)
                : content.runAt(offset, task.staged());
    }
}
