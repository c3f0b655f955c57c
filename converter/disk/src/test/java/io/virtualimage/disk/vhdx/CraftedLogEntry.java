package io.virtualimage.disk.vhdx;

import static io.virtualimage.disk.vhdx.VhdxFormat.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;

/** An entry of a log, to be spoiled; its checksum is put in at the end. */
final class CraftedLogEntry {
    private final long sequenceNumber;
    private final List<Descriptor> descriptors = new ArrayList<>();
    private final List<Consumer<ByteBuffer>> changes = new ArrayList<>();
    private int tailSector;
    private int padSectors;
    private UUID guid = CraftedVhdx.LOG_GUID;
    private long flushedFileBytes = CraftedVhdx.LENGTH;
    private long lastFileBytes = CraftedVhdx.LENGTH;
    private boolean sealed = true;

    /** @param data 4 KiB; none for zeros */
    private record Descriptor(long fileOffset, long zeroBytes, ByteBuffer data) {}

    /** An entry that is its own tail if it is put there. */
    CraftedLogEntry(long sequenceNumber, int tailSector) {
        this.sequenceNumber = sequenceNumber;
        this.tailSector = tailSector;
    }

    CraftedLogEntry data(long fileOffset, byte[] sector) {
        descriptors.add(new Descriptor(fileOffset, 0, ByteBuffer.wrap(sector)));
        return this;
    }

    CraftedLogEntry zero(long fileOffset, long lengthBytes) {
        descriptors.add(new Descriptor(fileOffset, lengthBytes, ByteBuffer.allocate(0)));
        return this;
    }

    CraftedLogEntry guid(UUID newGuid) {
        guid = newGuid;
        return this;
    }

    CraftedLogEntry flushed(long bytes) {
        flushedFileBytes = bytes;
        return this;
    }

    CraftedLogEntry last(long bytes) {
        lastFileBytes = bytes;
        return this;
    }

    /** More sectors than are needed. */
    CraftedLogEntry padded(int sectors) {
        padSectors = sectors;
        return this;
    }

    CraftedLogEntry u32(int offset, long value) {
        changes.add(bytes -> bytes.putInt(offset, (int) value));
        return this;
    }

    CraftedLogEntry u64(int offset, long value) {
        changes.add(bytes -> bytes.putLong(offset, value));
        return this;
    }

    /** Leaves the checksum wrong. */
    CraftedLogEntry torn() {
        sealed = false;
        return this;
    }

    byte[] bytes() {
        int descriptorSectors =
                Math.ceilDiv(LOG_ENTRY_HEADER_BYTES + descriptors.size() * LOG_DESCRIPTOR_BYTES, LOG_SECTOR_BYTES);
        int dataSectors =
                (int) descriptors.stream().filter(d -> d.data.hasRemaining()).count();
        int lengthBytes = (descriptorSectors + dataSectors + padSectors) * LOG_SECTOR_BYTES;
        ByteBuffer bytes = ByteBuffer.allocate(lengthBytes).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(0, LOG_ENTRY_SIGNATURE).putInt(LOG_ENTRY_LENGTH_OFFSET, lengthBytes);
        bytes.putInt(LOG_ENTRY_TAIL_OFFSET, tailSector * LOG_SECTOR_BYTES);
        bytes.putLong(LOG_ENTRY_SEQUENCE_NUMBER_OFFSET, sequenceNumber);
        bytes.putInt(LOG_ENTRY_DESCRIPTORS_OFFSET, descriptors.size());
        CraftedVhdx.put(bytes, LOG_ENTRY_GUID_OFFSET, guid);
        bytes.putLong(LOG_ENTRY_FLUSHED_FILE_OFFSET, flushedFileBytes);
        bytes.putLong(LOG_ENTRY_LAST_FILE_OFFSET, lastFileBytes);
        int at = LOG_ENTRY_HEADER_BYTES;
        int data = descriptorSectors * LOG_SECTOR_BYTES;
        for (Descriptor descriptor : descriptors) {
            bytes.putLong(at + LOG_DESCRIPTOR_FILE_OFFSET, descriptor.fileOffset);
            bytes.putLong(at + LOG_DESCRIPTOR_SEQUENCE_NUMBER_OFFSET, sequenceNumber);
            if (!descriptor.data.hasRemaining()) {
                bytes.putInt(at, LOG_ZERO_DESCRIPTOR_SIGNATURE);
                bytes.putLong(at + LOG_DESCRIPTOR_LEADING_OFFSET, descriptor.zeroBytes);
            } else {
                bytes.putInt(at, LOG_DATA_DESCRIPTOR_SIGNATURE);
                bytes.put(at + 4, descriptor.data, 4092, 4).put(at + 8, descriptor.data, 0, 8);
                bytes.putInt(data, LOG_DATA_SECTOR_SIGNATURE).putInt(data + 4, (int) (sequenceNumber >>> 32));
                bytes.put(data + 8, descriptor.data, 8, 4084).putInt(data + 4092, (int) sequenceNumber);
                data += LOG_SECTOR_BYTES;
            }
            at += LOG_DESCRIPTOR_BYTES;
        }
        changes.forEach(change -> change.accept(bytes));
        if (sealed) {
            CraftedVhdx.seal(bytes, 0, lengthBytes);
        }
        return bytes.array();
    }
}
