package io.virtualimage.topics;

/**
 * An output that is put together by a recipe; all that it is made of is staged.
 *
 * @param basis what the recipe takes bytes from as they are: {@link SegmentKind#SOURCE} or {@link SegmentKind#PLAIN}
 * @param staged the segments of that kind, all of them
 * @param lengthBytes length of the output
 * @param unpacked number of segments of the kind {@link SegmentKind#DISK}
 * @param unpackedZeros those of them that hold nothing but zeros, and so have no object
 */
public record StagedOutput(
        SegmentKind basis, StagedSource staged, long lengthBytes, int unpacked, SegmentSet unpackedZeros) {
    public StagedOutput {
        if (basis != SegmentKind.SOURCE && basis != SegmentKind.PLAIN) {
            throw new IllegalArgumentException("no output is made of " + basis.wireName());
        }
        if (lengthBytes < 1 || unpacked < 0) {
            throw new IllegalArgumentException(
                    "an output of %d bytes, %d segments unpacked".formatted(lengthBytes, unpacked));
        }
    }
}
