package io.virtualimage.sandbox.simulator;

import io.virtualimage.disk.vmdk.VmdkFormat;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.zip.DeflaterOutputStream;

/**
 * Small VMDK images of compressed grains, so that clusters have to be unpacked. In the file are, by sectors: header,
 * descriptor (2), grain directory, grain table, grains.
 */
final class TinyVmdk {
    private static final int SECTOR = VmdkFormat.SECTOR_BYTES;
    private static final int GRAIN_SECTORS = 8;
    private static final int GRAIN = GRAIN_SECTORS * SECTOR;
    private static final int ENTRIES = 128;
    private static final int DIRECTORY = 3;
    private static final int OVERHEAD = 5;

    private TinyVmdk() {}

    /** An image of a disk with these bytes, at least one and at most as many as one table describes. */
    static byte[] of(byte[] disk) {
        int grains = Math.ceilDiv(disk.length, GRAIN);
        ByteBuffer head = ByteBuffer.allocate(OVERHEAD * SECTOR).order(ByteOrder.LITTLE_ENDIAN);
        head.put("KDMV".getBytes(StandardCharsets.US_ASCII));
        head.putInt(VmdkFormat.VERSION_OFFSET, 3)
                .putInt(
                        VmdkFormat.FLAGS_OFFSET,
                        VmdkFormat.NEWLINE_TEST_FLAG | VmdkFormat.COMPRESSED_FLAG | VmdkFormat.MARKERS_FLAG)
                .putLong(VmdkFormat.CAPACITY_OFFSET, (long) grains * GRAIN_SECTORS)
                .putLong(VmdkFormat.GRAIN_SIZE_OFFSET, GRAIN_SECTORS)
                .putLong(VmdkFormat.DESCRIPTOR_OFFSET_OFFSET, 1)
                .putLong(VmdkFormat.DESCRIPTOR_SIZE_OFFSET, 2)
                .putInt(VmdkFormat.TABLE_ENTRIES_OFFSET, ENTRIES)
                .putLong(VmdkFormat.DIRECTORY_OFFSET_OFFSET, DIRECTORY)
                .putLong(VmdkFormat.OVERHEAD_OFFSET, OVERHEAD)
                .putShort(VmdkFormat.COMPRESSION_OFFSET, (short) VmdkFormat.COMPRESSION_DEFLATE)
                .putInt(DIRECTORY * SECTOR, DIRECTORY + 1)
                .put(VmdkFormat.NEWLINE_TEST_OFFSET, "\n \r\n".getBytes(StandardCharsets.US_ASCII))
                .put(SECTOR, descriptor(grains * GRAIN_SECTORS).getBytes(StandardCharsets.US_ASCII));
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        for (int grain = 0; grain < grains; grain++) {
            head.putInt((DIRECTORY + 1) * SECTOR + 4 * grain, OVERHEAD + body.size() / SECTOR);
            byte[] packed = zlib(disk, grain * GRAIN);
            ByteBuffer marker =
                    ByteBuffer.allocate(VmdkFormat.GRAIN_MARKER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
            body.writeBytes(marker.putLong((long) grain * GRAIN_SECTORS)
                    .putInt(packed.length)
                    .array());
            body.writeBytes(packed);
            body.writeBytes(new byte[Math.ceilDiv(body.size(), SECTOR) * SECTOR - body.size()]);
        }
        return ByteBuffer.allocate(head.capacity() + body.size())
                .put(head.array())
                .put(body.toByteArray())
                .array();
    }

    private static String descriptor(int sectors) {
        return """
                # Disk DescriptorFile
                version=1
                CID=12345678
                parentCID=ffffffff
                createType="streamOptimized"
                RW %d SPARSE "disk.vmdk"
                """.formatted(sectors);
    }

    private static byte[] zlib(byte[] disk, int from) {
        byte[] grain = new byte[GRAIN];
        System.arraycopy(disk, from, grain, 0, Math.min(GRAIN, disk.length - from));
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (DeflaterOutputStream deflater = new DeflaterOutputStream(packed)) {
            deflater.write(grain);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
        return packed.toByteArray();
    }
}
