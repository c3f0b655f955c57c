package io.virtualimage.publisher.volume;

import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentSet;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/**
 * How far a claim is filled, as a document beside the staged segments, so that a Pod that takes over goes on. Written as a
 * whole by what a Pod says: were there two Pods for a moment, some of it might be forgotten, and is then written again.
 *
 * @param done ranges of the {@link RangeLayout} that are on the volume for good, and were read back
 * @param finished whether the Pod has said that it is through
 */
record FillProgress(SegmentSet done, boolean finished) {
    private static final FillProgress NONE = new FillProgress(SegmentSet.EMPTY, false);

    static FillProgress read(StagingStore staging, Incarnation image, int epoch, String claimUid)
            throws StagingUnavailableException, InterruptedException {
        Optional<byte[]> document = staging.getDocument(image, epoch, name(claimUid));
        try {
            return document.map(bytes -> EventCodec.mapper().readValue(bytes, FillProgress.class))
                    .orElse(NONE);
        } catch (JacksonException e) {
            return NONE;
        }
    }

    void write(StagingStore staging, Incarnation image, int epoch, String claimUid)
            throws StagingUnavailableException, InterruptedException {
        staging.putDocument(image, epoch, name(claimUid), EventCodec.mapper().writeValueAsBytes(this));
    }

    private static String name(String claimUid) {
        return "filled-" + claimUid + ".json";
    }
}
