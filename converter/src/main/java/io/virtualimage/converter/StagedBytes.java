package io.virtualimage.converter;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.StagedSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A staged source as bytes at offsets. Holds the two segments that were used last, which are the first and the last one
 * when an image is inspected. For one thread.
 */
final class StagedBytes implements ByteSource {
    private static final int KEPT_SEGMENTS = 2;

    private final StagingStore staging;
    private final Incarnation image;
    private final StagedSource staged;
    private final SegmentLayout layout;
    private final Map<Integer, byte[]> kept = new LinkedHashMap<>(4, 0.75f, true);

    /** @param staged of known length */
    StagedBytes(StagingStore staging, Incarnation image, StagedSource staged) {
        this.staging = staging;
        this.image = image;
        this.staged = staged;
        this.layout = staged.layout();
    }

    /** The bytes that were asked for can't be had now; the cause says why, if it is not that they aren't staged yet. */
    static final class UnreadableException extends IOException {
        UnreadableException(String message) {
            super(message);
        }

        UnreadableException(Exception cause) {
            super(cause);
        }
    }

    @Override
    public long lengthBytes() {
        return layout.lengthBytes();
    }

    /** @throws UnreadableException if a segment isn't staged yet, or can't be read */
    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        checkRange(offset, target.remaining());
        long position = offset;
        while (target.hasRemaining()) {
            int index = layout.indexAt(position);
            int within = (int) (position - layout.offsetOf(index));
            int length = Math.min(target.remaining(), layout.lengthOf(index) - within);
            copy(index, within, length, target);
            position += length;
        }
    }

    private void copy(int index, int within, int length, ByteBuffer target) throws UnreadableException {
        if (!staged.present().contains(index)) {
            throw new UnreadableException("segment " + index + " is not staged yet");
        }
        if (staged.zeros().contains(index)) {
            target.put(new byte[length]); // there is no object
        } else {
            target.put(segment(index), within, length);
        }
    }

    private byte[] segment(int index) throws UnreadableException {
        byte[] known = kept.get(index);
        if (known != null) {
            return known;
        }
        if (kept.size() == KEPT_SEGMENTS) {
            kept.remove(kept.keySet().iterator().next()); // before the next one is in memory
        }
        byte[] bytes = fetch(SegmentKey.source(image, staged.epoch(), index));
        kept.put(index, bytes);
        return bytes;
    }

    private byte[] fetch(SegmentKey key) throws UnreadableException {
        try {
            byte[] bytes = staging.read(key, staged.session());
            if (bytes.length != layout.lengthOf(key.index())) {
                throw new SegmentLostException(
                        key,
                        "segment %d has %d bytes, and should have %d"
                                .formatted(key.index(), bytes.length, layout.lengthOf(key.index())));
            }
            return bytes;
        } catch (SegmentLostException | StagingUnavailableException e) {
            throw new UnreadableException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UnreadableException(e);
        }
    }
}
