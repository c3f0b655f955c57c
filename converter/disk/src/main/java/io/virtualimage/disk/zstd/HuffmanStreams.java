package io.virtualimage.disk.zstd;

import io.virtualimage.disk.MalformedDiskException;

/**
 * Decodes literals (section 4.2.2). A stream is read from its end: 8 bytes at a time, of which {@code used} bits, from
 * the highest on, are done with. Reading begins up to 8 bytes before a stream that is shorter than that; bits from there
 * are never part of what is decoded, or the count of the bits shows it.
 */
final class HuffmanStreams {
    /** So many codes of 11 bits fit into what is left of 64 bits after whole bytes were used. */
    private static final int CODES_PER_LOAD = 5;

    private HuffmanStreams() {}

    /** Decodes one stream, from {@code from} to {@code to}, into {@code count} literals. */
    static void decode1(PackedInput input, int from, int to, HuffmanTree tree, byte[] out, int at, int count)
            throws MalformedDiskException {
        BackwardBits.checkMark(input, from, to);
        int position = to - 8;
        int used = Long.numberOfLeadingZeros(LittleEndian.u64(input.bytes(), position)) + 1;
        finish(input, from, position, used, tree, out, at, at + count);
    }

    /** Decodes four streams behind a table of the lengths of the first three. */
    static void decode4(PackedInput input, int from, int to, HuffmanTree tree, byte[] out, int at, int count)
            throws MalformedDiskException {
        int quarter = (count + 3) / 4;
        if (to - from < ZstdFormat.JUMP_TABLE_BYTES || 3 * quarter > count) {
            throw input.malformed(from, "%d literals in %d bytes are no four streams".formatted(count, to - from));
        }
        byte[] in = input.bytes();
        int start1 = from + ZstdFormat.JUMP_TABLE_BYTES;
        int start2 = start1 + LittleEndian.u16(in, from);
        int start3 = start2 + LittleEndian.u16(in, from + 2);
        int start4 = start3 + LittleEndian.u16(in, from + 4);
        if (start4 > to) {
            throw input.malformed(from, "the four streams of literals reach over the end of their section");
        }
        BackwardBits.checkMark(input, start1, start2);
        BackwardBits.checkMark(input, start2, start3);
        BackwardBits.checkMark(input, start3, start4);
        BackwardBits.checkMark(input, start4, to);
        short[] cells = tree.cells();
        int shift = Long.SIZE - tree.maxBits();
        int at1 = at;
        int at2 = at + quarter;
        int at3 = at2 + quarter;
        int at4 = at3 + quarter;
        int end = at + count;
        int position1 = start2 - 8;
        int position2 = start3 - 8;
        int position3 = start4 - 8;
        int position4 = to - 8;
        long bits1 = LittleEndian.u64(in, position1);
        long bits2 = LittleEndian.u64(in, position2);
        long bits3 = LittleEndian.u64(in, position3);
        long bits4 = LittleEndian.u64(in, position4);
        int used1 = Long.numberOfLeadingZeros(bits1) + 1;
        int used2 = Long.numberOfLeadingZeros(bits2) + 1;
        int used3 = Long.numberOfLeadingZeros(bits3) + 1;
        int used4 = Long.numberOfLeadingZeros(bits4) + 1;
        // The fourth is the shortest.
        for (int last = end - CODES_PER_LOAD; at4 <= last; ) {
            position1 -= used1 >>> 3;
            position2 -= used2 >>> 3;
            position3 -= used3 >>> 3;
            position4 -= used4 >>> 3;
            if (position1 < start1 || position2 < start2 || position3 < start3 || position4 < start4) {
                position1 += used1 >>> 3;
                position2 += used2 >>> 3;
                position3 += used3 >>> 3;
                position4 += used4 >>> 3;
                break;
            }
            bits1 = LittleEndian.u64(in, position1) << (used1 & 7);
            bits2 = LittleEndian.u64(in, position2) << (used2 & 7);
            bits3 = LittleEndian.u64(in, position3) << (used3 & 7);
            bits4 = LittleEndian.u64(in, position4) << (used4 & 7);
            used1 &= 7;
            used2 &= 7;
            used3 &= 7;
            used4 &= 7;
            for (int i = 0; i < CODES_PER_LOAD; i++) {
                int cell1 = cells[(int) (bits1 >>> shift)];
                int cell2 = cells[(int) (bits2 >>> shift)];
                int cell3 = cells[(int) (bits3 >>> shift)];
                int cell4 = cells[(int) (bits4 >>> shift)];
                out[at1 + i] = (byte) cell1;
                out[at2 + i] = (byte) cell2;
                out[at3 + i] = (byte) cell3;
                out[at4 + i] = (byte) cell4;
                bits1 <<= cell1 >> 8;
                bits2 <<= cell2 >> 8;
                bits3 <<= cell3 >> 8;
                bits4 <<= cell4 >> 8;
                used1 += cell1 >> 8;
                used2 += cell2 >> 8;
                used3 += cell3 >> 8;
                used4 += cell4 >> 8;
            }
            at1 += CODES_PER_LOAD;
            at2 += CODES_PER_LOAD;
            at3 += CODES_PER_LOAD;
            at4 += CODES_PER_LOAD;
        }
        finish(input, start1, position1, used1, tree, out, at1, at + quarter);
        finish(input, start2, position2, used2, tree, out, at2, at + 2 * quarter);
        finish(input, start3, position3, used3, tree, out, at3, at + 3 * quarter);
        finish(input, start4, position4, used4, tree, out, at4, end);
    }

    /** Decodes the rest of a stream, and checks that the literals and the stream end together. */
    private static void finish(
            PackedInput input, int from, int position, int used, HuffmanTree tree, byte[] out, int at, int end)
            throws MalformedDiskException {
        byte[] in = input.bytes();
        short[] cells = tree.cells();
        int shift = Long.SIZE - tree.maxBits();
        int to = at;
        while (to < end) {
            position -= used >>> 3;
            used &= 7;
            if (position < from - 8) {
                throw input.malformed(from, "a stream of literals ends early");
            }
            long bits = LittleEndian.u64(in, position) << used;
            int some = Math.min(end, to + CODES_PER_LOAD);
            while (to < some) {
                int cell = cells[(int) (bits >>> shift)];
                out[to++] = (byte) cell;
                bits <<= cell >> 8;
                used += cell >> 8;
            }
        }
        if (8 * (position - from) + Long.SIZE - used != 0) {
            throw input.malformed(from, "a stream of literals does not end where they do");
        }
    }
}
