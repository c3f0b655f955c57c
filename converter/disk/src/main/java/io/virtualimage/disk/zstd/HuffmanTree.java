package io.virtualimage.disk.zstd;

import io.virtualimage.disk.MalformedDiskException;
import java.util.Arrays;

/** How literals are coded, as described in a block (section 4.2.1), as a decoding table. Is read anew for each tree. */
final class HuffmanTree {
    /** Descriptions that begin with less than this are compressed, and so many bytes long. */
    private static final int DIRECT_BASE = 127;

    private static final int[] IDENTITY = new int[ZstdFormat.MAX_HUFFMAN_SYMBOLS];
    private static final byte[] NO_EXTRA_BITS = new byte[ZstdFormat.MAX_HUFFMAN_SYMBOLS];

    static {
        Arrays.setAll(IDENTITY, i -> i);
    }

    private final short[] cells = new short[1 << ZstdFormat.MAX_HUFFMAN_BITS];
    private final byte[] weights = new byte[ZstdFormat.MAX_HUFFMAN_SYMBOLS];
    private final FseCounts counts = new FseCounts();
    private final FseTable weightTable = new FseTable(ZstdFormat.MAX_WEIGHTS_LOG);
    private int symbols;
    private int maxBits;

    /** By the next {@link #maxBits} bits: the symbol in the lowest 8 bits, above it how many bits it has. */
    short[] cells() {
        return cells;
    }

    /** Length of the longest code in bits, from 1 to 11; 0 if no tree was read. */
    int maxBits() {
        return maxBits;
    }

    void forget() {
        maxBits = 0;
    }

    /**
     * Reads a description.
     *
     * @param from index of its first byte; it ends at {@code to} at the latest
     * @return index of the first byte behind it
     */
    int read(PackedInput input, int from, int to) throws MalformedDiskException {
        maxBits = 0;
        if (from >= to) {
            throw input.malformed(from, "the block ends before its Huffman tree");
        }
        int header = input.bytes()[from] & 0xff;
        int start = from + 1;
        boolean direct = header >= DIRECT_BASE + 1;
        int length = direct ? (header - DIRECT_BASE + 1) / 2 : header;
        if (length > to - start) {
            throw input.malformed(from, "the Huffman tree of %d bytes reaches over the end".formatted(length));
        }
        if (direct) {
            symbols = header - DIRECT_BASE;
            for (int i = 0; i < symbols; i++) {
                weights[i] = (byte) (input.bytes()[start + i / 2] >>> (i % 2 == 0 ? 4 : 0) & 0xf);
            }
        } else {
            readCompressed(input, start, start + length);
        }
        build(input, from);
        return start + length;
    }

    /** Two states take turns, until a bit would be needed that isn't there. */
    private void readCompressed(PackedInput input, int from, int to) throws MalformedDiskException {
        int start = counts.read(input, from, to, ZstdFormat.MAX_WEIGHTS_LOG, ZstdFormat.MAX_HUFFMAN_SYMBOLS);
        weightTable.build(counts.counts(), counts.symbols(), counts.log(), IDENTITY, NO_EXTRA_BITS);
        BackwardBits bits = BackwardBits.of(input, start, to);
        int state = bits.read(weightTable.log());
        int other = bits.read(weightTable.log());
        if (bits.left() < 0) {
            throw input.malformed(start, "the weights of the Huffman tree end early");
        }
        symbols = 0;
        while (true) {
            long cell = weightTable.cells()[state];
            add(input, from, cell);
            state = other;
            int stateBits = FseTable.stateBits(cell);
            if (bits.left() < stateBits) {
                add(input, from, weightTable.cells()[other]);
                return;
            }
            other = FseTable.state(cell) + bits.read(stateBits);
        }
    }

    private void add(PackedInput input, int from, long cell) throws MalformedDiskException {
        // The last symbol's weight is not told.
        if (symbols == ZstdFormat.MAX_HUFFMAN_SYMBOLS - 1) {
            throw input.malformed(from, "the Huffman tree has more than 256 symbols");
        }
        weights[symbols++] = (byte) FseTable.value(cell);
    }

    private void build(PackedInput input, int from) throws MalformedDiskException {
        int total = 0;
        int[] ofWeight = new int[ZstdFormat.MAX_HUFFMAN_BITS + 2];
        for (int i = 0; i < symbols; i++) {
            if (weights[i] < 0 || weights[i] > ZstdFormat.MAX_HUFFMAN_BITS) {
                throw input.malformed(from, "the Huffman tree has codes of more than 11 bits");
            }
            total += 1 << weights[i] >>> 1;
            ofWeight[weights[i]]++;
        }
        int bits = Integer.SIZE - Integer.numberOfLeadingZeros(total);
        if (total == 0 || bits > ZstdFormat.MAX_HUFFMAN_BITS) {
            throw input.malformed(
                    from, "the weights of the Huffman tree add up to %d, not to 1 to 2047".formatted(total));
        }
        int last = (1 << bits) - total;
        if (Integer.bitCount(last) != 1) {
            throw input.malformed(
                    from, "the weights of the Huffman tree add up to %d, so no last one completes it".formatted(total));
        }
        int lastWeight = Integer.numberOfTrailingZeros(last) + 1;
        weights[symbols++] = (byte) lastWeight;
        ofWeight[lastWeight]++;
        if (ofWeight[1] < 2) {
            throw input.malformed(from, "the Huffman tree has no two longest codes");
        }
        fill(ofWeight, bits);
        maxBits = bits;
    }

    /** The longest codes are the lowest; those of one length are in the order of their symbols. */
    private void fill(int[] ofWeight, int bits) {
        int[] start = new int[bits + 2];
        for (int weight = 1; weight <= bits; weight++) {
            start[weight + 1] = start[weight] + (ofWeight[weight] << (weight - 1));
        }
        for (int symbol = 0; symbol < symbols; symbol++) {
            int weight = weights[symbol];
            if (weight > 0) {
                int end = start[weight] + (1 << (weight - 1));
                Arrays.fill(cells, start[weight], end, (short) (symbol | (bits + 1 - weight) << 8));
                start[weight] = end;
            }
        }
    }
}
