package io.virtualimage.disk.vmdk;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.MemoryByteSource;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;

/**
 * An empty monolithicSparse image with two grain tables, to be filled and spoiled: header, descriptor, redundant grain
 * directory and tables, grain directory and tables, then what is appended. No program would write most of what comes
 * out.
 */
final class CraftedVmdk {
    static final int SECTOR = VmdkFormat.SECTOR_BYTES;
    /** Not whole grains. */
    static final int CAPACITY = 80_001;

    static final int REDUNDANT_DIRECTORY = 21;
    static final int DIRECTORY = 30;
    static final int FIRST_TABLE = DIRECTORY + 1;
    static final int OVERHEAD = 40;
    private static final int TABLE_SECTORS = 4;

    private final int grainSectors;
    private final int tableEntries;
    private ByteBuffer image = ByteBuffer.allocate(OVERHEAD * SECTOR).order(ByteOrder.LITTLE_ENDIAN);

    CraftedVmdk() {
        this(CAPACITY, 128, 512);
    }

    /** There are two tables: the capacity must not need more. */
    CraftedVmdk(int capacity, int grainSectors, int tableEntries) {
        this.grainSectors = grainSectors;
        this.tableEntries = tableEntries;
        text(0, "KDMV");
        u32(VmdkFormat.VERSION_OFFSET, 1);
        u32(VmdkFormat.FLAGS_OFFSET, VmdkFormat.NEWLINE_TEST_FLAG | VmdkFormat.REDUNDANT_FLAG);
        u64(VmdkFormat.CAPACITY_OFFSET, capacity);
        u64(VmdkFormat.GRAIN_SIZE_OFFSET, grainSectors);
        u64(VmdkFormat.DESCRIPTOR_OFFSET_OFFSET, 1);
        u64(VmdkFormat.DESCRIPTOR_SIZE_OFFSET, 20);
        u32(VmdkFormat.TABLE_ENTRIES_OFFSET, tableEntries);
        u64(VmdkFormat.REDUNDANT_DIRECTORY_OFFSET_OFFSET, REDUNDANT_DIRECTORY);
        u64(VmdkFormat.DIRECTORY_OFFSET_OFFSET, DIRECTORY);
        u64(VmdkFormat.OVERHEAD_OFFSET, OVERHEAD);
        text(VmdkFormat.NEWLINE_TEST_OFFSET, "\n \r\n");
        descriptor(descriptorText(capacity, "monolithicSparse"));
        for (int directory : new int[] {REDUNDANT_DIRECTORY, DIRECTORY}) {
            u32(directory * SECTOR, directory + 1);
            u32(directory * SECTOR + 4, directory + 1 + TABLE_SECTORS);
        }
    }

    static String descriptorText(long sectors, String createType) {
        return """
                # Disk DescriptorFile
                version=1
                CID=12345678
                parentCID=ffffffff
                createType="%s"

                # Extent description
                RW %d SPARSE "disk.vmdk"

                # The Disk Data Base
                #DDB

                ddb.adapterType = "ide"
                """.formatted(createType, sectors);
    }

    CraftedVmdk u8(int offset, int value) {
        image.put(offset, (byte) value);
        return this;
    }

    CraftedVmdk u16(int offset, int value) {
        image.putShort(offset, (short) value);
        return this;
    }

    CraftedVmdk u32(int offset, long value) {
        image.putInt(offset, (int) value);
        return this;
    }

    CraftedVmdk u64(int offset, long value) {
        image.putLong(offset, value);
        return this;
    }

