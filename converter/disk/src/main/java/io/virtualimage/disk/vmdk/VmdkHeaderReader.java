package io.virtualimage.disk.vmdk;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Reads the header of a hosted sparse extent, its descriptor and, if it was streamed, its footer; refuses what is not one
 * self-contained disk.
 *
 * <p>Reads the first 65 KiB and the last 1536 bytes at the very most.
 */
final class VmdkHeaderReader {
    private static final int KNOWN_INCOMPATIBLE_FLAGS = VmdkFormat.COMPRESSED_FLAG | VmdkFormat.MARKERS_FLAG;
    /** Largest number of sectors of which the bytes can be counted. */
    private static final long MAX_SECTORS = Long.MAX_VALUE / VmdkFormat.SECTOR_BYTES;

    private final ByteSource source;
    private final long fileBytes;
    /** The header in front, little-endian. */
    private final ByteBuffer front;

    private VmdkHeaderReader(ByteSource source, ByteBuffer front) {
        this.source = source;
        this.fileBytes = source.lengthBytes();
        this.front = front;
    }

    /** Reads the header of a source that begins with the magic number. */
    static VmdkHeader read(ByteSource source) throws IOException, DiskException {
        requireLength(source, VmdkFormat.HEADER_BYTES);
        return new VmdkHeaderReader(source, little(source, 0, VmdkFormat.HEADER_BYTES)).read();
    }

    static void requireLength(ByteSource source, int headerBytes) throws MalformedDiskException {
        if (source.lengthBytes() < headerBytes) {
            throw new MalformedDiskException(
                    source.lengthBytes(),
                    "vmdk: the file ends after %d bytes, inside the header of %d"
                            .formatted(source.lengthBytes(), headerBytes));
        }
    }

