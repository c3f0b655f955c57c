package io.virtualimage.disk.vhdx;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.MalformedDiskException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/**
 * Reads sectors of the log's ring, and tells which of them begin a valid entry: one of which every field, every
 * descriptor, every data sector and the checksum are right.
 */
final class VhdxLogReader {
    private final ByteSource source;
    private final long logOffset;
    private final int logSectors;
    private final UUID guid;
    /** Sectors that may still be summed up. */
    private long budget;

    /**
     * @param source the file as it is
     * @param header of a log that is not empty, and below 2 GiB
     */
    VhdxLogReader(ByteSource source, VhdxHeader header) {
        this.source = source;
        this.logOffset = header.logOffset();
        this.logSectors = (int) (header.logLengthBytes() / VhdxFormat.LOG_SECTOR_BYTES);
        this.guid = header.logGuid();
        // What is left of an older round is overwritten entry by entry, so a program's own log needs no more than twice
        // its length; only entries that were laid over each other need more.
        this.budget = 4L * logSectors;
    }

    int logSectors() {
        return logSectors;
    }

    /** Where a sector is in the file; {@code index} may be up to one round above the last. */
    long fileOffset(long index) {
        return logOffset + index % logSectors * VhdxFormat.LOG_SECTOR_BYTES;
    }

    /** The sector {@code index}, as above. */
    ByteBuffer sector(long index) throws IOException {
        return VhdxStructure.read(source, fileOffset(index), VhdxFormat.LOG_SECTOR_BYTES);
    }

    /** Whether an entry of this log begins here, valid or not. */
    boolean beginsEntry(ByteBuffer sector) {
        return sector.getInt(0) == VhdxFormat.LOG_ENTRY_SIGNATURE
                && VhdxFormat.guidAt(sector, VhdxFormat.LOG_ENTRY_GUID_OFFSET).equals(guid);
    }

    /**
     * The valid entry that begins with a sector; null if none does.
     *
     * @throws MalformedDiskException if it would be too much work to tell
     */
    @Nullable
    VhdxLogEntry entryAt(int index) throws IOException, MalformedDiskException {
        ByteBuffer first = sector(index);
        if (!beginsEntry(first)) {
            return null;
        }
        long lengthBytes = Integer.toUnsignedLong(first.getInt(VhdxFormat.LOG_ENTRY_LENGTH_OFFSET));
        long tail = Integer.toUnsignedLong(first.getInt(VhdxFormat.LOG_ENTRY_TAIL_OFFSET));
        long sectors = lengthBytes / VhdxFormat.LOG_SECTOR_BYTES;
        long tailSector = tail / VhdxFormat.LOG_SECTOR_BYTES;
        long sequenceNumber = first.getLong(VhdxFormat.LOG_ENTRY_SEQUENCE_NUMBER_OFFSET);
        long descriptors = Integer.toUnsignedLong(first.getInt(VhdxFormat.LOG_ENTRY_DESCRIPTORS_OFFSET));
        if (lengthBytes % VhdxFormat.LOG_SECTOR_BYTES != 0
                || sectors > logSectors
                || tail % VhdxFormat.LOG_SECTOR_BYTES != 0
                || tailSector >= logSectors
                || sequenceNumber == 0
                || VhdxLogEntry.descriptorSectors(descriptors) > sectors) {
            return null;
        }
        VhdxLogEntry entry = new VhdxLogEntry(
                index,
                (int) sectors,
                sequenceNumber,
                (int) tailSector,
                (int) descriptors,
                first.getLong(VhdxFormat.LOG_ENTRY_FLUSHED_FILE_OFFSET),
                first.getLong(VhdxFormat.LOG_ENTRY_LAST_FILE_OFFSET));
        return isIntact(entry, first) && descriptorsAreRight(entry) ? entry : null;
    }

    private boolean isIntact(VhdxLogEntry entry, ByteBuffer first) throws IOException, MalformedDiskException {
        budget -= entry.sectors();
        if (budget < 0) {
            throw new MalformedDiskException(
                    fileOffset(entry.sector()), "vhdx: the entries of the log overlap each other many times");
        }
        CRC32C sum = new CRC32C();
        VhdxStructure.addWithoutChecksum(sum, first);
        for (int i = 1; i < entry.sectors(); i++) {
            sum.update(sector(entry.sector() + i));
        }
        return (int) sum.getValue() == first.getInt(VhdxFormat.CHECKSUM_OFFSET);
    }

    private boolean descriptorsAreRight(VhdxLogEntry entry) throws IOException {
        Cursor cursor = new Cursor(entry);
        while (cursor.next()) {
            if (!cursor.isRight()) {
                return false;
            }
        }
        return true;
    }

