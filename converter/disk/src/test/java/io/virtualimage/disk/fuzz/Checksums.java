package io.virtualimage.disk.fuzz;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.CRC32C;

/**
 * Makes checksums of structures right after the fuzzer has changed the structures, for formats whose readers would
 * refuse all of its images otherwise. Structures that aren't where the format has them stay as they are.
 */
final class Checksums {
    private static final int VHDX_HEADER_BYTES = 4 << 10;
    private static final int VHDX_REGION_TABLE_BYTES = 64 << 10;
    private static final int VHDX_LOG_SECTOR_BYTES = 4 << 10;
    private static final int VHDX_MAX_LOG_SECTORS = 32;
    private static final int VHDX_MAX_LOG_ENTRY_BYTES = 256 << 10;
    private static final int VPC_FOOTER_BYTES = 512;
    private static final int VPC_DYNAMIC_HEADER_BYTES = 1024;
    private static final int XZ_HEADER_BYTES = 12;

    private Checksums() {}

    /** CRC-32C of headers, region tables and log entries ([MS-VHDX] 2.2 and 2.3). */
    static void vhdx(SparseImage image) throws IOException {
        for (long offset : new long[] {64 << 10, 128 << 10}) {
            vhdxStructure(image, offset, "head", VHDX_HEADER_BYTES);
            vhdxLog(image, offset);
        }
        for (long offset : new long[] {192 << 10, 256 << 10}) {
            vhdxStructure(image, offset, "regi", VHDX_REGION_TABLE_BYTES);
        }
    }

    private static void vhdxLog(SparseImage image, long headerOffset) throws IOException {
        if (!has(image, headerOffset, "head")) {
            return;
        }
        ByteBuffer header = image.read(headerOffset, 80).order(ByteOrder.LITTLE_ENDIAN);
        long logBytes = Integer.toUnsignedLong(header.getInt(68));
        long logOffset = header.getLong(72);
        long sectors = Math.min(logBytes / VHDX_LOG_SECTOR_BYTES, VHDX_MAX_LOG_SECTORS);
        for (long sector = 0; sector < sectors; sector++) {
            long offset = logOffset + sector * VHDX_LOG_SECTOR_BYTES;
            if (has(image, offset, "loge")) {
                int entryBytes =
                        image.read(offset, 12).order(ByteOrder.LITTLE_ENDIAN).getInt(8);
                vhdxStructure(image, offset, "loge", entryBytes);
            }
        }
    }

    private static void vhdxStructure(SparseImage image, long offset, String signature, int lengthBytes)
            throws IOException {
        if (lengthBytes < 8
                || lengthBytes > VHDX_MAX_LOG_ENTRY_BYTES
                || !has(image, offset, signature)
                || lengthBytes > image.lengthBytes() - offset) {
            return;
        }
        ByteBuffer structure = image.read(offset, lengthBytes).putInt(4, 0);
        CRC32C checksum = new CRC32C();
        checksum.update(structure);
        image.put(offset + 4, littleEndian((int) checksum.getValue()));
    }

    /** One's complement of the sum of bytes: footer, its copy, and the header of dynamic disks. */
    static void vpc(SparseImage image) throws IOException {
        for (long offset : new long[] {0, image.lengthBytes() - VPC_FOOTER_BYTES}) {
            if (has(image, offset, "conectix") && image.lengthBytes() - offset >= VPC_FOOTER_BYTES) {
                long headerOffset = image.read(offset + 16, Long.BYTES).getLong();
                if (has(image, headerOffset, "cxsparse")) {
                    vpcStructure(image, headerOffset, VPC_DYNAMIC_HEADER_BYTES, 36);
                }
                vpcStructure(image, offset, VPC_FOOTER_BYTES, 64);
            }
        }
    }

    private static void vpcStructure(SparseImage image, long offset, int lengthBytes, int checksumOffset)
            throws IOException {
        if (lengthBytes > image.lengthBytes() - offset) {
            return;
        }
        ByteBuffer structure = image.read(offset, lengthBytes).putInt(checksumOffset, 0);
        int sum = 0;
        while (structure.hasRemaining()) {
            sum += structure.get() & 0xff;
        }
        image.put(
                offset + checksumOffset,
                ByteBuffer.allocate(Integer.BYTES).putInt(~sum).array());
    }

    /** CRC-32 of the header, the first block's header, the index and the footer of a stream. */
    static byte[] xz(byte[] stream) {
        byte[] fixed = stream.clone();
        int length = fixed.length;
        if (length < 2 * XZ_HEADER_BYTES) {
            return fixed;
        }
        crc32(fixed, 6, 8);
        int blockHeaderEnd = XZ_HEADER_BYTES + (fixed[XZ_HEADER_BYTES] & 0xff) * 4 + 4;
        if (blockHeaderEnd <= length) {
            crc32(fixed, XZ_HEADER_BYTES, blockHeaderEnd - 4);
        }
        int footer = length - XZ_HEADER_BYTES;
        long indexBytes = (Integer.toUnsignedLong(ByteBuffer.wrap(fixed)
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .getInt(footer + 4))
                        + 1)
                * 4;
        if (indexBytes >= 8 && indexBytes <= footer - XZ_HEADER_BYTES) {
            crc32(fixed, (int) (footer - indexBytes), footer - 4);
        }
        CRC32 checksum = new CRC32();
        checksum.update(fixed, footer + 4, 6);
        System.arraycopy(littleEndian((int) checksum.getValue()), 0, fixed, footer, Integer.BYTES);
        return fixed;
    }

    private static void crc32(byte[] stream, int from, int to) {
        CRC32 checksum = new CRC32();
        checksum.update(stream, from, to - from);
        System.arraycopy(littleEndian((int) checksum.getValue()), 0, stream, to, Integer.BYTES);
    }

    private static byte[] littleEndian(int number) {
        return ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(number)
                .array();
    }

    private static boolean has(SparseImage image, long offset, String signature) throws IOException {
        byte[] expected = signature.getBytes(StandardCharsets.US_ASCII);
        return offset >= 0
                && offset <= image.lengthBytes() - 80
                && Arrays.equals(image.read(offset, expected.length).array(), expected);
    }
}
