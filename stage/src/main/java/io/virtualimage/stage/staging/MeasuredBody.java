package io.virtualimage.stage.staging;

import io.virtualimage.topics.SegmentSet;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** Reads a segment's bytes block by block, and measures on the way what {@link SegmentFacts} says of them. */
final class MeasuredBody {
    private static final byte[] ZEROS = new byte[SegmentFacts.BLOCK_BYTES];

    private final InputStream body;
    private final int lengthBytes;
    private final byte[] block = new byte[SegmentFacts.BLOCK_BYTES];
    private final CRC32C crc = new CRC32C();
    private SegmentSet zeroBlocks = SegmentSet.EMPTY;
    private int blocksRead;
    private int readBytes;
    private int blockLength;
    private boolean zero;
    private @Nullable IOException failure;

    MeasuredBody(InputStream body, int lengthBytes) {
        this.body = body;
        this.lengthBytes = lengthBytes;
    }

    /**
     * Reads the next block; false at the end.
     *
     * @throws EOFException if the body ended before the segment did
     */
    boolean next() throws IOException {
        if (readBytes == lengthBytes) {
            return false;
        }
        int wanted = Math.min(block.length, lengthBytes - readBytes);
        try {
            blockLength = body.readNBytes(block, 0, wanted);
            if (blockLength < wanted) {
                throw new EOFException(
                        "the body ended after %d of %d bytes".formatted(readBytes + blockLength, lengthBytes));
            }
        } catch (IOException e) {
            failure = e;
            throw e;
        }
        crc.update(block, 0, blockLength);
        zero = Arrays.mismatch(block, 0, blockLength, ZEROS, 0, blockLength) < 0;
        if (zero) {
            zeroBlocks = zeroBlocks.with(blocksRead);
        }
        blocksRead++;
        readBytes += blockLength;
        return true;
    }

    /** The present block's bytes: the first {@link #blockLength} of them. */
    byte[] block() {
        return block;
    }

    int blockLength() {
        return blockLength;
    }

    boolean zero() {
        return zero;
    }

    int readBytes() {
        return readBytes;
    }

    /** What the body threw, if it threw: not the store's failure. */
    @Nullable
    IOException failure() {
        return failure;
    }

    /** To be asked at the end. */
    SegmentFacts facts(@Nullable String session) {
        return new SegmentFacts(lengthBytes, crc.getValue(), zeroBlocks, session);
    }
}
