package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.DiskLimitException;
import java.util.Arrays;

/** Counts what was unpacked, and says when it is too much. */
final class PlainAccount {
    private static final int BLOCK_BYTES = 64 << 10;
    private static final byte[] ZEROS = new byte[BLOCK_BYTES];
    /** Below this, the ratio says little, and the harm is small, in bytes. */
    private static final long RATIO_FLOOR_BYTES = 64 << 20;

    private final String format;
    private final UnpackLimits limits;
    private long plainBytes;
    private long nonzeroBytes;
    /** Whether the block that is under way was counted as one that isn't zeros. */
    private boolean counted;

    /** @param format what messages begin with */
    PlainAccount(String format, UnpackLimits limits) {
        this.format = format;
        this.limits = limits;
    }

    /** Counts the next bytes, for all of which {@code packedBytes} of the file were needed so far. */
    void add(byte[] bytes, int offset, int count, long packedBytes) throws DiskLimitException {
        if (count > limits.maxPlainBytes() - plainBytes) {
            throw new DiskLimitException(
                    packedBytes,
                    "%s: the file unpacks to more than the limit of %d bytes"
                            .formatted(format, limits.maxPlainBytes()));
        }
        int at = offset;
        while (at < offset + count) {
            int inBlock = (int) (plainBytes % BLOCK_BYTES);
            int some = Math.min(offset + count - at, BLOCK_BYTES - inBlock);
            counted &= inBlock > 0;
            if (!counted && Arrays.mismatch(bytes, at, at + some, ZEROS, 0, some) >= 0) {
                counted = true;
                nonzeroBytes += BLOCK_BYTES;
            }
            plainBytes += some;
            at += some;
        }
        if (nonzeroBytes > RATIO_FLOOR_BYTES && nonzeroBytes / limits.maxRatio() > packedBytes) {
            throw new DiskLimitException(
                    packedBytes,
                    "%s: %d bytes that are not zeros were unpacked from %d, over the limit of %d times as many"
                            .formatted(format, nonzeroBytes, packedBytes, limits.maxRatio()));
        }
    }
}
