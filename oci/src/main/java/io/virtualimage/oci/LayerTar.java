package io.virtualimage.oci;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;

/**
 * The frame of an image's single layer: an uncompressed tar of one regular file, {@code disk/<file>}, as container disks
 * have it. The layer is {@link #head()}, the content, {@link #tail()}; so it can be streamed from any offset.
 *
 * <p>Deterministic: the same name and length give the same bytes. Mode 0644, owner 0:0, time 0. There is no entry for
 * the directory: what unpacks layers makes missing parents (0755), and the existing importer writes none either.
 *
 * <p>The format is POSIX.1-2001 pax interchange: a plain {@code ustar} header, before it an extended header only if the
 * length needs more than 33 bits or the name is not short ASCII.
 *
 * @see <a href="https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html">pax, "EXTENDED DESCRIPTION"</a>
 */
public final class LayerTar {

    private static final int BLOCK_BYTES = 512;
    /** The largest number that 11 octal digits hold: 8 GiB - 1. */
    private static final long MAX_USTAR_LENGTH = 0777_7777_7777L;

    private static final int MAX_USTAR_NAME = 100;
    private static final int MAX_FILE_NAME_BYTES = 255;
    private static final String PAX_NAME = "disk/PaxHeaders/file";

    private final byte[] head;
    private final long lengthBytes;

    private LayerTar(byte[] head, long lengthBytes) {
        this.head = head;
        this.lengthBytes = lengthBytes;
    }

    /**
     * The frame for a file of this name and length.
     *
     * @param fileName one path component, at most 255 bytes of UTF-8
     * @param lengthBytes the content's
     */
    public static LayerTar of(String fileName, long lengthBytes) {
        byte[] name = fileName.getBytes(StandardCharsets.UTF_8);
        if (fileName.isEmpty()
                || fileName.equals(".")
                || fileName.equals("..")
                || fileName.indexOf('/') >= 0
                || fileName.chars().anyMatch(each -> each < ' ')
                || name.length > MAX_FILE_NAME_BYTES) {
            throw new IllegalArgumentException("not a file name for a layer: '" + fileName + "'");
        }
        if (lengthBytes < 0 || lengthBytes > Long.MAX_VALUE - 8 * BLOCK_BYTES) {
            throw new IllegalArgumentException("not a length of a file in a layer: " + lengthBytes);
        }
        String path = "disk/" + fileName;
        boolean longName = path.length() > MAX_USTAR_NAME || path.length() != name.length + "disk/".length();
        boolean longFile = lengthBytes > MAX_USTAR_LENGTH;
        ByteArrayOutputStream head = new ByteArrayOutputStream(4 * BLOCK_BYTES);
        if (longName || longFile) {
            byte[] records = ((longName ? paxRecord("path", path) : "")
                            + (longFile ? paxRecord("size", Long.toString(lengthBytes)) : ""))
                    .getBytes(StandardCharsets.UTF_8);
            head.writeBytes(header(PAX_NAME, records.length, 'x'));
            head.writeBytes(records);
            head.writeBytes(new byte[padding(records.length)]);
        }
        head.writeBytes(header(longName ? "disk/file" : path, longFile ? 0 : lengthBytes, '0'));
        return new LayerTar(head.toByteArray(), lengthBytes);
    }

    /** What stands before the content, which begins at this array's length. */
    public byte[] head() {
        return head.clone();
    }

    /** The content's length, as given. */
    public long lengthBytes() {
        return lengthBytes;
    }

    /** The whole layer's length: head, content and tail. */
    public long totalLength() {
        return head.length + lengthBytes + tailLength();
    }

    /** What stands behind the content: zeros up to the next block, and the two blocks that end an archive. */
    public byte[] tail() {
        return new byte[tailLength()];
    }

    private int tailLength() {
        return padding(lengthBytes) + 2 * BLOCK_BYTES;
    }

    private static int padding(long length) {
        return (int) (-length & (BLOCK_BYTES - 1));
    }

    // "<length> <key>=<value>\n", where the length counts its own digits.
    private static String paxRecord(String key, String value) {
        int rest = (" " + key + "=" + value + "\n").getBytes(StandardCharsets.UTF_8).length;
        int length = rest;
        while (Integer.toString(length).length() + rest != length) {
            length = Integer.toString(length).length() + rest;
        }
        return length + " " + key + "=" + value + "\n";
    }

    private static byte[] header(String name, long length, char type) {
        byte[] block = new byte[BLOCK_BYTES];
        text(block, 0, name);
        octal(block, 100, 7, 0644);
        octal(block, 108, 7, 0);
        octal(block, 116, 7, 0);
        octal(block, 124, 11, length);
        octal(block, 136, 11, 0);
        block[156] = (byte) type;
        text(block, 257, "ustar");
        text(block, 263, "00");
        octal(block, 329, 7, 0);
        octal(block, 337, 7, 0);
        // The checksum is taken with its own field blank, and is written as six digits, NUL, blank.
        text(block, 148, " ".repeat(8));
        int sum = 0;
        for (byte each : block) {
            sum += each & 0xff;
        }
        octal(block, 148, 6, sum);
        block[154] = 0;
        return block;
    }

    private static void text(byte[] block, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, block, at, bytes.length);
    }

    private static void octal(byte[] block, int at, int digits, long value) {
        String text = Long.toOctalString(value);
        text(block, at, "0".repeat(digits - text.length()) + text);
    }
}
