package io.virtualimage.disk.zstd;

import io.virtualimage.disk.MalformedDiskException;

/** Bits of a block in the order of the bytes, the lowest of each first: how tables are described. */
final class ForwardBits {
    private final PackedInput input;
    private final int from;
    private final int to;
    private int position;

    /** @param from index of the first byte, up to {@code to} exclusively */
    ForwardBits(PackedInput input, int from, int to) {
        this.input = input;
        this.from = from;
        this.to = to;
    }

    /** The next bits, at most 16, without going on; bits behind the end are zeros. */
    int peek(int count) {
        int index = from + (position >>> 3);
        int word = 0;
        for (int i = 0; i < 3 && index + i < to; i++) {
            word |= (input.bytes()[index + i] & 0xff) << (8 * i);
        }
        return word >>> (position & 7) & ((1 << count) - 1);
    }

    void advance(int count) throws MalformedDiskException {
        position += count;
        if (position > 8 * (to - from)) {
            throw input.malformed(to, "the description of a table reaches over the end of its block");
        }
    }

    int read(int count) throws MalformedDiskException {
        int value = peek(count);
        advance(count);
        return value;
    }

    /** Index of the first byte of which no bit was read. */
    int end() {
        return from + ((position + 7) >>> 3);
    }
}
