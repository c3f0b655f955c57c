package io.virtualimage.topics;

import org.jspecify.annotations.Nullable;

/**
 * What of a source is staged, as far as the one who says it knows.
 *
 * @param epoch how often the source had turned out to be a different one when these bytes were read, from 0
 * @param session the stream that wrote these segments; null if they were read in ranges, in any order, by anyone
 * @param segmentBytes length of all segments but the last
 * @param lengthBytes length of the source; null as long as nobody knows
 * @param present the segments that are staged
 * @param zeros those of them that hold nothing but zeros, and so have no object
 * @param upload whose the segments of an upload are; null if the source is none
 */
public record StagedSource(
        int epoch,
        @Nullable String session,
        int segmentBytes,
        @Nullable Long lengthBytes,
        SegmentSet present,
        SegmentSet zeros,
        @Nullable UploadLease upload) {

    public StagedSource {
        if (epoch < 0 || segmentBytes < 1 || (lengthBytes != null && lengthBytes < 0)) {
            throw new IllegalArgumentException("epoch " + epoch + ", segments of " + segmentBytes + " bytes");
        }
    }

    /** What is staged of a source that is no upload. */
    public StagedSource(
            int epoch,
            @Nullable String session,
            int segmentBytes,
            @Nullable Long lengthBytes,
            SegmentSet present,
            SegmentSet zeros) {
        this(epoch, session, segmentBytes, lengthBytes, present, zeros, null);
    }

    /** The stream that must have written a segment; null if it was read as a range. */
    public @Nullable String sessionOf(int index) {
        return upload == null ? session : upload.sessionAt(index);
    }

    /** @throws IllegalStateException if the length is not known */
    public SegmentLayout layout() {
        if (lengthBytes == null) {
            throw new IllegalStateException("the source's length is not known yet");
        }
        return new SegmentLayout(lengthBytes, segmentBytes);
    }

    /** Whether the length is known and every segment is staged. */
    public boolean complete() {
        return lengthBytes != null && present.covers(layout().count());
    }

    /** Bytes staged, zeros included. */
    public long presentBytes() {
        return lengthBytes == null ? (long) present.size() * segmentBytes : layout().bytesIn(present);
    }

    public StagedSource with(int index, boolean allZero) {
        return new StagedSource(
                epoch,
                session,
                segmentBytes,
                lengthBytes,
                present.with(index),
                allZero ? zeros.with(index) : zeros,
                upload);
    }

    public StagedSource without(int index) {
        return new StagedSource(
                epoch, session, segmentBytes, lengthBytes, present.without(index), zeros.without(index), upload);
    }

    public StagedSource withLength(long length) {
        return new StagedSource(epoch, session, segmentBytes, length, present, zeros, upload);
    }

    public StagedSource withSession(String owner) {
        return new StagedSource(epoch, owner, segmentBytes, lengthBytes, present, zeros, upload);
    }

    /** The same upload with its session in another state. */
    public StagedSource withUpload(UploadLease lease) {
        return new StagedSource(
                epoch, lease.sessions().getFirst().session(), segmentBytes, lengthBytes, present, zeros, lease);
    }
}
