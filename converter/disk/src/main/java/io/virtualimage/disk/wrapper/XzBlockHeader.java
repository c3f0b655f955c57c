package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.ByteSource;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;

/** The header of a block, as far as it tells how much memory is needed (section 3.1). */
final class XzBlockHeader {
    private static final int MAX_NUMBER_BYTES = 9;

    private XzBlockHeader() {}

    /**
     * Size of the dictionary in bytes; above every limit if the header does not tell, or is none. Whoever unpacks the
     * block finds out why.
     *
     * @param offset of the header
     */
    static long dictionaryBytes(ByteSource source, long offset) throws IOException {
        int count = (int) Math.min(XzFormat.MAX_BLOCK_HEADER_BYTES, source.lengthBytes() - offset);
        ByteBuffer header = source.read(offset, Math.max(0, count));
        try {
            return dictionaryBytes(header);
        } catch (BufferUnderflowException e) {
            return Long.MAX_VALUE;
        }
    }

    private static long dictionaryBytes(ByteBuffer header) {
        header.get();
        int flags = header.get();
        if ((flags & XzFormat.PACKED_SIZE_FLAG) != 0) {
            number(header);
        }
        if ((flags & XzFormat.PLAIN_SIZE_FLAG) != 0) {
            number(header);
        }
        for (int filters = (flags & XzFormat.FILTERS_MASK) + 1; filters > 0; filters--) {
            long filter = number(header);
            long properties = number(header);
            if (filter == XzFormat.FILTER_LZMA2) {
                int property = header.get();
                return property >= 0 && property < XzFormat.MAX_DICTIONARY_PROPERTY
                        ? (2L | (property & 1)) << (property / 2 + 11)
                        : Long.MAX_VALUE;
            }
            if (properties < 0 || properties > header.remaining()) {
                throw new BufferUnderflowException();
            }
            header.position(header.position() + (int) properties);
        }
        return Long.MAX_VALUE;
    }

    /** 7 bits a byte, the lowest first; the highest bit says that more follow. */
    private static long number(ByteBuffer header) {
        long value = 0;
        for (int i = 0; i < MAX_NUMBER_BYTES; i++) {
            int part = header.get();
            value |= (part & 0x7fL) << (7 * i);
            if (part >= 0) {
                return value;
            }
        }
        throw new BufferUnderflowException();
    }
}
