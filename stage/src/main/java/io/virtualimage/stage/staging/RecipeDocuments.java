package io.virtualimage.stage.staging;

import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentKind;
import java.util.Optional;

/** Where the documents of an output's recipe are kept beside the segments of an epoch: one recipe for each epoch. */
public record RecipeDocuments(StagingStore staging, Incarnation image, int epoch) {
    private static final String PREFIX = "recipe-";

    /** Keeps a document, in place of the one of that name before it. */
    public void put(String name, byte[] document) throws StagingUnavailableException, InterruptedException {
        staging.putDocument(image, epoch, PREFIX + name, document);
    }

    /** Reads a document back; empty if there is none. */
    public Optional<byte[]> get(String name) throws StagingUnavailableException, InterruptedException {
        return staging.getDocument(image, epoch, PREFIX + name);
    }

    /** That the recipe is not there, or not whole: it has to be written again. */
    public SegmentLostException lost(String message) {
        return new SegmentLostException(new SegmentKey(image, epoch, SegmentKind.RECIPE, 0), message);
    }
}
