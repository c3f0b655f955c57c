package io.virtualimage.stage.staging;

import io.virtualimage.topics.SegmentSet;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What stands behind a segment's bytes in its object, big-endian: a bitmap of its all-zero blocks (one bit each, lowest
 * bit first, padded to a byte), then {@value #FIXED_BYTES} fixed bytes: session (8), CRC-32C (4), length of the segment
 * (4), flags (1), version (1), magic {@code VISG} (4). Its length follows from the segment's, so an object's length is
 * known before its first byte is written.
 */
final class SegmentTrailer {
    static final int FIXED_BYTES = 22;

    private static final int MAGIC = 0x56495347;
    private static final byte VERSION = 1;
    private static final byte HAS_SESSION = 1;

    private SegmentTrailer() {}

    static int blocks(int lengthBytes) {
        return (lengthBytes + SegmentFacts.BLOCK_BYTES - 1) / SegmentFacts.BLOCK_BYTES;
    }

    static int lengthFor(int segmentBytes) {
        return (blocks(segmentBytes) + 7) / 8 + FIXED_BYTES;
    }

    /** The trailer of a segment. */
    static byte[] encode(SegmentFacts facts) {
        ByteBuffer trailer = ByteBuffer.allocate(lengthFor(facts.lengthBytes()));
        BitSet zeros = new BitSet();
        facts.zeroBlocks().stream().forEach(zeros::set);
        trailer.put(zeros.toByteArray());
        trailer.position(trailer.capacity() - FIXED_BYTES);
        String session = facts.session();
        trailer.putLong(session == null ? 0 : HexFormat.fromHexDigitsToLong(session));
        trailer.putInt((int) facts.crc32c());
        trailer.putInt(facts.lengthBytes());
        trailer.put(session == null ? 0 : HAS_SESSION);
        trailer.put(VERSION);
        trailer.putInt(MAGIC);
        return trailer.array();
    }

    /** The segment's length, as the fixed end of an object tells it; empty if the object is none of ours. */
    static Optional<Integer> segmentLength(byte[] object, int end, long objectLength) {
        if (end < FIXED_BYTES) {
            return Optional.empty();
        }
        ByteBuffer fixed =
                ByteBuffer.wrap(object, end - FIXED_BYTES, FIXED_BYTES).slice();
        int length = fixed.getInt(12);
        boolean ours = fixed.getInt(18) == MAGIC
                && fixed.get(17) == VERSION
                && length >= 0
                && length + (long) lengthFor(length) == objectLength;
        return ours ? Optional.of(length) : Optional.empty();
    }

    /** Reads a whole trailer that ends at {@code end}; {@link #segmentLength} has said that it is one. */
    static SegmentFacts decode(byte[] object, int end, int segmentBytes) {
        int start = end - lengthFor(segmentBytes);
        ByteBuffer fixed =
                ByteBuffer.wrap(object, end - FIXED_BYTES, FIXED_BYTES).slice();
        BitSet bits = BitSet.valueOf(ByteBuffer.wrap(object, start, end - FIXED_BYTES - start));
        SegmentSet zeros = SegmentSet.of(bits.stream().toArray());
        boolean hasSession = (fixed.get(16) & HAS_SESSION) != 0;
        @Nullable String session = hasSession ? HexFormat.of().toHexDigits(fixed.getLong(0)) : null;
        return new SegmentFacts(segmentBytes, Integer.toUnsignedLong(fixed.getInt(8)), zeros, session);
    }
}
