package io.virtualimage.disk.vpc;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.MemoryByteSource;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A VHD of three blocks of 64 KiB less 3 sectors, to be spoiled field by field; checksums are made good again unless
 * damage is asked for.
 *
 * <p>Of the dynamic one, the first block of the disk is the second one in the file and full of twos, the second was
 * never written, the third is the first in the file and full of ones. The fixed one is full of threes.
 */
public final class CraftedVpc {
    public static final int BLOCK_BYTES = 65_536;
    public static final int VIRTUAL_BYTES = 3 * BLOCK_BYTES - 3 * 512;
    /** Where the dynamic header is. */
    public static final int HEADER = 512;

    public static final int TABLE = 1536;
    /** Where the first block is, and its bitmap in front of it. */
    public static final int FIRST = 2048 + 512;

    public static final int SECOND = FIRST + BLOCK_BYTES + 512;

    private final boolean dynamic;
    private ByteBuffer image;
    private int footerBytes = 512;
    private boolean sealed = true;

    private CraftedVpc(boolean dynamic, int lengthBytes) {
        this.dynamic = dynamic;
        this.image = ByteBuffer.allocate(lengthBytes);
        footerText(0, "conectix").footer32(8, 2).footer32(12, 0x10000);
        footer64(16, dynamic ? HEADER : -1)
                .creator("win ")
                .footer64(40, VIRTUAL_BYTES)
                .footer64(48, VIRTUAL_BYTES);
        geometry(10, 4, 9).footer32(60, dynamic ? 3 : 2);
    }

    public static CraftedVpc dynamic() {
        CraftedVpc vpc = new CraftedVpc(true, SECOND + BLOCK_BYTES + 512);
        vpc.image.put(HEADER, "cxsparse".getBytes(StandardCharsets.US_ASCII));
        vpc.u64(HEADER + 8, -1).u64(HEADER + 16, TABLE).u32(HEADER + 24, 0x10000);
        vpc.u32(HEADER + 28, 3).u32(HEADER + 32, BLOCK_BYTES);
        Arrays.fill(vpc.image.array(), TABLE, TABLE + 512, (byte) 0xff);
        vpc.entry(0, SECOND / 512 - 1).entry(2, FIRST / 512 - 1);
        Arrays.fill(vpc.image.array(), FIRST, FIRST + BLOCK_BYTES, (byte) 1);
        Arrays.fill(vpc.image.array(), SECOND, SECOND + BLOCK_BYTES, (byte) 2);
        return vpc;
    }

    public static CraftedVpc fixed() {
        CraftedVpc vpc = new CraftedVpc(false, VIRTUAL_BYTES + 512);
        Arrays.fill(vpc.image.array(), 0, VIRTUAL_BYTES, (byte) 3);
        return vpc;
    }

    public CraftedVpc u8(int offset, int value) {
        image.put(offset, (byte) value);
        return this;
    }

    public CraftedVpc u32(int offset, long value) {
        image.putInt(offset, (int) value);
        return this;
    }

    public CraftedVpc u64(int offset, long value) {
        image.putLong(offset, value);
        return this;
    }

    public CraftedVpc text(int offset, byte[] text) {
        image.put(offset, text);
        return this;
    }

    public CraftedVpc entry(int block, long sector) {
        return u32(TABLE + 4 * block, sector);
    }

    /** A field of the footer, and of its copy if there is one. */
    public CraftedVpc footer32(int field, long value) {
        return dynamic ? u32(field, value).u32(footer() + field, value) : u32(footer() + field, value);
    }

    public CraftedVpc footer64(int field, long value) {
        return footer32(field, value >>> 32).footer32(field + 4, value);
    }

    public CraftedVpc footerText(int field, String text) {
        for (int i = 0; i < text.length(); i += 4) {
            footer32(
                    field + i,
                    ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII)).getInt(i));
        }
        return this;
    }

    public CraftedVpc creator(String application) {
        return footerText(28, application);
    }

    public CraftedVpc geometry(int cylinders, int heads, int sectors) {
        return footer32(56, cylinders << 16 | heads << 8 | sectors);
    }

    /** Makes the checksums good now; later changes are damage. */
    public CraftedVpc sealed() {
        seal();
        sealed = false;
        return this;
    }

    /** Leaves out the last byte of the footer. */
    public CraftedVpc old() {
        length(image.capacity() - 1);
        footerBytes = 511;
        return this;
    }

    /** Cuts the file; what the footer would be is then nothing of interest. */
    public CraftedVpc length(int bytes) {
        sealed();
        image = ByteBuffer.wrap(Arrays.copyOf(image.array(), bytes));
        return this;
    }

    /** Where the footer at the end begins. */
    public int footer() {
        return image.capacity() - footerBytes;
    }

    public byte[] bytes() {
        seal();
        return image.array().clone();
    }

    public ByteSource source() {
        return new MemoryByteSource(bytes());
    }

    private void seal() {
        if (!sealed) {
            return;
        }
        seal(footer(), footerBytes, 64);
        if (dynamic) {
            seal(0, 512, 64);
            seal(HEADER, 1024, 36);
        }
    }

    private void seal(int offset, int lengthBytes, int field) {
        image.putInt(offset + field, 0);
        int sum = 0;
        for (int i = 0; i < lengthBytes; i++) {
            sum += image.get(offset + i) & 0xff;
        }
        image.putInt(offset + field, ~sum);
    }
}