    static ByteBuffer little(ByteSource source, long offset, int lengthBytes) throws IOException {
        return source.read(offset, lengthBytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private VmdkHeader read() throws IOException, DiskException {
        checkVersion();
        boolean compressed = checkFlags();
        long capacity = capacity();
        int grainBytes = grainBytes();
        int tableEntries = tableEntries();
        int descriptorBytes = descriptorBytes();
        int regionBytes = Math.max(descriptorBytes, VmdkFormat.USUAL_DESCRIPTOR_BYTES);
        long regionOffset = (long) VmdkFormat.DESCRIPTOR_SECTOR * VmdkFormat.SECTOR_BYTES;
        VmdkDescriptor.check(
                source.read(regionOffset, (int) Math.min(regionBytes, fileBytes - regionOffset)),
                descriptorBytes,
                capacity,
                grainBytes / VmdkFormat.SECTOR_BYTES);
        checkOverhead();
        long virtualSizeBytes = capacity * VmdkFormat.SECTOR_BYTES;
        return new VmdkHeader(
                virtualSizeBytes,
                grainBytes,
                tableEntries,
                directory(VmdkHeader.directoryBytes(virtualSizeBytes, grainBytes, tableEntries)),
                regionOffset + descriptorBytes,
                directoryAtEnd(),
                has(VmdkFormat.ZEROED_GRAIN_FLAG),
                compressed,
                front.get(VmdkFormat.UNCLEAN_SHUTDOWN_OFFSET) != 0);
    }

    private void checkVersion() throws UnsupportedDiskException {
        int version = front.getInt(VmdkFormat.VERSION_OFFSET);
        if (version < 1 || version > VmdkFormat.MAX_VERSION) {
            throw new UnsupportedDiskException(
                    VmdkFormat.VERSION_OFFSET,
                    "vmdk: version %s of the format is not supported, only 1, 2 and 3 are"
                            .formatted(Integer.toUnsignedString(version)));
        }
    }

    /** @return whether grains are compressed */
    private boolean checkFlags() throws DiskException {
        int unknown = front.getInt(VmdkFormat.FLAGS_OFFSET) & VmdkFormat.INCOMPATIBLE_FLAGS & ~KNOWN_INCOMPATIBLE_FLAGS;
        if (unknown != 0) {
            throw new UnsupportedDiskException(
                    VmdkFormat.FLAGS_OFFSET,
                    "vmdk: the image needs features (flags 0x%08x) which are not supported".formatted(unknown));
        }
        if (has(VmdkFormat.NEWLINE_TEST_FLAG)
                && Integer.reverseBytes(front.getInt(VmdkFormat.NEWLINE_TEST_OFFSET)) != VmdkFormat.NEWLINE_TEST) {
            throw new MalformedDiskException(
                    VmdkFormat.NEWLINE_TEST_OFFSET,
                    "vmdk: the ends of lines were changed; was the file transferred as text?");
        }
        int compression = Short.toUnsignedInt(front.getShort(VmdkFormat.COMPRESSION_OFFSET));
        if (compression != VmdkFormat.COMPRESSION_NONE && compression != VmdkFormat.COMPRESSION_DEFLATE) {
            throw new UnsupportedDiskException(
                    VmdkFormat.COMPRESSION_OFFSET,
                    "vmdk: the compression %d is not supported, only deflate is".formatted(compression));
        }
        boolean compressed = has(VmdkFormat.COMPRESSED_FLAG);
        if (compressed != (compression != VmdkFormat.COMPRESSION_NONE)) {
            throw new MalformedDiskException(
                    VmdkFormat.COMPRESSION_OFFSET,
                    "vmdk: the compression %d contradicts the flag for it".formatted(compression));
        }
        if (compressed != has(VmdkFormat.MARKERS_FLAG)) {
            throw new UnsupportedDiskException(
                    VmdkFormat.FLAGS_OFFSET,
                    compressed
                            ? "vmdk: compressed grains without markers are not supported"
                            : "vmdk: markers without compressed grains are not supported");
        }
        return compressed;
    }

    private long capacity() throws DiskException {
        long sectors = front.getLong(VmdkFormat.CAPACITY_OFFSET);
        if (sectors == 0) {
            // Then QEMU takes the descriptor for one whose extents are other files.
            throw new UnsupportedDiskException(
                    VmdkFormat.CAPACITY_OFFSET,
                    "vmdk: the file has a descriptor, but no disk of its own; " + UnsupportedDiskException.OTHER_FILES);
        }
        if (sectors < 0 || sectors > MAX_SECTORS) {
            throw new DiskLimitException(
                    VmdkFormat.CAPACITY_OFFSET,
                    "vmdk: a capacity of %s sectors is over the limit of 8 EiB"
                            .formatted(Long.toUnsignedString(sectors)));
        }
        return sectors;
    }

    private int grainBytes() throws DiskException {
        return grainBytes(
                front.getLong(VmdkFormat.GRAIN_SIZE_OFFSET), VmdkFormat.GRAIN_SIZE_OFFSET, VmdkFormat.MIN_GRAIN_BYTES);
    }

    static int grainBytes(long sectors, int field, int minBytes) throws DiskException {
        if (sectors < 0 || sectors > VmdkFormat.MAX_GRAIN_BYTES / VmdkFormat.SECTOR_BYTES) {
            throw new DiskLimitException(
                    field,
                    "vmdk: grains of %s sectors are over the limit of 2 MiB".formatted(Long.toUnsignedString(sectors)));
        }
        int bytes = (int) sectors * VmdkFormat.SECTOR_BYTES;
        if (bytes < minBytes || Integer.bitCount(bytes) != 1) {
            throw new MalformedDiskException(
                    field,
                    "vmdk: a grain of %d sectors is not a power of 2 of at least %d"
                            .formatted(sectors, minBytes / VmdkFormat.SECTOR_BYTES));
        }
        return bytes;
    }

    private int tableEntries() throws DiskException {
        int entries = front.getInt(VmdkFormat.TABLE_ENTRIES_OFFSET);
        if (entries < 0 || entries > VmdkFormat.MAX_TABLE_ENTRIES) {
            throw new DiskLimitException(
                    VmdkFormat.TABLE_ENTRIES_OFFSET,
                    "vmdk: grain tables of %s entries are over the limit of %d"
                            .formatted(Integer.toUnsignedString(entries), VmdkFormat.MAX_TABLE_ENTRIES));
        }
        if (entries < VmdkFormat.MIN_TABLE_ENTRIES || Integer.bitCount(entries) != 1) {
            throw new MalformedDiskException(
                    VmdkFormat.TABLE_ENTRIES_OFFSET,
                    "vmdk: a grain table of %d entries is not a power of 2 of at least %d"
                            .formatted(entries, VmdkFormat.MIN_TABLE_ENTRIES));
        }
        return entries;
    }

    private int descriptorBytes() throws DiskException {
        long offset = front.getLong(VmdkFormat.DESCRIPTOR_OFFSET_OFFSET);
        long sectors = front.getLong(VmdkFormat.DESCRIPTOR_SIZE_OFFSET);
        if (offset == 0 || sectors == 0) {
            throw new UnsupportedDiskException(
                    VmdkFormat.DESCRIPTOR_OFFSET_OFFSET,
                    "vmdk: the file has no descriptor, so it is a part of a disk of several files; "
                            + UnsupportedDiskException.OTHER_FILES);
        }
        if (offset != VmdkFormat.DESCRIPTOR_SECTOR) {
            // Some programs do not look here for it, so two readers would see two descriptors.
            throw new UnsupportedDiskException(
                    VmdkFormat.DESCRIPTOR_OFFSET_OFFSET,
                    "vmdk: a descriptor at sector %s is not supported, only at sector %d"
                            .formatted(Long.toUnsignedString(offset), VmdkFormat.DESCRIPTOR_SECTOR));
        }
        if (sectors < 0 || sectors > VmdkFormat.MAX_DESCRIPTOR_BYTES / VmdkFormat.SECTOR_BYTES) {
            throw new DiskLimitException(
                    VmdkFormat.DESCRIPTOR_SIZE_OFFSET,
                    "vmdk: a descriptor of %s sectors is over the limit of 64 KiB"
                            .formatted(Long.toUnsignedString(sectors)));
        }
        int bytes = (int) sectors * VmdkFormat.SECTOR_BYTES;
        if (bytes > fileBytes - VmdkFormat.HEADER_BYTES) {
            throw new MalformedDiskException(
                    VmdkFormat.DESCRIPTOR_SIZE_OFFSET,
                    "vmdk: the descriptor of %d bytes does not lie inside the file of %d bytes; is the file cut short?"
                            .formatted(bytes, fileBytes));
        }
        return bytes;
    }

    private void checkOverhead() throws MalformedDiskException {
        long sectors = front.getLong(VmdkFormat.OVERHEAD_OFFSET);
        if (sectors < 0 || sectors > fileBytes / VmdkFormat.SECTOR_BYTES) {
            throw new MalformedDiskException(
                    VmdkFormat.OVERHEAD_OFFSET,
                    "vmdk: the metadata of %s sectors do not lie inside the file of %d bytes; is the file cut short?"
                            .formatted(Long.toUnsignedString(sectors), fileBytes));
        }
    }

    /** @return where the grain directory is, in bytes; a redundant one is not read, but must be there if announced */
    private long directory(long directoryBytes) throws IOException, DiskException {
        long sector = front.getLong(VmdkFormat.DIRECTORY_OFFSET_OFFSET);
        if (directoryAtEnd()) {
            return directoryByFooter(directoryBytes);
        }
        if (has(VmdkFormat.REDUNDANT_FLAG)) {
            int field = VmdkFormat.REDUNDANT_DIRECTORY_OFFSET_OFFSET;
            placeDirectory("redundant grain directory", front.getLong(field), field, directoryBytes, fileBytes);
        }
        return placeDirectory("grain directory", sector, VmdkFormat.DIRECTORY_OFFSET_OFFSET, directoryBytes, fileBytes);
    }

    private boolean directoryAtEnd() {
        return front.getLong(VmdkFormat.DIRECTORY_OFFSET_OFFSET) == VmdkFormat.DIRECTORY_AT_END;
    }

    private long directoryByFooter(long directoryBytes) throws IOException, DiskException {
        long trailerOffset = fileBytes - VmdkFormat.TRAILER_BYTES;
        if (trailerOffset < VmdkFormat.HEADER_BYTES || fileBytes % VmdkFormat.SECTOR_BYTES != 0) {
            throw new MalformedDiskException(
                    VmdkFormat.DIRECTORY_OFFSET_OFFSET,
                    "vmdk: the file of %d bytes does not end in a footer, as its header says; is the file cut short?"
                            .formatted(fileBytes));
        }
        requireMarker(source, "footer", trailerOffset, VmdkFormat.MARKER_FOOTER);
        requireMarker(
                source, "end of the stream", fileBytes - VmdkFormat.SECTOR_BYTES, VmdkFormat.MARKER_END_OF_STREAM);
        long footerOffset = trailerOffset + VmdkFormat.SECTOR_BYTES;
        ByteBuffer footer = little(source, footerOffset, VmdkFormat.HEADER_BYTES);
        requireSame(footer, footerOffset);
        return placeDirectory(
                "grain directory",
                footer.getLong(VmdkFormat.DIRECTORY_OFFSET_OFFSET),
                footerOffset + VmdkFormat.DIRECTORY_OFFSET_OFFSET,
                directoryBytes,
                trailerOffset);
    }

    /** Checks a marker that is not a grain's. Those of grain tables are not asked for: some programs write one for all. */
    static void requireMarker(ByteSource source, String what, long offset, int type)
            throws IOException, MalformedDiskException {
        ByteBuffer marker = little(source, offset, VmdkFormat.MARKER_TYPE_OFFSET + Integer.BYTES);
        if (marker.getInt(VmdkFormat.MARKER_SIZE_OFFSET) != 0
                || marker.getInt(VmdkFormat.MARKER_TYPE_OFFSET) != type
                || (type == VmdkFormat.MARKER_END_OF_STREAM && marker.getLong(VmdkFormat.MARKER_VALUE_OFFSET) != 0)) {
            throw new MalformedDiskException(
                    offset,
                    "vmdk: the marker of the %s is not where it should be; is the file cut short?".formatted(what));
        }
    }

    /** The footer is the header once more; where it is not, it depends on the reader which of them counts. */
    private void requireSame(ByteBuffer footer, long footerOffset) throws MalformedDiskException {
        int different = footer.slice(0, VmdkFormat.DESCRIPTOR_OFFSET_OFFSET)
                .mismatch(front.slice(0, VmdkFormat.DESCRIPTOR_OFFSET_OFFSET));
        if (different < 0
                && footer.getInt(VmdkFormat.TABLE_ENTRIES_OFFSET) != front.getInt(VmdkFormat.TABLE_ENTRIES_OFFSET)) {
            different = VmdkFormat.TABLE_ENTRIES_OFFSET;
        }
        if (different < 0
                && footer.getShort(VmdkFormat.COMPRESSION_OFFSET) != front.getShort(VmdkFormat.COMPRESSION_OFFSET)) {
            different = VmdkFormat.COMPRESSION_OFFSET;
        }
        if (different >= 0) {
            throw new MalformedDiskException(
                    footerOffset + different,
                    "vmdk: the footer at 0x%x contradicts the header".formatted(footerOffset));
        }
    }

    /** CVE-2026-2243 and its kin: nothing is read by a place or a size of the file before both are checked. */
    static long placeDirectory(String what, long sector, long field, long directoryBytes, long limitBytes)
            throws MalformedDiskException {
        if (sector <= 0
                || sector > limitBytes / VmdkFormat.SECTOR_BYTES
                || directoryBytes > limitBytes - sector * VmdkFormat.SECTOR_BYTES) {
            throw new MalformedDiskException(
                    field,
                    "vmdk: the %s of %d bytes at sector %s does not lie inside the file; is the file cut short?"
                            .formatted(what, directoryBytes, Long.toUnsignedString(sector)));
        }
        return sector * VmdkFormat.SECTOR_BYTES;
    }

    private boolean has(int flag) {
        return (front.getInt(VmdkFormat.FLAGS_OFFSET) & flag) != 0;
    }
}