    CraftedVmdk text(int offset, String text) {
        image.put(offset, text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    CraftedVmdk flag(int flag) {
        return u32(VmdkFormat.FLAGS_OFFSET, image.getInt(VmdkFormat.FLAGS_OFFSET) | flag);
    }

    CraftedVmdk noFlag(int flag) {
        return u32(VmdkFormat.FLAGS_OFFSET, image.getInt(VmdkFormat.FLAGS_OFFSET) & ~flag);
    }

    CraftedVmdk descriptor(String text) {
        image.put(SECTOR, new byte[20 * SECTOR]);
        return text(SECTOR, text);
    }

    /** Puts other words into the descriptor. */
    CraftedVmdk replace(String old, String words) {
        byte[] region = new byte[20 * SECTOR];
        image.get(SECTOR, region);
        String text = new String(region, StandardCharsets.UTF_8);
        if (!text.contains(old)) {
            throw new IllegalArgumentException(old);
        }
        return descriptor(text.substring(0, text.indexOf(0)).replace(old, words));
    }

    /** Where the primary tables have the grain's entry, in bytes. */
    int entryOffset(int grain) {
        return (FIRST_TABLE + grain / tableEntries * TABLE_SECTORS) * SECTOR + grain % tableEntries * 4;
    }

    CraftedVmdk entry(int grain, long sector) {
        return u32(entryOffset(grain), sector);
    }

    /** Appends a grain as it is. */
    CraftedVmdk grain(int grain, byte[] plain) {
        entry(grain, sectors());
        return append(plain);
    }

    /** From now on grains are compressed. */
    CraftedVmdk compressed() {
        return flag(VmdkFormat.COMPRESSED_FLAG | VmdkFormat.MARKERS_FLAG)
                .u32(VmdkFormat.VERSION_OFFSET, 3)
                .u16(VmdkFormat.COMPRESSION_OFFSET, VmdkFormat.COMPRESSION_DEFLATE)
                .replace("monolithicSparse", "streamOptimized");
    }

    CraftedVmdk packedGrain(int grain, byte[] plain) {
        byte[] packed = zlib(plain);
        return packedGrain(grain, (long) grain * grainSectors, packed.length, packed);
    }

    CraftedVmdk packedGrain(int grain, long lba, long size, byte[] packed) {
        entry(grain, sectors());
        return append(ByteBuffer.allocate(VmdkFormat.GRAIN_MARKER_BYTES + packed.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(lba)
                .putInt((int) size)
                .put(packed)
                .array());
    }

    /** Moves the directory and the tables to the end, as one does who can't go back, and closes the stream. */
    CraftedVmdk streamed() {
        u64(VmdkFormat.DIRECTORY_OFFSET_OFFSET, VmdkFormat.DIRECTORY_AT_END);
        u64(VmdkFormat.REDUNDANT_DIRECTORY_OFFSET_OFFSET, 0);
        noFlag(VmdkFormat.REDUNDANT_FLAG);
        byte[] directory = new byte[SECTOR];
        for (int table = 0; table < 2; table++) {
            byte[] entries = new byte[TABLE_SECTORS * SECTOR];
            image.get((FIRST_TABLE + table * TABLE_SECTORS) * SECTOR, entries);
            marker(TABLE_SECTORS, VmdkFormat.MARKER_GRAIN_TABLE);
            ByteBuffer.wrap(directory).order(ByteOrder.LITTLE_ENDIAN).putInt(4 * table, sectors());
            append(entries);
        }
        image.put(REDUNDANT_DIRECTORY * SECTOR, new byte[(OVERHEAD - REDUNDANT_DIRECTORY) * SECTOR]);
        marker(1, VmdkFormat.MARKER_GRAIN_DIRECTORY);
        int directorySector = sectors();
        append(directory);
        marker(1, VmdkFormat.MARKER_FOOTER);
        int footer = image.capacity();
        append(Arrays.copyOf(image.array(), SECTOR));
        u64(footer + VmdkFormat.DIRECTORY_OFFSET_OFFSET, directorySector);
        return marker(0, VmdkFormat.MARKER_END_OF_STREAM);
    }

    private CraftedVmdk marker(long value, int type) {
        int at = image.capacity();
        append(new byte[SECTOR]);
        return u64(at, value).u32(at + VmdkFormat.MARKER_TYPE_OFFSET, type);
    }

    /** Appends, and fills the sector up. */
    CraftedVmdk append(byte[] bytes) {
        int at = image.capacity();
        length(at + Math.ceilDiv(bytes.length, SECTOR) * SECTOR);
        image.put(at, bytes);
        return this;
    }

    /** Cuts the file, or appends zeros to it. */
    CraftedVmdk length(int bytes) {
        image = ByteBuffer.wrap(Arrays.copyOf(image.array(), bytes)).order(ByteOrder.LITTLE_ENDIAN);
        return this;
    }

    int lengthBytes() {
        return image.capacity();
    }

    int sectors() {
        return image.capacity() / SECTOR;
    }

    byte[] bytes() {
        return image.array().clone();
    }

    ByteSource source() {
        return new MemoryByteSource(bytes());
    }

    static byte[] zlib(byte[] plain) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        Deflater deflater = new Deflater();
        try (DeflaterOutputStream out = new DeflaterOutputStream(packed, deflater)) {
            out.write(plain);
        } catch (IOException e) {
            throw new AssertionError(e);
        } finally {
            deflater.end();
        }
        return packed.toByteArray();
    }
}
