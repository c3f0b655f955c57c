package io.virtualimage.sandbox.simulator;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** As much of the tar format (POSIX.1, ustar) as it takes to find one file. */
final class Tar {
    private static final int BLOCK = 512;

    private Tar() {}

    static byte[] fileUnder(String folder, byte[] tar) {
        int at = 0;
        while (at + BLOCK <= tar.length && tar[at] != 0) {
            String name = text(tar, at, 100);
            int size = Integer.parseInt(text(tar, at + 124, 12).strip(), 8);
            char type = (char) tar[at + 156];
            if (name.startsWith(folder) && (type == '0' || type == 0)) {
                return Arrays.copyOfRange(tar, at + BLOCK, at + BLOCK + size);
            }
            at += BLOCK + (size + BLOCK - 1) / BLOCK * BLOCK;
        }
        throw new BrokenInvariantError("there is no file under " + folder);
    }

    private static String text(byte[] tar, int at, int length) {
        int end = at;
        while (end < at + length && tar[end] != 0) {
            end++;
        }
        return new String(tar, at, end - at, StandardCharsets.UTF_8);
    }
}
