package io.virtualimage.disk.zstd;

import java.util.Arrays;

/**
 * The last bytes of a frame, to which matches refer: a ring, in which each block stands in one piece. At the end of the
 * array the next block begins at its start again: the next lap. Grows as bytes come, not as a header says.
 */
final class Window {
    /** Behind the last byte of a block so many more may be overwritten. */
    static final int SLACK_BYTES = 32;

    private static final int FIRST_BYTES = 2 * ZstdFormat.MAX_BLOCK_BYTES;

    private byte[] bytes = new byte[0];
    private int maxBytes;
    private int reach;
    private int at;
    private int lapEnd;
    private long produced;

    /** A new frame begins, with matches that reach so far back. What was in the window before is lost. */
    void start(int windowBytes) {
        reach = windowBytes;
        // What a block overwrites is farther back than matches from it reach.
        maxBytes = windowBytes + 2 * ZstdFormat.MAX_BLOCK_BYTES;
        at = 0;
        lapEnd = 0;
        produced = 0;
    }

    /** Makes room for a block of at most so many bytes at {@link #at}. */
    void reserve(int count) {
        if (at + count > maxBytes) {
            lapEnd = at;
            at = 0;
        }
        int needed = at + count + SLACK_BYTES;
        if (bytes.length < needed) {
            int most = maxBytes + SLACK_BYTES;
            int doubled = (int) Math.min(most, Math.max(FIRST_BYTES, 2L * bytes.length));
            bytes = Arrays.copyOf(bytes, Math.max(needed, doubled));
        }
    }

    void advance(int count) {
        at += count;
        produced += count;
    }

    byte[] bytes() {
        return bytes;
    }

    /** Index of the next byte. */
    int at() {
        return at;
    }

    /** Index of the end of what was written in the lap before; matches go on there that reach before index 0. */
    int lapEnd() {
        return lapEnd;
    }

    /** How far a match at {@link #at} may reach back. */
    int history() {
        return (int) Math.min(reach, produced);
    }

    /** How far a match may reach back at most. */
    int reach() {
        return reach;
    }

    /** How many bytes the frame has had so far. */
    long produced() {
        return produced;
    }
}
