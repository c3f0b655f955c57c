package io.virtualimage.converter;

import io.virtualimage.stage.staging.SegmentFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.Task;
import java.io.IOException;
import java.io.InputStream;

/** Stages and announces what the converter makes. Who does it again writes the same bytes, so overwriting is harmless. */
record ConvertedSegments(StagingStore staging, Task task, SegmentKind kind, TaskContext context) {
    /** Stages one segment and says so; returns whether it is all zeros. */
    boolean stage(int index, int lengthBytes, InputStream body)
            throws IOException, StagingUnavailableException, AnnouncementException, InterruptedException {
        SegmentKey key = new SegmentKey(task.image(), task.epoch(), kind, index);
        SegmentFacts facts = staging.put(key, null, lengthBytes, body, StagingStore.Overwrite.ALLOW)
                .orElseThrow(() -> new IllegalStateException("a segment that may be overwritten was refused"));
        context.announce(new Event.SegmentConverted(
                task.image(),
                task.epoch(),
                kind,
                index,
                facts.lengthBytes(),
                facts.crc32c(),
                facts.zeroBlocks(),
                facts.allZero(),
                context.worker()));
        return facts.allZero();
    }
}
