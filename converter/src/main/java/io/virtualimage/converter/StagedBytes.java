package io.virtualimage.converter;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.stage.staging.SegmentFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskContext;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.StagedSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Staged segments of one kind as bytes at offsets, for a task: whoever reads is stopped when the task is to stop. Holds the
 * segments that were used last, whole, because only a whole segment can be verified. Safe for use by several threads, one
 * of which reads at a time.
 */
final class StagedBytes implements ByteSource {
    /** Segments of which the zero blocks are kept in mind; it takes requests to the store to learn them again. */
    private static final int KEPT_FACTS = 1024;

    /** What may be fetched of an image that makes its reader go back and forth: so many times its length, and this. */
    private static final int MAX_PASSES = 16;

    private static final long FREE_BYTES = 1L << 30;

    private final StagingStore staging;
    private final Incarnation image;
    private final SegmentKind kind;
    private final StagedSource staged;
    private final SegmentLayout layout;
    private final int keptSegments;
    private final TaskContext context;
    private final Map<Integer, byte[]> kept = new LinkedHashMap<>(8, 0.75f, true);
    private final Map<Integer, SegmentSet> zeroBlocks = new LinkedHashMap<>(8, 0.75f, true);
    private long fetchedBytes;

    /**
     * Bytes of an image.
     *
     * @param staged of known length
     * @param keptSegments how many segments are held in memory, at least 1
     */
    StagedBytes(
            StagingStore staging,
            Incarnation image,
            SegmentKind kind,
            StagedSource staged,
            int keptSegments,
            TaskContext context) {
        this.staging = staging;
        this.image = image;
        this.kind = kind;
        this.staged = staged;
        this.layout = staged.layout();
        this.keptSegments = keptSegments;
        this.context = context;
    }

    @Override
    public long lengthBytes() {
        return layout.lengthBytes();
    }

    /**
     * Reads.
     *
     * @throws HaltedException if a segment isn't staged yet, or can't be read
     * @throws BadContentException if the image makes its reader fetch far more than there is
     */
    @Override
    public synchronized void read(long offset, ByteBuffer target) throws IOException {
        checkRange(offset, target.remaining());
        goOn();
        long position = offset;
        while (target.hasRemaining()) {
            int index = layout.indexAt(position);
            int within = (int) (position - layout.offsetOf(index));
            int length = Math.min(target.remaining(), layout.lengthOf(index) - within);
            copy(index, within, length, target);
            position += length;
        }
    }

    private void goOn() throws HaltedException {
        try {
            context.checkpoint();
        } catch (TaskAbandonedException | InterruptedException e) {
            throw new HaltedException(e);
        }
    }

    private void copy(int index, int within, int length, ByteBuffer target) throws IOException {
        if (!staged.present().contains(index)) {
            throw new HaltedException("segment " + index + " is not staged yet");
        }
        if (staged.zeros().contains(index)) {
            target.put(new byte[length]); // there is no object
        } else {
            target.put(segment(index), within, length);
        }
    }

    /** From the maps of zero blocks that the objects carry. */
    @Override
    public synchronized long knownZeroBytes(long offset, long maxBytes) throws IOException {
        goOn();
        long end = Math.min(offset + maxBytes, layout.lengthBytes());
        long position = offset;
        while (position < end) {
            long next = zerosUntil(position);
            if (next == position) {
                break;
            }
            position = next;
        }
        return Math.min(position, end) - offset;
    }

    /** Where the zeros end that are known to begin at an offset, or where the block of zeros ends that it lies in. */
    private long zerosUntil(long offset) throws HaltedException {
        int index = layout.indexAt(offset);
        long segmentEnd = layout.offsetOf(index) + layout.lengthOf(index);
        if (staged.zeros().contains(index)) {
            return segmentEnd;
        }
        if (!staged.present().contains(index)) {
            return offset;
        }
        int block = (int) ((offset - layout.offsetOf(index)) / SegmentFacts.BLOCK_BYTES);
        int firstOther = zeroBlocksOf(index).firstMissing(block);
        return firstOther == block
                ? offset
                : Math.min(segmentEnd, layout.offsetOf(index) + (long) firstOther * SegmentFacts.BLOCK_BYTES);
    }

    private SegmentSet zeroBlocksOf(int index) throws HaltedException {
        SegmentSet known = zeroBlocks.get(index);
        if (known != null) {
            return known;
        }
        if (zeroBlocks.size() == KEPT_FACTS) {
            zeroBlocks.remove(zeroBlocks.keySet().iterator().next());
        }
        try {
            SegmentSet found = staging.facts(key(index))
                    .filter(facts -> facts.lengthBytes() == layout.lengthOf(index)
                            && Objects.equals(facts.session(), staged.sessionOf(index)))
                    .map(SegmentFacts::zeroBlocks)
                    .orElseThrow(() ->
                            new SegmentLostException(key(index), "no object of this source has segment " + index));
            zeroBlocks.put(index, found);
            return found;
        } catch (SegmentLostException | StagingUnavailableException | InterruptedException e) {
            throw new HaltedException(e);
        }
    }

    private byte[] segment(int index) throws IOException {
        byte[] known = kept.get(index);
        if (known != null) {
            return known;
        }
        if (kept.size() == keptSegments) {
            kept.remove(kept.keySet().iterator().next()); // before the next one is in memory
        }
        account(index);
        byte[] bytes = fetch(index);
        kept.put(index, bytes);
        return bytes;
    }

    private void account(int index) throws BadContentException {
        fetchedBytes += layout.lengthOf(index);
        context.progress(fetchedBytes);
        if (fetchedBytes > FREE_BYTES + MAX_PASSES * layout.lengthBytes()) {
            throw new BadContentException(new DiskLimitException(
                    layout.offsetOf(index),
                    "the image's tables lie so scattered that it would have to be read more than %d times"
                            .formatted(MAX_PASSES)));
        }
    }

    private byte[] fetch(int index) throws HaltedException {
        try {
            return staging.read(key(index), staged.sessionOf(index), layout.lengthOf(index));
        } catch (SegmentLostException | StagingUnavailableException | InterruptedException e) {
            throw new HaltedException(e);
        }
    }

    private SegmentKey key(int index) {
        return new SegmentKey(image, staged.epoch(), kind, index);
    }
}
