package io.virtualimage.stage.staging;

import io.virtualimage.topics.Incarnation;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The object store as the stages see it. Each object carries its own {@link SegmentFacts}. A segment becomes visible
 * whole or not at all; two writers of one segment are both told that they succeeded and the last one wins, unless one
 * asked for {@link Overwrite#REFUSE}. All methods may be repeated.
 */
public interface StagingStore {
    /** What to do where there is an object of that name. */
    enum Overwrite {
        /** Replace it: the bytes are the same. */
        ALLOW,
        /** Leave it, and say so. Not atomic on every store: two who begin together may both succeed. */
        REFUSE
    }

    /**
     * Stages one segment from a stream, which is read to the length given and not collected. Nothing is written when
     * all of it is zero.
     *
     * @param session see {@link SegmentFacts#session}: 16 hexadecimal digits, or null
     * @return the facts; empty if an object was there and {@code overwrite} refuses
     * @throws IOException what {@code body} threw, or that it ended early ({@link java.io.EOFException})
     */
    Optional<SegmentFacts> put(
            SegmentKey key, @Nullable String session, int lengthBytes, InputStream body, Overwrite overwrite)
            throws IOException, StagingUnavailableException, InterruptedException;

    /** What is known of a staged segment; empty if there is no such object. Reads no segment's bytes. */
    Optional<SegmentFacts> facts(SegmentKey key) throws StagingUnavailableException, InterruptedException;

    /**
     * Reads a whole segment, verified against its own checksum.
     *
     * @param session the stream that must have written it; null if it was read as a range
     * @throws SegmentLostException if it isn't there, is another stream's, or is damaged
     */
    byte[] read(SegmentKey key, @Nullable String session)
            throws SegmentLostException, StagingUnavailableException, InterruptedException;

    /**
     * As {@link #read(SegmentKey, String)}, for a segment whose length follows from its place.
     *
     * @throws SegmentLostException also if it has another length
     */
    default byte[] read(SegmentKey key, @Nullable String session, int lengthBytes)
            throws SegmentLostException, StagingUnavailableException, InterruptedException {
        byte[] bytes = read(key, session);
        if (bytes.length != lengthBytes) {
            throw new SegmentLostException(
                    key, "%s has %d bytes, and should have %d".formatted(key.objectName(), bytes.length, lengthBytes));
        }
        return bytes;
    }

    /** Keeps a small document beside the segments of an epoch, in place of the one of that name before it. */
    void putDocument(Incarnation image, int epoch, String name, byte[] document)
            throws StagingUnavailableException, InterruptedException;

    /** Reads a document back; empty if there is none. */
    Optional<byte[]> getDocument(Incarnation image, int epoch, String name)
            throws StagingUnavailableException, InterruptedException;

    /**
     * Removes everything of the versions up to {@code image}, of all epochs.
     *
     * @param keepCurrent whether {@code image}'s own objects stay
     */
    void clean(Incarnation image, boolean keepCurrent) throws StagingUnavailableException, InterruptedException;

    /** The UIDs of which anything is staged, for the sweeper. */
    List<String> stagedUids() throws StagingUnavailableException, InterruptedException;

    /** Removes everything of an image that nobody wants any more. */
    void cleanAll(String uid) throws StagingUnavailableException, InterruptedException;
}
