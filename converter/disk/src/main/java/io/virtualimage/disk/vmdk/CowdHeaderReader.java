package io.virtualimage.disk.vmdk;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.UntrustedText;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Reads the header of an ESX sparse extent. It has no descriptor, so the header alone must say that this is the whole disk:
 * by a geometry, and by naming no other file.
 */
final class CowdHeaderReader {
    private static final int SHOWN_CHARS = 200;
    /** A cylinder's number with more digits is a name that stands in its place. */
    private static final int MAX_CYLINDERS = 1 << 24;

    private CowdHeaderReader() {}

    /** Reads the header of a source that begins with the magic number. */
    static VmdkHeader read(ByteSource source) throws IOException, DiskException {
        VmdkHeaderReader.requireLength(source, VmdkFormat.COWD_HEADER_BYTES);
        ByteBuffer header = VmdkHeaderReader.little(source, 0, VmdkFormat.COWD_HEADER_BYTES);
        requireNumber(header, VmdkFormat.COWD_VERSION_OFFSET, "version", VmdkFormat.COWD_VERSION);
        requireNumber(header, VmdkFormat.COWD_FLAGS_OFFSET, "flags", VmdkFormat.COWD_FLAGS);
        refuseOtherFiles(source, header);
        long capacity = Integer.toUnsignedLong(header.getInt(VmdkFormat.COWD_CAPACITY_OFFSET));
        if (capacity == 0) {
            throw new MalformedDiskException(VmdkFormat.COWD_CAPACITY_OFFSET, "vmdk: the capacity is 0");
        }
        int grainBytes = VmdkHeaderReader.grainBytes(
                Integer.toUnsignedLong(header.getInt(VmdkFormat.COWD_GRAIN_SIZE_OFFSET)),
                VmdkFormat.COWD_GRAIN_SIZE_OFFSET,
                VmdkFormat.SECTOR_BYTES);
        long virtualSizeBytes = capacity * VmdkFormat.SECTOR_BYTES;
        return new VmdkHeader(
                virtualSizeBytes,
                grainBytes,
                VmdkFormat.COWD_TABLE_ENTRIES,
                directory(source, header, virtualSizeBytes, grainBytes),
                VmdkFormat.COWD_HEADER_BYTES,
                false,
                false,
                false,
                header.getInt(VmdkFormat.COWD_UNCLEAN_SHUTDOWN_OFFSET) != 0);
    }

    private static void requireNumber(ByteBuffer header, int field, String what, int expected)
            throws UnsupportedDiskException {
        int found = header.getInt(field);
        if (found != expected) {
            throw new UnsupportedDiskException(
                    field,
                    "vmdk: an ESX sparse file with %s %s is not supported, only with %d"
                            .formatted(what, Integer.toUnsignedString(found), expected));
        }
    }

    private static void refuseOtherFiles(ByteSource source, ByteBuffer header) throws IOException, DiskException {
        long regionOffset = (long) VmdkFormat.DESCRIPTOR_SECTOR * VmdkFormat.SECTOR_BYTES;
        VmdkDescriptor.refuseParentHint(source.read(
                regionOffset, (int) Math.min(VmdkFormat.USUAL_DESCRIPTOR_BYTES, source.lengthBytes() - regionOffset)));
        int cylinders = header.getInt(VmdkFormat.COWD_CYLINDERS_OFFSET);
        int heads = header.getInt(VmdkFormat.COWD_HEADS_OFFSET);
        int sectors = header.getInt(VmdkFormat.COWD_SECTORS_OFFSET);
        if (cylinders < 0 || cylinders >= MAX_CYLINDERS) {
            ByteBuffer name = header.slice(VmdkFormat.COWD_CYLINDERS_OFFSET, VmdkFormat.COWD_PARENT_NAME_BYTES);
            throw new UnsupportedDiskException(
                    VmdkFormat.COWD_CYLINDERS_OFFSET,
                    "vmdk: the image names a parent disk '%s' at offset 0x%x; %s"
                            .formatted(
                                    UntrustedText.printable(untilNul(name), SHOWN_CHARS),
                                    VmdkFormat.COWD_CYLINDERS_OFFSET,
                                    UnsupportedDiskException.OTHER_FILES));
        }
        if (cylinders == 0 || heads <= 0 || sectors <= 0) {
            throw new UnsupportedDiskException(
                    VmdkFormat.COWD_CYLINDERS_OFFSET,
                    "vmdk: an ESX sparse file without a geometry may be the difference to another disk, and does not"
                            + " say so itself; convert it together with its descriptor first: 'qemu-img convert -O qcow2'");
        }
        if (Integer.toUnsignedLong(header.getInt(VmdkFormat.COWD_FILES_OFFSET)) > 1) {
            throw new UnsupportedDiskException(
                    VmdkFormat.COWD_FILES_OFFSET,
                    "vmdk: the image is a part of a disk of several files; " + UnsupportedDiskException.OTHER_FILES);
        }
    }

    private static ByteBuffer untilNul(ByteBuffer name) {
        int end = 0;
        while (end < name.limit() && name.get(end) != 0) {
            end++;
        }
        return name.slice(0, end);
    }

    private static long directory(ByteSource source, ByteBuffer header, long virtualSizeBytes, int grainBytes)
            throws DiskException {
        long entries = Integer.toUnsignedLong(header.getInt(VmdkFormat.COWD_DIRECTORY_ENTRIES_OFFSET));
        long directoryBytes = VmdkHeader.directoryBytes(virtualSizeBytes, grainBytes, VmdkFormat.COWD_TABLE_ENTRIES);
        if (entries < directoryBytes / VmdkFormat.ENTRY_BYTES) {
            throw new MalformedDiskException(
                    VmdkFormat.COWD_DIRECTORY_ENTRIES_OFFSET,
                    "vmdk: the grain directory has %d entries, but a disk of %d bytes needs %d"
                            .formatted(entries, virtualSizeBytes, directoryBytes / VmdkFormat.ENTRY_BYTES));
        }
        long sector = Integer.toUnsignedLong(header.getInt(VmdkFormat.COWD_DIRECTORY_OFFSET_OFFSET));
        return VmdkHeaderReader.placeDirectory(
                "grain directory",
                sector,
                VmdkFormat.COWD_DIRECTORY_OFFSET_OFFSET,
                entries * VmdkFormat.ENTRY_BYTES,
                source.lengthBytes());
    }
}
