package io.virtualimage.disk.sample;

import io.virtualimage.disk.iso.IsoFormat;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.regex.Pattern;

/**
 * The least that is an ISO 9660 volume, sector by sector: system area (16), primary descriptor, terminator, path table
 * little-endian and big-endian, root directory, and the one file.
 */
final class SampleIso {
    /** One directory record can't say more: 4 GiB less one byte. */
    static final long MAX_DATA_BYTES = 0xffff_ffffL;

    private static final int SECTOR_BYTES = IsoFormat.SECTOR_BYTES;
    private static final int LITTLE_PATH_TABLE_SECTOR = 18;
    private static final int BIG_PATH_TABLE_SECTOR = 19;
    private static final int ROOT_SECTOR = 20;
    private static final int FILE_SECTOR = 21;
    private static final int PATH_TABLE_BYTES = 10;
    private static final int BLOCK_BYTES = 64 << 10;
    private static final byte FLAG_DIRECTORY = 2;
    /** 1 January 2026, 00:00:00 UTC: years since 1900, month, day, hour, minute, second, zone. */
    private static final byte[] RECORDED = {126, 1, 1, 0, 0, 0, 0};

    private static final byte[] NAME = "DATA.BIN;1".getBytes(StandardCharsets.US_ASCII);
    private static final byte[] SELF = {0};
    private static final byte[] PARENT = {1};
    private static final Pattern LABEL = Pattern.compile("[A-Z0-9_]{1,32}");

    private final long dataBytes;
    private final long seed;
    private final String volumeLabel;

    SampleIso(long dataBytes, long seed, String volumeLabel) {
        if (dataBytes < 0 || dataBytes > MAX_DATA_BYTES) {
            throw new IllegalArgumentException("data must be from 0 to 4 GiB less one byte: " + dataBytes);
        }
        if (!LABEL.matcher(volumeLabel).matches()) {
            throw new IllegalArgumentException("a volume label has 1 to 32 of A-Z, 0-9, _: " + volumeLabel);
        }
        this.dataBytes = dataBytes;
        this.seed = seed;
        this.volumeLabel = volumeLabel;
    }

    static long lengthBytes(long dataBytes) {
        return (FILE_SECTOR + Math.ceilDiv(dataBytes, SECTOR_BYTES)) * SECTOR_BYTES;
    }

    void writeTo(OutputStream target) throws IOException {
        target.write(new byte[IsoFormat.SYSTEM_AREA_BYTES]);
        target.write(primaryDescriptor());
        target.write(descriptor(IsoFormat.TYPE_TERMINATOR));
        target.write(pathTable(ByteOrder.LITTLE_ENDIAN));
        target.write(pathTable(ByteOrder.BIG_ENDIAN));
        target.write(rootDirectory());
        byte[] block = new byte[BLOCK_BYTES];
        for (long written = 0; written < dataBytes; written += BLOCK_BYTES) {
            SampleData.fill(seed, written / BLOCK_BYTES, block);
            target.write(block, 0, (int) Math.min(BLOCK_BYTES, dataBytes - written));
        }
        target.write(new byte[(int) (Math.ceilDiv(dataBytes, SECTOR_BYTES) * SECTOR_BYTES - dataBytes)]);
    }

    private static byte[] descriptor(int type) {
        return ByteBuffer.allocate(SECTOR_BYTES)
                .put((byte) type)
                .put(IsoFormat.ISO_9660.getBytes(StandardCharsets.US_ASCII))
                .put((byte) 1)
                .array();
    }

    private byte[] primaryDescriptor() {
        byte[] bytes = descriptor(IsoFormat.TYPE_PRIMARY);
        ByteBuffer sector = ByteBuffer.wrap(bytes);
        putText(sector.position(8), "", 32); // system
        putText(sector, volumeLabel, IsoFormat.VOLUME_ID_BYTES);
        putInt(sector.position(IsoFormat.VOLUME_BLOCKS_OFFSET), (int) (lengthBytes(dataBytes) / SECTOR_BYTES));
        putShort(sector.position(120), 1); // volumes in the set
        putShort(sector, 1); // this one's number
        putShort(sector, SECTOR_BYTES);
        putInt(sector, PATH_TABLE_BYTES);
        sector.order(ByteOrder.LITTLE_ENDIAN).putInt(LITTLE_PATH_TABLE_SECTOR).putInt(0);
        sector.order(ByteOrder.BIG_ENDIAN).putInt(BIG_PATH_TABLE_SECTOR).putInt(0);
        putRecord(sector, ROOT_SECTOR, SECTOR_BYTES, FLAG_DIRECTORY, SELF);
        putText(sector, "", 4 * 128 + 3 * 37); // set, publisher, preparer, application; three names of files
        for (int i = 0; i < 4; i++) {
            // Times of creation, modification, expiry, effect: not told
            sector.put("0".repeat(16).getBytes(StandardCharsets.US_ASCII)).put((byte) 0);
        }
        sector.put((byte) 1); // version of the file structure
        return bytes;
    }

    private static byte[] pathTable(ByteOrder order) {
        return ByteBuffer.allocate(SECTOR_BYTES)
                .order(order)
                .put((byte) SELF.length)
                .put((byte) 0)
                .putInt(ROOT_SECTOR)
                .putShort((short) 1)
                .put(SELF)
                .array();
    }

    private byte[] rootDirectory() {
        ByteBuffer sector = ByteBuffer.allocate(SECTOR_BYTES);
        putRecord(sector, ROOT_SECTOR, SECTOR_BYTES, FLAG_DIRECTORY, SELF);
        putRecord(sector, ROOT_SECTOR, SECTOR_BYTES, FLAG_DIRECTORY, PARENT);
        putRecord(sector, FILE_SECTOR, (int) dataBytes, (byte) 0, NAME);
        return sector.array();
    }

    private static void putRecord(ByteBuffer target, int sector, int lengthBytes, byte flags, byte[] name) {
        int padding = 1 - name.length % 2;
        target.put((byte) (33 + name.length + padding)).put((byte) 0);
        putInt(target, sector);
        putInt(target, lengthBytes);
        target.put(RECORDED).put(flags).put((byte) 0).put((byte) 0);
        putShort(target, 1);
        target.put((byte) name.length).put(name).put(new byte[padding]);
    }

    private static void putText(ByteBuffer target, String text, int lengthBytes) {
        byte[] field = Arrays.copyOf(text.getBytes(StandardCharsets.US_ASCII), lengthBytes);
        Arrays.fill(field, text.length(), lengthBytes, (byte) ' ');
        target.put(field);
    }

    private static void putInt(ByteBuffer target, int value) {
        target.order(ByteOrder.LITTLE_ENDIAN).putInt(value);
        target.order(ByteOrder.BIG_ENDIAN).putInt(value);
    }

    private static void putShort(ByteBuffer target, int value) {
        target.order(ByteOrder.LITTLE_ENDIAN).putShort((short) value);
        target.order(ByteOrder.BIG_ENDIAN).putShort((short) value);
    }
}
