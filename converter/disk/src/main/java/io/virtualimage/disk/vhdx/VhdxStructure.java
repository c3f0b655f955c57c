package io.virtualimage.disk.vhdx;

import io.virtualimage.disk.ByteSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32C;

/** Pieces of a file: read in its byte order, and checked with the sum that they carry. */
final class VhdxStructure {
    private static final byte[] NO_CHECKSUM = new byte[Integer.BYTES];

    private VhdxStructure() {}

    /** Reads {@code lengthBytes} bytes from {@code offset} into a new little-endian buffer. */
    static ByteBuffer read(ByteSource source, long offset, int lengthBytes) throws IOException {
        return source.read(offset, lengthBytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Whether the CRC-32C in the whole of a structure is right. */
    static boolean isIntact(ByteBuffer structure) {
        CRC32C sum = new CRC32C();
        addWithoutChecksum(sum, structure);
        return (int) sum.getValue() == structure.getInt(VhdxFormat.CHECKSUM_OFFSET);
    }

    /** Adds a structure, or the first part of one: the field for the sum itself counts as zero. */
    static void addWithoutChecksum(CRC32C sum, ByteBuffer structure) {
        int behind = VhdxFormat.CHECKSUM_OFFSET + Integer.BYTES;
        sum.update(structure.slice(0, VhdxFormat.CHECKSUM_OFFSET));
        sum.update(NO_CHECKSUM);
        sum.update(structure.slice(behind, structure.limit() - behind));
    }
}
