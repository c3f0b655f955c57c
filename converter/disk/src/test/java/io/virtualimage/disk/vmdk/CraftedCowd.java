package io.virtualimage.disk.vmdk;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.MemoryByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** An empty ESX sparse extent with a geometry and up to 128 grain tables, of which none is there yet. */
final class CraftedCowd {
    static final int SECTOR = VmdkFormat.SECTOR_BYTES;
    static final int DIRECTORY = 4;
    private static final int TABLE_BYTES = VmdkFormat.COWD_TABLE_ENTRIES * 4;

    private ByteBuffer image = ByteBuffer.allocate(5 * SECTOR).order(ByteOrder.LITTLE_ENDIAN);

    CraftedCowd(int capacity, int grainSectors) {
        text(0, "COWD");
        u32(VmdkFormat.COWD_VERSION_OFFSET, 1);
        u32(VmdkFormat.COWD_FLAGS_OFFSET, 3);
        u32(VmdkFormat.COWD_CAPACITY_OFFSET, capacity);
        u32(VmdkFormat.COWD_GRAIN_SIZE_OFFSET, grainSectors);
        u32(VmdkFormat.COWD_DIRECTORY_OFFSET_OFFSET, DIRECTORY);
        u32(
                VmdkFormat.COWD_DIRECTORY_ENTRIES_OFFSET,
                Math.ceilDiv(capacity, VmdkFormat.COWD_TABLE_ENTRIES * grainSectors));
        u32(VmdkFormat.COWD_CYLINDERS_OFFSET, 20);
        u32(VmdkFormat.COWD_HEADS_OFFSET, 16);
        u32(VmdkFormat.COWD_SECTORS_OFFSET, 63);
    }

    CraftedCowd u32(int offset, long value) {
        image.putInt(offset, (int) value);
        return this;
    }

    CraftedCowd text(int offset, String text) {
        image.put(offset, text.getBytes(StandardCharsets.UTF_8));
        return this;
    }

    /** Appends a grain, and before it its table, if that is not there. */
    CraftedCowd grain(int grain, byte[] plain) {
        int directoryEntry = DIRECTORY * SECTOR + grain / VmdkFormat.COWD_TABLE_ENTRIES * 4;
        if (image.getInt(directoryEntry) == 0) {
            u32(directoryEntry, image.capacity() / SECTOR);
            length(image.capacity() + TABLE_BYTES);
        }
        u32(entryOffset(grain), image.capacity() / SECTOR);
        int at = image.capacity();
        length(at + Math.ceilDiv(plain.length, SECTOR) * SECTOR);
        image.put(at, plain);
        return this;
    }

    int entryOffset(int grain) {
        int table = image.getInt(DIRECTORY * SECTOR + grain / VmdkFormat.COWD_TABLE_ENTRIES * 4);
        return table * SECTOR + grain % VmdkFormat.COWD_TABLE_ENTRIES * 4;
    }

    CraftedCowd length(int bytes) {
        image = ByteBuffer.wrap(Arrays.copyOf(image.array(), bytes)).order(ByteOrder.LITTLE_ENDIAN);
        return this;
    }

    int lengthBytes() {
        return image.capacity();
    }

    byte[] bytes() {
        return image.array().clone();
    }

    ByteSource source() {
        return new MemoryByteSource(bytes());
    }
}
