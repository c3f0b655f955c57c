package io.virtualimage.disk.vhdx;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Finds out which of the two headers counts, and reads it. */
final class VhdxHeaderReader {
    private final ByteSource source;

    private VhdxHeaderReader(ByteSource source) {
        this.source = source;
    }

    /** Reads the current header of a source that begins with the signature. */
    static VhdxHeader read(ByteSource source) throws IOException, DiskException {
        if (source.lengthBytes() < VhdxFormat.HEADER_SECTION_BYTES) {
            throw new MalformedDiskException(
                    source.lengthBytes(),
                    "vhdx: the file ends after %d bytes, inside the header section of 1 MiB"
                            .formatted(source.lengthBytes()));
        }
        return new VhdxHeaderReader(source).readCurrent();
    }

    private VhdxHeader readCurrent() throws IOException, DiskException {
        ByteBuffer first = intact(VhdxFormat.HEADER_1_OFFSET);
        ByteBuffer second = intact(VhdxFormat.HEADER_2_OFFSET);
        if (first == null) {
            if (second == null) {
                throw new MalformedDiskException(
                        VhdxFormat.HEADER_1_OFFSET,
                        "vhdx: both headers, at 0x%x and 0x%x, are damaged"
                                .formatted(VhdxFormat.HEADER_1_OFFSET, VhdxFormat.HEADER_2_OFFSET));
            }
            return parse(second, VhdxFormat.HEADER_2_OFFSET);
        }
        if (second == null) {
            return parse(first, VhdxFormat.HEADER_1_OFFSET);
        }
        int order = Long.compareUnsigned(
                first.getLong(VhdxFormat.HEADER_SEQUENCE_NUMBER_OFFSET),
                second.getLong(VhdxFormat.HEADER_SEQUENCE_NUMBER_OFFSET));
        // Disk2vhd writes the same header twice, which the specification does not foresee.
        if (order == 0
                && !first.slice(0, VhdxFormat.HEADER_FIELDS_BYTES)
                        .equals(second.slice(0, VhdxFormat.HEADER_FIELDS_BYTES))) {
            throw new MalformedDiskException(
                    VhdxFormat.HEADER_2_OFFSET + VhdxFormat.HEADER_SEQUENCE_NUMBER_OFFSET,
                    "vhdx: the two headers differ, but have the same sequence number, so none is the current one");
        }
        return order >= 0 ? parse(first, VhdxFormat.HEADER_1_OFFSET) : parse(second, VhdxFormat.HEADER_2_OFFSET);
    }

    private @Nullable ByteBuffer intact(int offset) throws IOException {
        ByteBuffer header = VhdxStructure.read(source, offset, VhdxFormat.HEADER_BYTES);
        return header.getInt(0) == VhdxFormat.HEADER_SIGNATURE && VhdxStructure.isIntact(header) ? header : null;
    }

    private VhdxHeader parse(ByteBuffer header, int offset) throws DiskException {
        requireVersion("format", header, offset, VhdxFormat.HEADER_VERSION_OFFSET, VhdxFormat.VERSION);
        requireVersion("log", header, offset, VhdxFormat.HEADER_LOG_VERSION_OFFSET, VhdxFormat.LOG_VERSION);
        long logOffset = header.getLong(VhdxFormat.HEADER_LOG_OFFSET_OFFSET);
        long logLength = Integer.toUnsignedLong(header.getInt(VhdxFormat.HEADER_LOG_LENGTH_OFFSET));
        if (logOffset < VhdxFormat.HEADER_SECTION_BYTES
                || logOffset % VhdxFormat.ALIGNMENT_BYTES != 0
                || logLength % VhdxFormat.ALIGNMENT_BYTES != 0) {
            throw new MalformedDiskException(
                    offset + VhdxFormat.HEADER_LOG_OFFSET_OFFSET,
                    "vhdx: the log of %d bytes at 0x%x is not whole units of 1 MiB behind the header section"
                            .formatted(logLength, logOffset));
        }
        if (logLength > source.lengthBytes() - logOffset) {
            throw new MalformedDiskException(
                    offset + VhdxFormat.HEADER_LOG_OFFSET_OFFSET,
                    "vhdx: the log of %d bytes at 0x%x does not lie inside the file of %d bytes; is the file cut short?"
                            .formatted(logLength, logOffset, source.lengthBytes()));
        }
        return new VhdxHeader(
                offset, VhdxFormat.guidAt(header, VhdxFormat.HEADER_LOG_GUID_OFFSET), logOffset, logLength);
    }

    private static void requireVersion(String what, ByteBuffer header, int offset, int field, int known)
            throws UnsupportedDiskException {
        int version = Short.toUnsignedInt(header.getShort(field));
        if (version != known) {
            throw new UnsupportedDiskException(
                    offset + field,
                    "vhdx: version %d of the %s is not supported, only %d is".formatted(version, what, known));
        }
    }
}
