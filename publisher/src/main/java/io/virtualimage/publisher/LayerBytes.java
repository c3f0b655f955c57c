package io.virtualimage.publisher;

import io.virtualimage.oci.LayerTar;
import io.virtualimage.publisher.content.OutputContent;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.topics.StagedSource;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The layer as bytes at offsets: the tar's head, its content, the tar's tail. The bytes at an offset are the same whoever
 * reads them. For one thread.
 */
final class LayerBytes {
    /** Bytes are handed out in pieces that stay in a processor's cache while they are hashed and sent. */
    private static final int PIECE_BYTES = 256 << 10;

    private static final byte[] ZEROS = new byte[PIECE_BYTES];

    private final byte[] head;
    private final byte[] tail;
    private final OutputContent content;
    private final long contentEnd;
    private final TaskContext context;

    LayerBytes(String fileName, OutputContent content, TaskContext context) {
        LayerTar tar = LayerTar.of(fileName, content.lengthBytes());
        this.head = tar.head();
        this.tail = tar.tail();
        this.content = content;
        this.contentEnd = head.length + content.lengthBytes();
        this.context = context;
    }

    /** Takes pieces of the layer, in order. */
    interface Sink {
        void take(byte[] bytes, int offset, int length) throws IOException;
    }

    long totalBytes() {
        return contentEnd + tail.length;
    }

    /** Up to which offset the layer can be read without a gap. */
    long readableBytes(StagedSource staged) {
        long readable = content.readableBytes(staged);
        if (readable == content.lengthBytes()) {
            return totalBytes();
        }
        return readable == 0 ? 0 : head.length + readable;
    }

    /**
     * Where a chunk that begins at {@code from} should end: at a seam of the content, so that nothing is read for two
     * chunks.
     *
     * @param readable how far the layer can be read, beyond {@code from}
     */
    long chunkEnd(long from, long readable, long chunkBytes) {
        if (readable - from <= chunkBytes) {
            return readable;
        }
        long end = from + chunkBytes;
        if (end <= head.length || end >= contentEnd) {
            return end;
        }
        long aligned = head.length + content.seamBefore(end - head.length);
        return aligned > from ? aligned : end;
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
            if (position < head.length) {
                position += hand(head, (int) position, position, Math.min(to, head.length), sink);
            } else if (position < contentEnd) {
                position += copyRun(position, to, staged, sink);
            } else {
                position += hand(tail, (int) (position - contentEnd), position, to, sink);
            }
        }
    }

    private long copyRun(long from, long to, StagedSource staged, Sink sink)
            throws IOException, SegmentLostException, StagingUnavailableException, TaskAbandonedException,
                    InterruptedException {
        OutputContent.Run run = content.runAt(from - head.length, staged);
        long end = Math.min(to, from + run.lengthBytes());
        ByteBuffer bytes = run.bytes();
        if (bytes != null) {
            return hand(bytes.array(), bytes.arrayOffset() + bytes.position(), from, end, sink);
        }
        long position = from;
        while (position < end) {
            position += hand(ZEROS, 0, position, Math.min(end, position + ZEROS.length), sink);
        }
        return end - from;
    }

    /** Hands out the bytes from {@code within} that stand for the range of the layer, in pieces. */
    private long hand(byte[] bytes, int within, long from, long to, Sink sink)
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
