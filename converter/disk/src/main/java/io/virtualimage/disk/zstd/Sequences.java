package io.virtualimage.disk.zstd;

import io.virtualimage.disk.MalformedDiskException;
import java.util.Arrays;

/**
 * The sequences of a block (section 3.1.1.3.2): literals to be copied, then a match with what is before. Keeps the
 * tables and offsets that a block leaves to the next one.
 */
final class Sequences {
    /** Copies of up to so many bytes are made with no look at how many there are. */
    private static final int SHORT_COPY_BYTES = 16;

    private static final int LONG_COPY_BYTES = 64;

    /** Lengths whose bits are no more than these can be read, and the states renewed, without loading more. */
    private static final int BITS_BESIDE_STATES = 31;

    private final SequenceCode literalsLength = SequenceCode.literalsLength();
    private final SequenceCode offset = SequenceCode.offset();
    private final SequenceCode matchLength = SequenceCode.matchLength();
    private int offset1;
    private int offset2;
    private int offset3;
    private int count;

    /** A new frame begins. */
    void reset() {
        literalsLength.reset();
        offset.reset();
        matchLength.reset();
        offset1 = 1;
        offset2 = 4;
        offset3 = 8;
    }

    /**
     * Reads the head of the section: how many sequences there are, and their tables.
     *
     * @param from index of its first byte; the block ends at {@code to}
     * @return index of the first byte behind it
     */
    int readHead(PackedInput input, int from, int to) throws MalformedDiskException {
        byte[] in = input.bytes();
        int first = from < to ? in[from] & 0xff : 0xff;
        int countBytes = first < 128 ? 1 : first < 255 ? 2 : 3;
        if (countBytes > to - from) {
            throw input.malformed(from, "the block ends before the number of its sequences");
        }
        count = switch (countBytes) {
            case 1 -> first;
            case 2 -> ((first - 128) << 8) + (in[from + 1] & 0xff);
            default -> LittleEndian.u16(in, from + 1) + 0x7f00;
        };
        int at = from + countBytes;
        if (count == 0) {
            if (at != to) {
                throw input.malformed(at, "%d bytes are left behind a block without sequences".formatted(to - at));
            }
            return at;
        }
        if (at == to || (in[at] & 3) != 0) {
            throw input.malformed(at, "the modes of the tables for sequences are missing, or reserved");
        }
        int modes = in[at] & 0xff;
        int next = literalsLength.read(input, modes >>> 6, at + 1, to);
        next = offset.read(input, modes >>> 4 & 3, next, to);
        return matchLength.read(input, modes >>> 2 & 3, next, to);
    }

