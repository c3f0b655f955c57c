package io.virtualimage.disk.zstd;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;

/**
 * The header of a frame (section 3.1.1.1).
 *
 * @param offset where the frame begins, in bytes from the start of the input
 * @param windowBytes how far matches reach back
 * @param contentBytes what the frame unpacks to; below 0 if it doesn't say
 * @param checksum whether a checksum follows the last block
 */
record FrameHeader(long offset, int windowBytes, long contentBytes, boolean checksum) {
    private static final String PART = "the header of a frame";

    /** By the flag of the descriptor. */
    private static final int[] DICTIONARY_ID_BYTES = {0, 1, 2, 4};

    private static final int[] CONTENT_SIZE_BYTES = {0, 2, 4, 8};
    /** Sizes of 2 bytes begin at this. */
    private static final int SHORT_CONTENT_SIZE_BASE = 256;

    /** No larger block, packed or not, is in the frame. */
    int maxBlockBytes() {
        return Math.min(windowBytes, ZstdFormat.MAX_BLOCK_BYTES);
    }

    /** Reads the header from the magic number on, which was checked. */
    static FrameHeader read(PackedInput input, int maxWindowBytes) throws IOException, DiskException {
        long offset = input.offset();
        input.require(ZstdFormat.MAGIC_BYTES + 1, PART);
        int descriptor = input.bytes()[input.position() + ZstdFormat.MAGIC_BYTES];
        if ((descriptor & ZstdFormat.RESERVED_FLAG) != 0) {
            throw new UnsupportedDiskException(
                    offset + ZstdFormat.MAGIC_BYTES,
                    "zstd: the frame at offset 0x%x has a reserved bit set, so it is of a later format"
                            .formatted(offset));
        }
        boolean single = (descriptor & ZstdFormat.SINGLE_SEGMENT_FLAG) != 0;
        int windowBytes = single ? 0 : 1;
        int idBytes = DICTIONARY_ID_BYTES[descriptor & ZstdFormat.DICTIONARY_ID_FLAG];
        int sizeFlag = (descriptor & 0xff) >>> ZstdFormat.CONTENT_SIZE_SHIFT;
        int sizeBytes = sizeFlag == 0 && single ? 1 : CONTENT_SIZE_BYTES[sizeFlag];
        input.advance(ZstdFormat.MAGIC_BYTES + 1);
        input.require(windowBytes + idBytes + sizeBytes, PART);
        long window = single ? 0 : window((int) number(input, 1));
        if (number(input, idBytes) != 0) {
            throw new UnsupportedDiskException(
                    offset,
                    "zstd: the frame at offset 0x%x needs a dictionary, which is not supported".formatted(offset));
        }
        long contentBytes = sizeBytes == 0 ? -1 : number(input, sizeBytes);
        if (sizeBytes == 2) {
            contentBytes += SHORT_CONTENT_SIZE_BASE;
        }
        if (contentBytes < 0 && sizeBytes != 0) {
            throw new DiskLimitException(
                    offset,
                    "zstd: a content of %s bytes is over the limit of 8 EiB"
                            .formatted(Long.toUnsignedString(contentBytes)));
        }
        if (single) {
            window = contentBytes;
        }
        if (window > maxWindowBytes) {
            throw new DiskLimitException(
                    offset,
                    "zstd: a window of %d bytes is over the limit of %d; compress with less memory: without '--long',"
                                    .formatted(window, maxWindowBytes)
                            + " and at a level of 19 or below");
        }
        return new FrameHeader(offset, (int) window, contentBytes, (descriptor & ZstdFormat.CHECKSUM_FLAG) != 0);
    }

    private static long window(int descriptor) {
        long base = 1L << (ZstdFormat.MIN_WINDOW_LOG + (descriptor >>> 3));
        return base + base / 8 * (descriptor & 7);
    }

    private static long number(PackedInput input, int lengthBytes) {
        long value = 0;
        for (int i = 0; i < lengthBytes; i++) {
            value |= (input.bytes()[input.position() + i] & 0xffL) << (8 * i);
        }
        input.advance(lengthBytes);
        return value;
    }
}
