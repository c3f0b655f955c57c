package io.virtualimage.disk.vhdx;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.CachedSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.ReadLimits;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The log: finds what was logged last as the specification says (section 2.3.3), and plays it back over the file, in
 * memory.
 */
final class VhdxLog {
    /** Windows writes logs of 1 MiB, as does QEMU unless told otherwise. */
    static final long MAX_LOG_BYTES = 64L << 20;

    private final ByteSource source;
    private final VhdxHeader header;
    private final VhdxLogReader reader;
    /** What {@link #entryAt} found out, by sector. */
    private final @Nullable VhdxLogEntry[] entries;

    private final boolean[] looked;
    /** Entries that end in a head whose tail is not among those before it: from none of them on will it be. */
    private final boolean[] inInvalidSequence;
    /** The first sector that begins an entry of this log, valid or not; negative if none does. */
    private int firstTrace = -1;

    private VhdxLog(ByteSource source, VhdxHeader header, ReadLimits limits) {
        this.source = source;
        this.header = header;
        this.reader = new VhdxLogReader(new CachedSource(source, limits), header);
        this.entries = new @Nullable VhdxLogEntry[reader.logSectors()];
        this.looked = new boolean[reader.logSectors()];
        this.inInvalidSequence = new boolean[reader.logSectors()];
    }

    /**
     * The file as it would be once the log is played back.
     *
     * @param source the file as it is
     */
    static VhdxOverlay replay(ByteSource source, VhdxHeader header, ReadLimits limits)
            throws IOException, DiskException {
        if (!header.hasLog()) {
            return new VhdxOverlay(source);
        }
        if (header.logLengthBytes() > MAX_LOG_BYTES) {
            throw new DiskLimitException(
                    header.offset() + VhdxFormat.HEADER_LOG_LENGTH_OFFSET,
                    "vhdx: a log of %d bytes that has to be played back is over the limit of 64 MiB"
                            .formatted(header.logLengthBytes()));
        }
        return new VhdxLog(source, header, limits).replay();
    }

    private VhdxOverlay replay() throws IOException, DiskException {
        VhdxOverlay overlay = new VhdxOverlay(source);
        List<VhdxLogEntry> active = activeSequence();
        if (active.isEmpty()) {
            if (firstTrace >= 0) {
                throw new MalformedDiskException(
                        reader.fileOffset(firstTrace),
                        "vhdx: the log has entries, but no valid sequence of them; the image is damaged");
            }
            // QEMU announces the log before it writes to it; when it is killed in between, nothing was logged yet.
            return overlay;
        }
        VhdxLogEntry head = active.getLast();
        requireWholeFile(head);
        for (VhdxLogEntry entry : active) {
            replay(entry, overlay);
        }
        overlay.extend(head.lastFileBytes());
        return overlay;
    }

    /** From the tail, the oldest entry that may not be in place, to the head; empty if there is none. */
    private List<VhdxLogEntry> activeSequence() throws IOException, MalformedDiskException {
        List<VhdxLogEntry> active = List.of();
        int start = 0;
        while (start < reader.logSectors()) {
            List<VhdxLogEntry> sequence = inInvalidSequence[start] ? List.of() : sequenceFrom(start);
            int tail = indexOfTail(sequence);
            if (tail < 0) {
                sequence.forEach(entry -> inInvalidSequence[entry.sector()] = true);
                start++;
                continue;
            }
            if (active.isEmpty()
                    || Long.compareUnsigned(
                                    sequence.getLast().sequenceNumber(),
                                    active.getLast().sequenceNumber())
                            > 0) {
                active = sequence.subList(tail, sequence.size());
            }
            start += sequence.stream().mapToInt(VhdxLogEntry::sectors).sum();
        }
        return active;
    }

    /** As many entries, each behind the other and with the next number, as there are; may go over the end of the log. */
    private List<VhdxLogEntry> sequenceFrom(int start) throws IOException, MalformedDiskException {
        List<VhdxLogEntry> sequence = new ArrayList<>();
        int sectors = 0;
        VhdxLogEntry entry = entryAt(start);
        while (entry != null
                && sectors + entry.sectors() <= reader.logSectors()
                && (sequence.isEmpty()
                        || entry.sequenceNumber() == sequence.getLast().sequenceNumber() + 1)) {
            sequence.add(entry);
            sectors += entry.sectors();
            entry = entryAt((start + sectors) % reader.logSectors());
        }
        return sequence;
    }

    /** Which entry of the sequence is the tail that its last one names; negative if none is, and so it isn't valid. */
    private static int indexOfTail(List<VhdxLogEntry> sequence) {
        for (int i = 0; i < sequence.size(); i++) {
            if (sequence.get(i).sector() == sequence.getLast().tailSector()) {
                return i;
            }
        }
        return -1;
    }

    private @Nullable VhdxLogEntry entryAt(int sector) throws IOException, MalformedDiskException {
        if (!looked[sector]) {
            if (firstTrace < 0 && reader.beginsEntry(reader.sector(sector))) {
                firstTrace = sector;
            }
            entries[sector] = reader.entryAt(sector);
            looked[sector] = true;
        }
        return entries[sector];
    }

    private void requireWholeFile(VhdxLogEntry head) throws MalformedDiskException {
        long length = source.lengthBytes();
        if (Long.compareUnsigned(head.flushedFileBytes(), length) > 0) {
            throw new MalformedDiskException(
                    reader.fileOffset(head.sector()) + VhdxFormat.LOG_ENTRY_FLUSHED_FILE_OFFSET,
                    "vhdx: the file has %d bytes, but had %s when the log was written; is it cut short?"
                            .formatted(length, Long.toUnsignedString(head.flushedFileBytes())));
        }
        if (head.lastFileBytes() < 0) {
            throw new MalformedDiskException(
                    reader.fileOffset(head.sector()) + VhdxFormat.LOG_ENTRY_LAST_FILE_OFFSET,
                    "vhdx: no file can be as long as the %s bytes that the log asks for"
                            .formatted(Long.toUnsignedString(head.lastFileBytes())));
        }
    }

    private void replay(VhdxLogEntry entry, VhdxOverlay overlay) throws IOException, DiskException {
        VhdxLogReader.Cursor cursor = reader.descriptors(entry);
        while (cursor.next()) {
            ByteBuffer update = cursor.update();
            long lengthBytes = update == null ? cursor.zeroBytes() : update.limit();
            requireTarget(cursor, lengthBytes);
            if (lengthBytes > 0) {
                overlay.write(cursor.fileOffset(), lengthBytes, update, cursor.position());
            }
        }
    }

    private void requireTarget(VhdxLogReader.Cursor cursor, long lengthBytes) throws MalformedDiskException {
        long offset = cursor.fileOffset();
        if (offset < 0 || lengthBytes < 0 || offset > Long.MAX_VALUE - lengthBytes) {
            throw new MalformedDiskException(
                    cursor.position(),
                    "vhdx: the log writes %s bytes at 0x%x, where no file ends"
                            .formatted(Long.toUnsignedString(lengthBytes), offset));
        }
        boolean hitsHeaders = offset < VhdxFormat.REGION_TABLE_1_OFFSET;
        boolean hitsLog =
                offset < header.logOffset() + header.logLengthBytes() && lengthBytes > header.logOffset() - offset;
        if (lengthBytes > 0 && (hitsHeaders || hitsLog)) {
            throw new MalformedDiskException(
                    cursor.position(),
                    "vhdx: the log writes %d bytes at 0x%x, over %s"
                            .formatted(lengthBytes, offset, hitsHeaders ? "the headers" : "itself"));
        }
    }
}