    /**
     * Carries out the sequences, then copies the literals that are left.
     *
     * @param from index of the sequences' stream, which ends at {@code to}
     * @param maxBytes more than so many bytes of a block are malformed; the window has room for them
     * @return how many bytes were written to the window from its present end on
     */
    int execute(PackedInput input, int from, int to, Literals literals, Window window, int maxBytes)
            throws MalformedDiskException {
        byte[] lit = literals.bytes();
        int litAt = literals.start();
        int litEnd = litAt + literals.count();
        byte[] out = window.bytes();
        int start = window.at();
        int at = start;
        int end = start + maxBytes;
        if (count > 0) {
            BackwardBits.checkMark(input, from, to);
            byte[] in = input.bytes();
            long[] litCells = literalsLength.table().cells();
            long[] offCells = offset.table().cells();
            long[] matchCells = matchLength.table().cells();
            int reach = window.reach();
            int history = window.history() - start;
            int low = from - 8;
            int position = to - 8;
            long bits = LittleEndian.u64(in, position);
            int used = Long.numberOfLeadingZeros(bits) + 1;
            int litLog = literalsLength.table().log();
            int litState = bits(bits, used, litLog);
            used += litLog;
            int offLog = offset.table().log();
            int offState = bits(bits, used, offLog);
            used += offLog;
            int matchLog = matchLength.table().log();
            int matchState = bits(bits, used, matchLog);
            used += matchLog;
            int last1 = offset1;
            int last2 = offset2;
            int last3 = offset3;
            for (int left = count; ; ) {
                position -= used >>> 3;
                used &= 7;
                if (position < low) {
                    throw input.malformed(from, "the stream of sequences ends early");
                }
                bits = LittleEndian.u64(in, position);
                long litCell = litCells[litState];
                long offCell = offCells[offState];
                long matchCell = matchCells[matchState];

                int offBits = FseTable.extraBits(offCell);
                int off = FseTable.value(offCell) + bits(bits, used, offBits);
                used += offBits;
                int matchBits = FseTable.extraBits(matchCell);
                int matchCount = FseTable.value(matchCell) + bits(bits, used, matchBits);
                used += matchBits;
                int litBits = FseTable.extraBits(litCell);
                if (offBits + matchBits + litBits > BITS_BESIDE_STATES) {
                    position -= used >>> 3;
                    used &= 7;
                    if (position < low) {
                        throw input.malformed(from, "the stream of sequences ends early");
                    }
                    bits = LittleEndian.u64(in, position);
                }
                int litCount = FseTable.value(litCell) + bits(bits, used, litBits);
                used += litBits;

                if (offBits > 1) {
                    off -= 3;
                    last3 = last2;
                    last2 = last1;
                    last1 = off;
                } else {
                    // Without literals before it, the last offset would only prolong the match before.
                    int which = litCount == 0 ? off + 1 : off;
                    if (which == 1) {
                        off = last1;
                    } else {
                        off = which == 2 ? last2 : which == 3 ? last3 : last1 - 1;
                        last3 = which == 2 ? last3 : last2;
                        last2 = last1;
                        last1 = off;
                    }
                }
                if (litCount > litEnd - litAt || litCount + matchCount > end - at) {
                    throw input.malformed(from, "sequences ask for more literals, or give more bytes, than there are");
                }
                if (litCount <= SHORT_COPY_BYTES) {
                    LittleEndian.copy16(lit, litAt, out, at);
                } else {
                    System.arraycopy(lit, litAt, out, at, litCount);
                }
                litAt += litCount;
                at += litCount;
                if (Integer.compareUnsigned(off - 1, Math.min(reach, history + at)) >= 0) {
                    throw input.malformed(
                            from,
                            "a match reaches back %d bytes, of which %d are in the window"
                                    .formatted(Integer.toUnsignedLong(off), Math.min(reach, history + at)));
                }
                int source = at - off;
                if (matchCount <= SHORT_COPY_BYTES && off >= SHORT_COPY_BYTES && source >= 0) {
                    LittleEndian.copy16(out, source, out, at);
                } else {
                    copyMatch(out, source, at, off, matchCount, window);
                }
                at += matchCount;
                if (--left == 0) {
                    break;
                }
                int stateBits = FseTable.stateBits(litCell);
                litState = FseTable.state(litCell) + bits(bits, used, stateBits);
                used += stateBits;
                stateBits = FseTable.stateBits(matchCell);
                matchState = FseTable.state(matchCell) + bits(bits, used, stateBits);
                used += stateBits;
                stateBits = FseTable.stateBits(offCell);
                offState = FseTable.state(offCell) + bits(bits, used, stateBits);
                used += stateBits;
            }
            if (8 * (position - from) + Long.SIZE - used != 0) {
                throw input.malformed(from, "the stream of sequences does not end where they do");
            }
            offset1 = last1;
            offset2 = last2;
            offset3 = last3;
        }
        int rest = litEnd - litAt;
        if (rest > end - at) {
            throw input.malformed(from, "a block unpacks to more than %d bytes".formatted(maxBytes));
        }
        System.arraycopy(lit, litAt, out, at, rest);
        return at + rest - start;
    }

    /** The {@code count} bits behind the highest {@code used}; 0 for none. */
    private static int bits(long bits, int used, int count) {
        return (int) (bits << used >>> 1 >>> (Long.SIZE - 1 - count));
    }

    private static void copyMatch(byte[] out, int from, int at, int off, int count, Window window) {
        if (from < 0) {
            copyFromLapBefore(out, from + window.lapEnd(), at, count, window.lapEnd());
        } else if (off >= SHORT_COPY_BYTES && count <= LONG_COPY_BYTES && off >= count + SHORT_COPY_BYTES) {
            for (int i = 0; i < count; i += SHORT_COPY_BYTES) {
                LittleEndian.copy16(out, from + i, out, at + i);
            }
        } else if (off >= count) {
            System.arraycopy(out, from, out, at, count);
        } else if (off == 1) {
            Arrays.fill(out, at, at + count, out[from]);
        } else if (count <= SHORT_COPY_BYTES) {
            for (int i = 0; i < count; i++) {
                out[at + i] = out[from + i];
            }
        } else {
            // What stands there already is a period, or several, of what is to come.
            int some = off;
            for (int done = 0; done < count; done += some) {
                some = Math.min(off + done, count - done);
                System.arraycopy(out, from, out, at + done, some);
            }
        }
    }

    private static void copyFromLapBefore(byte[] out, int from, int at, int count, int lapEnd) {
        int before = Math.min(count, lapEnd - from);
        System.arraycopy(out, from, out, at, before);
        for (int i = 0; i < count - before; i++) {
            out[at + before + i] = out[i];
        }
    }
}
