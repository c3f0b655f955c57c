package io.virtualimage.publisher.volume;

import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Task;
import java.util.Optional;
import tools.jackson.core.JacksonException;

/**
 * What is to be put onto a claim, as a document beside the staged segments, so that any replica can answer the claim's Pod.
 *
 * @param claim name of the claim
 */
record FillOrder(Task.FillVolume task, String claim) {
    static Optional<FillOrder> read(StagingStore staging, Incarnation image, int epoch, String claimUid)
            throws StagingUnavailableException, InterruptedException {
        Optional<byte[]> document = staging.getDocument(image, epoch, name(claimUid));
        try {
            return document.map(bytes -> EventCodec.mapper().readValue(bytes, FillOrder.class));
        } catch (JacksonException e) {
            return Optional.empty();
        }
    }

    void write(StagingStore staging, String claimUid) throws StagingUnavailableException, InterruptedException {
        staging.putDocument(
                task.image(), task.epoch(), name(claimUid), EventCodec.mapper().writeValueAsBytes(this));
    }

    RangeLayout layout() {
        return RangeLayout.of(task.unpackedBytes());
    }

    /** By the claim's UID: another claim of the same name holds nothing yet. */
    private static String name(String claimUid) {
        return "fill-" + claimUid + ".json";
    }
}
