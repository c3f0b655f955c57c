package io.virtualimage.disk.vdi;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.MemoryByteSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A dynamic VDI of 3 MiB less 1000 bytes, to be spoiled field by field: header, block map, two blocks of 1 MiB. The
 * first block of the disk is the second one in the file and full of twos, the second was never written, the third is the
 * first in the file and full of ones.
 */
public final class CraftedVdi {
    public static final int BLOCK_BYTES = 1 << 20;
    public static final int MAP = 512;
    public static final int DATA = 1024;
    public static final int VIRTUAL_BYTES = 3 * BLOCK_BYTES - 512;

    private ByteBuffer image = ByteBuffer.allocate(DATA + 2 * BLOCK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    public CraftedVdi() {
        u32(64, 0xbeda107f)
                .u32(68, 0x10001)
                .u32(72, 400)
                .u32(76, 1)
                .u32(340, MAP)
                .u32(344, DATA)
                .u32(360, 512);
        u64(368, 3 * BLOCK_BYTES - 1000).u32(376, BLOCK_BYTES).u32(384, 3).u32(388, 2);
        // Identifiers of the image and of its last change
        u64(392, 0x1111).u64(408, 0x2222);
        map(0, 1).map(1, -1).map(2, 0);
        Arrays.fill(image.array(), DATA, DATA + BLOCK_BYTES, (byte) 1);
        Arrays.fill(image.array(), DATA + BLOCK_BYTES, DATA + 2 * BLOCK_BYTES, (byte) 2);
    }

    public CraftedVdi u32(int offset, long value) {
        image.putInt(offset, (int) value);
        return this;
    }

    public CraftedVdi u64(int offset, long value) {
        image.putLong(offset, value);
        return this;
    }

    public CraftedVdi map(int block, long entry) {
        return u32(MAP + 4 * block, entry);
    }

    /** Cuts the file, or appends zeros to it. */
    public CraftedVdi length(int bytes) {
        image = ByteBuffer.wrap(Arrays.copyOf(image.array(), bytes)).order(ByteOrder.LITTLE_ENDIAN);
        return this;
    }

    public byte[] bytes() {
        return image.array().clone();
    }

    public ByteSource source() {
        return new MemoryByteSource(bytes());
    }
}
