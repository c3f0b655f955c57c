package io.virtualimage.disk.zstd;

import io.virtualimage.disk.MalformedDiskException;
import java.util.Arrays;

/** The literals of a block (section 3.1.1.3.1), and the tree that they leave to the next one. */
final class Literals {
    /** So many bytes may be read behind the last literal, of any value. */
    static final int SLACK_BYTES = 16;

    private final HuffmanTree tree = new HuffmanTree();
    private final byte[] decoded = new byte[ZstdFormat.MAX_BLOCK_BYTES + SLACK_BYTES];
    private byte[] bytes = decoded;
    private int start;
    private int count;

    /** Where the literals are: in the input itself if they are raw. */
    byte[] bytes() {
        return bytes;
    }

    /** Index of the first literal. */
    int start() {
        return start;
    }

    int count() {
        return count;
    }

    /** A new frame begins. */
    void reset() {
        tree.forget();
    }

    /**
     * Reads the section.
     *
     * @param from index of its first byte; the block ends at {@code to}
     * @param maxCount more literals are malformed
     * @return index of the first byte behind it
     */
    int read(PackedInput input, int from, int to, int maxCount) throws MalformedDiskException {
        byte[] in = input.bytes();
        if (from >= to) {
            throw input.malformed(from, "a compressed block is empty");
        }
        int type = in[from] & 3;
        int format = in[from] >>> 2 & 3;
        boolean packed = type == ZstdFormat.LITERALS_COMPRESSED || type == ZstdFormat.LITERALS_TREELESS;
        int headerBytes = packed ? Math.max(3, format + 2) : plainHeaderBytes(format);
        if (headerBytes > to - from) {
            throw input.malformed(from, "the block ends inside the header of its literals");
        }
        // What is behind the header doesn't reach into the numbers: they are cut to their bits.
        long header = LittleEndian.u64(in, from);
        int countShift = headerBytes == 1 ? 3 : 4;
        int countBits = packed ? Math.max(10, 4 * format + 6) : 8 * headerBytes - countShift;
        count = (int) cut(header >>> countShift, countBits);
        if (count > maxCount) {
            throw input.malformed(
                    from, "%d literals are more than a block of %d bytes can have".formatted(count, maxCount));
        }
        int data = from + headerBytes;
        bytes = decoded;
        start = 0;
        return switch (type) {
            case ZstdFormat.LITERALS_RAW -> {
                if (count > to - data) {
                    throw input.malformed(from, "%d raw literals reach over the end".formatted(count));
                }
                bytes = in;
                start = data;
                yield data + count;
            }
            case ZstdFormat.LITERALS_RLE -> {
                if (data == to) {
                    throw input.malformed(from, "the literal to be repeated is missing");
                }
                Arrays.fill(decoded, 0, count, in[data]);
                yield data + 1;
            }
            default -> {
                int packedBytes = (int) cut(header >>> (countShift + countBits), countBits);
                if (packedBytes > to - data) {
                    throw input.malformed(from, "%d bytes of literals reach over the end".formatted(packedBytes));
                }
                decode(input, type, format, data, data + packedBytes);
                yield data + packedBytes;
            }
        };
    }

    private static long cut(long number, int bits) {
        return number & ((1L << bits) - 1);
    }

    private static int plainHeaderBytes(int format) {
        return switch (format) {
            case 1 -> 2;
            case 3 -> 3;
            default -> 1;
        };
    }

    private void decode(PackedInput input, int type, int format, int from, int to) throws MalformedDiskException {
        int streams = from;
        if (type == ZstdFormat.LITERALS_COMPRESSED) {
            streams = tree.read(input, from, to);
        } else if (tree.maxBits() == 0) {
            throw input.malformed(from, "literals use the tree of a block before, but there was none");
        }
        if (format == 0) {
            HuffmanStreams.decode1(input, streams, to, tree, decoded, 0, count);
        } else {
            HuffmanStreams.decode4(input, streams, to, tree, decoded, 0, count);
        }
    }
}
