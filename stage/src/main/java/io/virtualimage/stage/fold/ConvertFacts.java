package io.virtualimage.stage.fold;

import io.virtualimage.topics.Compression;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.DiskInspected;
import io.virtualimage.topics.Event.RecipeWritten;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.StagedOutput;
import io.virtualimage.topics.StagedSource;
import org.jspecify.annotations.Nullable;

/**
 * What became of the staged bytes of one incarnation, merged from {@code virtualimage.converted}. A higher epoch
 * replaces everything that was known of a lower one.
 *
 * @param epoch the source's epoch
 * @param compression what the source is wrapped in; null if nothing is known of it, or it isn't
 * @param plainPresent segments of the unpacked source that are staged
 * @param plainZeros those of them that hold nothing but zeros
 * @param plainLengthBytes length of the unpacked source; null until all of it was unpacked
 * @param inspected what the image is; null until it was looked at
 * @param recipe how the output is put together; null until that is staged, or if the source passes through
 * @param unpacked segments of unpacked clusters that are staged
 * @param unpackedZeros those of them that hold nothing but zeros
 * @param completed whether {@code ConvertCompleted} was seen
 */
public record ConvertFacts(
        int epoch,
        @Nullable Compression compression,
        SegmentSet plainPresent,
        SegmentSet plainZeros,
        @Nullable Long plainLengthBytes,
        @Nullable DiskInspected inspected,
        @Nullable RecipeWritten recipe,
        SegmentSet unpacked,
        SegmentSet unpackedZeros,
        boolean completed) {

    /** Nothing is known. */
    public static final ConvertFacts NONE = inEpoch(0);

    /** Nothing is known of an epoch. */
    static ConvertFacts inEpoch(int epoch) {
        return new Changes(epoch).facts();
    }

    /** The facts with one more event of this incarnation. */
    public ConvertFacts merge(Event.Converted event) {
        if (event.epoch() < epoch) {
            return this;
        }
        Changes next = event.epoch() > epoch ? new Changes(event.epoch()) : new Changes(this);
        switch (event) {
            case Event.SourceCompressed source -> next.compression = source.compression();
            case Event.SegmentConverted segment -> next.add(segment);
            case Event.SourceUnpacked source -> next.plainLengthBytes = source.lengthBytes();
            case DiskInspected disk -> next.inspected = disk;
            case RecipeWritten written -> next.recipe = written;
            case Event.ConvertCompleted ignored -> next.completed = true;
        }
        return next.facts();
    }

    /** Something that the converter made turned out not to be there: it is made again, and is the same again. */
    ConvertFacts lose(Event.SegmentMissing missing) {
        if (missing.epoch() != epoch) {
            return this;
        }
        Changes next = new Changes(this);
        next.completed = false;
        switch (missing.kind()) {
            case PLAIN -> next.plainPresent = plainPresent.without(missing.index());
            case DISK -> next.unpacked = unpacked.without(missing.index());
            case RECIPE -> next.recipe = null;
            case SOURCE -> next.completed = completed;
            case null -> next.completed = completed;
        }
        return next.facts();
    }

    /** Which bytes the disk is read from. */
    public SegmentKind basis() {
        return compression == null ? SegmentKind.SOURCE : SegmentKind.PLAIN;
    }

    /** What is staged of the unpacked source, cut into segments of that length. */
    public StagedSource plain(int segmentBytes) {
        return new StagedSource(epoch, null, segmentBytes, plainLengthBytes, plainPresent, plainZeros);
    }

    /**
     * The output, if it is put together by a recipe and all that it is made of is known to be there.
     *
     * @param disk what is staged of the {@link #basis}
     */
    public @Nullable StagedOutput output(StagedSource disk) {
        boolean there = completed && recipe != null && disk.complete() && unpacked.covers(recipe.unpacked());
        return there && recipe != null
                ? new StagedOutput(basis(), disk, recipe.lengthBytes(), recipe.unpacked(), unpackedZeros)
                : null;
    }

    /** The facts while they are being changed. */
    private static final class Changes {
        private final int epoch;
        private @Nullable Compression compression;
        private SegmentSet plainPresent = SegmentSet.EMPTY;
        private SegmentSet plainZeros = SegmentSet.EMPTY;
        private @Nullable Long plainLengthBytes;
        private @Nullable DiskInspected inspected;
        private @Nullable RecipeWritten recipe;
        private SegmentSet unpacked = SegmentSet.EMPTY;
        private SegmentSet unpackedZeros = SegmentSet.EMPTY;
        private boolean completed;

        Changes(int epoch) {
            this.epoch = epoch;
        }

        Changes(ConvertFacts facts) {
            epoch = facts.epoch;
            compression = facts.compression;
            plainPresent = facts.plainPresent;
            plainZeros = facts.plainZeros;
            plainLengthBytes = facts.plainLengthBytes;
            inspected = facts.inspected;
            recipe = facts.recipe;
            unpacked = facts.unpacked;
            unpackedZeros = facts.unpackedZeros;
            completed = facts.completed;
        }

        void add(Event.SegmentConverted segment) {
            if (segment.kind() == SegmentKind.PLAIN) {
                plainPresent = plainPresent.with(segment.index());
                plainZeros = segment.allZero() ? plainZeros.with(segment.index()) : plainZeros;
            } else {
                unpacked = unpacked.with(segment.index());
                unpackedZeros = segment.allZero() ? unpackedZeros.with(segment.index()) : unpackedZeros;
            }
        }

        ConvertFacts facts() {
            return new ConvertFacts(
                    epoch,
                    compression,
                    plainPresent,
                    plainZeros,
                    plainLengthBytes,
                    inspected,
                    recipe,
                    unpacked,
                    unpackedZeros,
                    completed);
        }
    }
}
