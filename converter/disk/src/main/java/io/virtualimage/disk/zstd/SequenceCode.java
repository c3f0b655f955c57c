package io.virtualimage.disk.zstd;

import io.virtualimage.disk.MalformedDiskException;
import java.util.Arrays;

/**
 * One of the three numbers that make up a sequence: its codes (section 3.1.1.3.2.1), and the table by which they are
 * decoded at present.
 */
final class SequenceCode {
    private static final byte[] LITERALS_BITS = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        16
    };
    private static final byte[] MATCH_BITS = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2,
        2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
    };
    private static final short[] LITERALS_COUNTS = {
        4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1
    };
    private static final short[] OFFSET_COUNTS = {
        1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1
    };
    private static final short[] MATCH_COUNTS = {
        1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
        1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1
    };
    /** Larger offsets than 2 GiB are none. */
    private static final int OFFSET_CODES = 32;

    private static final int MIN_MATCH_BYTES = 3;

    private final String name;
    private final int maxLog;
    private final int[] values;
    private final byte[] extraBits;
    private final FseTable predefined;
    private final FseTable own;
    private final FseCounts counts = new FseCounts();
    /** One of the two tables; the own one also if none was read. */
    private FseTable current;

    private boolean known;

    private SequenceCode(
            String name, int maxLog, int[] values, byte[] extraBits, short[] predefinedCounts, int predefinedLog) {
        this.name = name;
        this.maxLog = maxLog;
        this.values = values;
        this.extraBits = extraBits;
        this.predefined = new FseTable(predefinedLog);
        this.predefined.build(predefinedCounts, predefinedCounts.length, predefinedLog, values, extraBits);
        this.own = new FseTable(maxLog);
        this.current = own;
    }

    /** How many literals come before the match. */
    static SequenceCode literalsLength() {
        return new SequenceCode("literals lengths", 9, successive(0, LITERALS_BITS), LITERALS_BITS, LITERALS_COUNTS, 6);
    }

    /** A number for the offset: from 1 to 3 one of the last three, above that the offset and 3. */
    static SequenceCode offset() {
        int[] values = new int[OFFSET_CODES];
        byte[] bits = new byte[OFFSET_CODES];
        for (int code = 0; code < OFFSET_CODES; code++) {
            values[code] = 1 << code;
            bits[code] = (byte) code;
        }
        return new SequenceCode("offsets", 8, values, bits, OFFSET_COUNTS, 5);
    }

    static SequenceCode matchLength() {
        return new SequenceCode(
                "match lengths", 9, successive(MIN_MATCH_BYTES, MATCH_BITS), MATCH_BITS, MATCH_COUNTS, 6);
    }

    /** Each code goes on where the one before it can't reach any more. */
    private static int[] successive(int first, byte[] bits) {
        int[] values = new int[bits.length];
        Arrays.setAll(values, i -> i == 0 ? first : values[i - 1] + (1 << bits[i - 1]));
        return values;
    }

    /** A new frame begins: there is no table to be repeated. */
    void reset() {
        known = false;
    }

    FseTable table() {
        return current;
    }

    /**
     * Takes the table that a block wants.
     *
     * @param from index of its description, if it has one; the block ends at {@code to}
     * @return index of the first byte behind it
     */
    int read(PackedInput input, int mode, int from, int to) throws MalformedDiskException {
        int end = from;
        switch (mode) {
            case ZstdFormat.MODE_PREDEFINED -> current = predefined;
            case ZstdFormat.MODE_RLE -> {
                int code = from < to ? input.bytes()[from] & 0xff : values.length;
                if (code >= values.length) {
                    throw input.malformed(from, "the one code for %s is missing, or is none".formatted(name));
                }
                own.repeat(values[code], extraBits[code]);
                current = own;
                end = from + 1;
            }
            case ZstdFormat.MODE_COMPRESSED -> {
                end = counts.read(input, from, to, maxLog, values.length);
                own.build(counts.counts(), counts.symbols(), counts.log(), values, extraBits);
                current = own;
            }
            default -> {
                if (!known) {
                    throw input.malformed(
                            from, "%s use the table of a block before, but there was none".formatted(name));
                }
            }
        }
        known = true;
        return end;
    }
}