    Cursor descriptors(VhdxLogEntry entry) {
        return new Cursor(entry);
    }

    /** Goes over the descriptors of an entry. */
    final class Cursor {
        private final VhdxLogEntry entry;
        private int index = -1;
        private int sectorOfDescriptors = -1;
        private int nextDataSector;
        private ByteBuffer descriptors = ByteBuffer.allocate(0);
        private ByteBuffer descriptor = descriptors;
        private @Nullable ByteBuffer data;

        private Cursor(VhdxLogEntry entry) {
            this.entry = entry;
            this.nextDataSector = (int) VhdxLogEntry.descriptorSectors(entry.descriptorCount());
        }

        /** Goes to the next descriptor; false if there is none. */
        boolean next() throws IOException {
            index++;
            if (index == entry.descriptorCount()) {
                return false;
            }
            int within = VhdxLogEntry.descriptorSector(index);
            if (within != sectorOfDescriptors) {
                descriptors = sector(entry.sector() + within);
                sectorOfDescriptors = within;
            }
            descriptor = descriptors
                    .slice(VhdxLogEntry.descriptorOffset(index), VhdxFormat.LOG_DESCRIPTOR_BYTES)
                    .order(descriptors.order());
            data = null;
            if (descriptor.getInt(0) == VhdxFormat.LOG_DATA_DESCRIPTOR_SIGNATURE && nextDataSector < entry.sectors()) {
                data = sector(entry.sector() + nextDataSector);
                nextDataSector++;
            }
            return true;
        }

        private boolean isRight() {
            if (descriptor.getLong(VhdxFormat.LOG_DESCRIPTOR_SEQUENCE_NUMBER_OFFSET) != entry.sequenceNumber()
                    || fileOffset() % VhdxFormat.LOG_SECTOR_BYTES != 0) {
                return false;
            }
            ByteBuffer sector = data;
            return switch (descriptor.getInt(0)) {
                case VhdxFormat.LOG_ZERO_DESCRIPTOR_SIGNATURE -> zeroBytes() % VhdxFormat.LOG_SECTOR_BYTES == 0;
                case VhdxFormat.LOG_DATA_DESCRIPTOR_SIGNATURE ->
                    sector != null
                            && sector.getInt(0) == VhdxFormat.LOG_DATA_SECTOR_SIGNATURE
                            && sector.getInt(VhdxFormat.LOG_DATA_SEQUENCE_HIGH_OFFSET)
                                    == (int) (entry.sequenceNumber() >>> Integer.SIZE)
                            && sector.getInt(VhdxFormat.LOG_DATA_SEQUENCE_LOW_OFFSET) == (int) entry.sequenceNumber();
                default -> false;
            };
        }

        /** Where the descriptor is in the file. */
        long position() {
            return VhdxLogReader.this.fileOffset(entry.sector() + sectorOfDescriptors)
                    + VhdxLogEntry.descriptorOffset(index);
        }

        /** Where in the file to write, in bytes: a multiple of 4 KiB, not yet checked further. */
        long fileOffset() {
            return descriptor.getLong(VhdxFormat.LOG_DESCRIPTOR_FILE_OFFSET);
        }

        /** If there is no {@link #update}: how many zeros to write, a multiple of 4 KiB, not yet checked further. */
        long zeroBytes() {
            return descriptor.getLong(VhdxFormat.LOG_DESCRIPTOR_LEADING_OFFSET);
        }

        /** The 4 KiB to write, as they are to be; null if zeros are to be written. */
        @Nullable
        ByteBuffer update() {
            if (data == null) {
                return null;
            }
            byte[] update = new byte[VhdxFormat.LOG_SECTOR_BYTES];
            int trailing = VhdxFormat.LOG_SECTOR_BYTES - VhdxFormat.LOG_DATA_TRAILING_BYTES;
            descriptor.get(VhdxFormat.LOG_DESCRIPTOR_LEADING_OFFSET, update, 0, VhdxFormat.LOG_DATA_LEADING_BYTES);
            data.get(
                    VhdxFormat.LOG_DATA_LEADING_BYTES,
                    update,
                    VhdxFormat.LOG_DATA_LEADING_BYTES,
                    trailing - VhdxFormat.LOG_DATA_LEADING_BYTES);
            descriptor.get(
                    VhdxFormat.LOG_DESCRIPTOR_TRAILING_OFFSET, update, trailing, VhdxFormat.LOG_DATA_TRAILING_BYTES);
            return ByteBuffer.wrap(update);
        }
    }
}
