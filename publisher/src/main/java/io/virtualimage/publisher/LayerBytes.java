package io.virtualimage.publisher;

import io.virtualimage.oci.LayerTar;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.StagedSource;
import java.io.IOException;

/**
 * The layer as bytes at offsets: the tar's head, the source's segments, the tar's tail. The bytes at an offset are the
 * same whoever reads them. For one thread.
 */
final class LayerBytes {
    /** Bytes are handed out in pieces that stay in a processor's cache while they are hashed and sent. */
    private static final int PIECE_BYTES = 256 << 10;

    private static final byte[] ZEROS = new byte[PIECE_BYTES];

    private final byte[] head;
    private final byte[] tail;
    private final SegmentLayout source;
    private final long totalBytes;
    private final SegmentReader segments;
    private final TaskContext context;

    LayerBytes(LayerTar tar, SegmentLayout source, SegmentReader segments, TaskContext context) {
        this.head = tar.head();
        this.tail = tar.tail();
        this.source = source;
        this.totalBytes = tar.totalLength();
        this.segments = segments;
        this.context = context;
    }

    /** Takes pieces of the layer, in order. */
    interface Sink {
        void take(byte[] bytes, int offset, int length) throws IOException;
    }

    long totalBytes() {
        return totalBytes;
    }

    /** Up to which offset the layer can be read without a gap. */
    long readableBytes(StagedSource staged) {
        int next = firstMissing(staged);
        if (next >= source.count()) {
            return totalBytes;
        }
        return next == 0 ? 0 : head.length + source.offsetOf(next);
    }

    /** The first segment that isn't staged; the number of segments if all are. */
    int firstMissing(StagedSource staged) {
        return Math.min(staged.present().firstMissing(0), source.count());
    }

    /**
     * Where a chunk that begins at {@code from} should end: at the end of a segment, so that none is read for two
     * chunks.
     *
     * @param readable how far the layer can be read, beyond {@code from}
     */
    long chunkEnd(long from, long readable, long chunkBytes) {
        if (readable - from <= chunkBytes) {
            return readable;
        }
        long end = from + chunkBytes;
        long inSource = end - head.length;
        long aligned = inSource <= 0 ? end : head.length + source.offsetOf(source.indexAt(inSource));
        return aligned > from && inSource < source.lengthBytes() ? aligned : end;
    }

    /**
     * Hands out a range. Asks at every piece whether to go on.
     *
     * @param staged what is there; has to hold the range
     * @throws IOException what the sink threw
     */
    void copy(long from, long to, StagedSource staged, Sink sink)
            throws IOException, SegmentLostException, StagingUnavailableException, TaskAbandonedException,
                    InterruptedException {
        long position = from;
        while (position < to) {
            long contentEnd = head.length + source.lengthBytes();
            if (position < head.length) {
                position += hand(head, position, position, Math.min(to, head.length), sink);
            } else if (position < contentEnd) {
                position += copySegment(position, to, staged, sink);
            } else {
                position += hand(tail, position - contentEnd, position, to, sink);
            }
        }
    }

    private long copySegment(long from, long to, StagedSource staged, Sink sink)
            throws IOException, SegmentLostException, StagingUnavailableException, TaskAbandonedException,
                    InterruptedException {
        int index = source.indexAt(from - head.length);
        long start = head.length + source.offsetOf(index);
        long end = Math.min(to, start + source.lengthOf(index));
        boolean zeros = staged.zeros().contains(index);
        byte[] bytes = zeros ? ZEROS : segments.read(index);
        int next = index + 1;
        if (staged.present().contains(next)
                && next < source.count()
                && !staged.zeros().contains(next)) {
            segments.expect(next);
        }
        long position = from;
        while (position < end) {
            long within = zeros ? 0 : position - start;
            long most = zeros ? Math.min(end, position + ZEROS.length) : end;
            position += hand(bytes, within, position, most, sink);
        }
        return end - from;
    }

    /** Hands out the bytes from {@code within} that stand for the range of the layer, in pieces. */
    private long hand(byte[] bytes, long within, long from, long to, Sink sink)
            throws IOException, TaskAbandonedException, InterruptedException {
        long position = from;
        while (position < to) {
            context.checkpoint();
            int length = (int) Math.min(PIECE_BYTES, to - position);
            sink.take(bytes, (int) (within + position - from), length);
            position += length;
            context.progress(position);
        }
        return to - from;
    }
}
