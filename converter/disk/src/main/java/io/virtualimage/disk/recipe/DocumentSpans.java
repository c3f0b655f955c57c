package io.virtualimage.disk.recipe;

import java.util.Arrays;

/** What the index knows of parts, or of groups: which bytes each describes, one after another, and its checksum. */
final class DocumentSpans {
    private long[] ends = new long[16];
    private int[] checksums = new int[16];
    private int count;

    int count() {
        return count;
    }

    /** What all of them describe, in bytes. */
    long totalBytes() {
        return count == 0 ? 0 : ends[count - 1];
    }

    /** Where the bytes of one begin. */
    long offset(int number) {
        return number == 0 ? 0 : ends[number - 1];
    }

    long lengthBytes(int number) {
        return ends[number] - offset(number);
    }

    int checksum(int number) {
        return checksums[number];
    }

    /** The one that describes the byte at {@code offset}. */
    int at(long offset) {
        int found = Arrays.binarySearch(ends, 0, count, offset);
        return found < 0 ? -found - 1 : found + 1;
    }

    /** @param lengthBytes above 0 */
    void add(long lengthBytes, int checksum) {
        if (count == ends.length) {
            ends = Arrays.copyOf(ends, 2 * count);
            checksums = Arrays.copyOf(checksums, 2 * count);
        }
        ends[count] = Math.addExact(totalBytes(), lengthBytes);
        checksums[count] = checksum;
        count++;
    }

    void setChecksum(int number, int checksum) {
        checksums[number] = checksum;
    }
}
