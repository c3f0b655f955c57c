package io.virtualimage.disk.iso;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.MemoryByteSource;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Volume descriptors, put one after the other at 32 KiB. */
public final class CraftedDisc {
    private final byte[] bytes;
    private final int stepBytes;
    private int next = IsoFormat.SYSTEM_AREA_BYTES;

    public CraftedDisc(int lengthBytes, int stepBytes) {
        this.bytes = new byte[lengthBytes];
        this.stepBytes = stepBytes;
    }

    public CraftedDisc descriptor(int type, String identifier) {
        bytes[next] = (byte) type;
        byte[] ascii = identifier.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(ascii, 0, bytes, next + IsoFormat.IDENTIFIER_OFFSET, ascii.length);
        bytes[next + IsoFormat.VERSION_OFFSET] = 1;
        next += stepBytes;
        return this;
    }

    public CraftedDisc primary(int blocks, int blockBytes) {
        int at = next;
        descriptor(IsoFormat.TYPE_PRIMARY, IsoFormat.ISO_9660);
        for (int i = 0; i < 4; i++) {
            bytes[at + IsoFormat.VOLUME_BLOCKS_OFFSET + i] = (byte) (blocks >>> (8 * i));
        }
        bytes[at + IsoFormat.BLOCK_BYTES_OFFSET] = (byte) blockBytes;
        bytes[at + IsoFormat.BLOCK_BYTES_OFFSET + 1] = (byte) (blockBytes >>> 8);
        return this;
    }

    /** Boot signature of a master boot record, as in hybrid images. */
    public CraftedDisc bootable() {
        bytes[510] = 0x55;
        bytes[511] = (byte) 0xaa;
        return this;
    }

    public byte[] bytes(int lengthBytes) {
        return Arrays.copyOf(bytes, lengthBytes);
    }

    public ByteSource source() {
        return new MemoryByteSource(bytes);
    }
}
