package io.virtualimage.disk.recipe;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Inline bytes, made small. Most of them are tables of 8-byte offsets that grow evenly, so a table of 64 KiB takes some ten
 * bytes, and one with a gap after each entry two for each.
 *
 * <p>A sequence of runs, until the piece is complete. Each begins with a varint: the kind in bits 0 and 1, above them a
 * count.
 * <ul>
 *   <li>0, literal: so many bytes, which follow
 *   <li>1, zeros: so many times 8 bytes
 *   <li>2, begin: so many 8-byte numbers, the first being the <em>expected</em> one plus a signed that follows, each next one
 *       larger by the <em>step</em>, a signed after it
 *   <li>3, go on: so many 8-byte numbers, the first being the expected one, with the step as it was
 * </ul>
 * The expected number is the last one (of a run of kind 2 or 3) plus the step; both are 0 at first.
 */
final class InlineCoding {
    private static final int LITERAL = 0;
    private static final int ZEROS = 1;
    private static final int BEGIN = 2;
    private static final int GO_ON = 3;
    private static final int KIND_BITS = 2;

    private InlineCoding() {}

    /** Appends the bytes between position and limit; takes at most ten bytes more than they have. */
    static void encode(ByteBuffer bytes, DocumentWriter target) {
        ByteBuffer source = bytes.slice();
        int end = source.limit() / Long.BYTES * Long.BYTES;
        long expected = 0;
        long step = 0;
        int literal = 0;
        int at = 0;
        while (at < end) {
            long value = source.getLong(at);
            int count = 0;
            if (value == 0) {
                count = runLength(source, at, end, 0);
                putLiteral(source, literal, at, target);
                target.varint((long) count << KIND_BITS | ZEROS);
            } else if (value == expected) {
                count = runLength(source, at, end, step);
                putLiteral(source, literal, at, target);
                target.varint((long) count << KIND_BITS | GO_ON);
                expected += count * step;
            } else if (threeAhead(source, at, end)) {
                step = source.getLong(nextNonZero(source, at + Long.BYTES, end)) - value;
                count = runLength(source, at, end, step);
                putLiteral(source, literal, at, target);
                target.varint((long) count << KIND_BITS | BEGIN)
                        .signed(value - expected)
                        .signed(step);
                expected = value + count * step;
            }
            at += Math.max(1, count) * Long.BYTES;
            literal = count == 0 ? literal : at;
        }
        putLiteral(source, literal, source.limit(), target);
    }

    /**
     * Reads what {@link #encode} wrote.
     *
     * @return {@code lengthBytes} bytes, ready to be read from
     */
    static ByteBuffer decode(DocumentReader source, int lengthBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(lengthBytes);
        long expected = 0;
        long step = 0;
        while (bytes.hasRemaining()) {
            long run = source.varint();
            int kind = (int) run & (1 << KIND_BITS) - 1;
            long count = run >>> KIND_BITS;
            if (count == 0 || count > (kind == LITERAL ? bytes.remaining() : bytes.remaining() / Long.BYTES)) {
                throw source.damaged("inline bytes have a run of " + count);
            }
            if (kind == BEGIN) {
                expected += source.signed();
                step = source.signed();
            }
            if (kind == LITERAL) {
                source.bytes(bytes, (int) count);
            } else if (kind == ZEROS) {
                bytes.position(bytes.position() + (int) count * Long.BYTES);
            } else {
                for (long i = 0; i < count; i++) {
                    bytes.putLong(expected);
                    expected += step;
                }
            }
        }
        return bytes.flip();
    }

    /** How many numbers from {@code at} on grow by that step: at least one. */
    private static int runLength(ByteBuffer source, int at, int end, long step) {
        int next = at + Long.BYTES;
        long expected = source.getLong(at) + step;
        while (next < end && source.getLong(next) == expected) {
            next += Long.BYTES;
            expected += step;
        }
        return (next - at) / Long.BYTES;
    }

    /** Whether this and the next two numbers, gaps of zeros aside, grow evenly: from there on a step is worth its bytes. */
    private static boolean threeAhead(ByteBuffer source, int at, int end) {
        int second = nextNonZero(source, at + Long.BYTES, end);
        int third = nextNonZero(source, second + Long.BYTES, end);
        return third < end
                && source.getLong(third) - source.getLong(second) == source.getLong(second) - source.getLong(at);
    }

    private static int nextNonZero(ByteBuffer source, int from, int end) {
        int at = from;
        while (at < end && source.getLong(at) == 0) {
            at += Long.BYTES;
        }
        return at;
    }

    private static void putLiteral(ByteBuffer source, int from, int to, DocumentWriter target) {
        if (from < to) {
            target.varint((long) (to - from) << KIND_BITS | LITERAL).bytes(source, from, to - from);
        }
    }
}
