package io.virtualimage.oci.layer;

import java.nio.charset.StandardCharsets;

/**
 * One header block. Names are bytes, each one character.
 *
 * @param type as it stands there
 * @param lengthBytes of the content that follows, 0 or more
 * @param sparseMapContinues whether blocks of a sparse file's map stand before the content
 */
record TarHeader(String name, String link, char type, long lengthBytes, boolean sparseMapContinues) {

    /** Reads a block that is not all zeros, its checksum first. */
    static TarHeader parse(byte[] block, LayerPlace place) throws MalformedLayerException {
        verify(block, place);
        char type = (char) (block[TarFormat.TYPE_AT] & 0xff);
        String name = text(block, TarFormat.NAME_AT, TarFormat.NAME_BYTES);
        if (is(block, TarFormat.MAGIC_AT, TarFormat.POSIX_MAGIC)) {
            boolean star = is(block, TarFormat.STAR_TRAILER_AT, TarFormat.STAR_TRAILER);
            String prefix =
                    text(block, TarFormat.PREFIX_AT, star ? TarFormat.STAR_PREFIX_BYTES : TarFormat.PREFIX_BYTES);
            name = prefix.isEmpty() ? name : prefix + "/" + name;
        }
        return new TarHeader(
                name,
                text(block, TarFormat.LINK_AT, TarFormat.LINK_BYTES),
                type,
                number(block, TarFormat.SIZE_AT, TarFormat.SIZE_BYTES, "size", place),
                type == TarFormat.GNU_SPARSE && block[TarFormat.SPARSE_CONTINUES_AT] != 0);
    }

    // The sum of all bytes, those of the sum itself taken as blanks. Some old programs summed signed bytes.
    private static void verify(byte[] block, LayerPlace place) throws MalformedLayerException {
        long stated = number(block, TarFormat.CHECKSUM_AT, TarFormat.CHECKSUM_BYTES, "checksum", place);
        int unsigned = 0;
        int signed = 0;
        for (int i = 0; i < TarFormat.BLOCK_BYTES; i++) {
            boolean own = i >= TarFormat.CHECKSUM_AT && i < TarFormat.CHECKSUM_AT + TarFormat.CHECKSUM_BYTES;
            unsigned += own ? ' ' : block[i] & 0xff;
            signed += own ? ' ' : block[i];
        }
        if (stated != unsigned && stated != signed) {
            throw place.malformed("the archive has no header here: its checksum would be " + unsigned
                    + ", and the block says " + stated);
        }
    }

    // Octal digits between blanks and NULs; or, if the first bit is set, two's complement, big-endian.
    private static long number(byte[] block, int at, int length, String field, LayerPlace place)
            throws MalformedLayerException {
        if ((block[at] & 0x80) != 0) {
            return binary(block, at, length, field, place);
        }
        int from = at;
        int to = at + length;
        while (from < to && isBlank(block[from])) {
            from++;
        }
        while (to > from && isBlank(block[to - 1])) {
            to--;
        }
        long value = 0;
        for (int i = from; i < to; i++) {
            if (block[i] == 0) {
                break; // What is behind a NUL is left over from something else.
            }
            if (block[i] < '0' || block[i] > '7') {
                throw place.malformed("the " + field + " in a header of the archive is not an octal number");
            }
            value = value << 3 | (block[i] - '0');
        }
        return value;
    }

    private static long binary(byte[] block, int at, int length, String field, LayerPlace place)
            throws MalformedLayerException {
        if ((block[at] & 0x40) != 0) {
            throw place.malformed("the " + field + " in a header of the archive is negative");
        }
        long value = block[at] & 0x3f;
        for (int i = at + 1; i < at + length; i++) {
            if (value > Long.MAX_VALUE >>> 8) {
                throw place.malformed("the " + field + " in a header of the archive is more than 2^63");
            }
            value = value << 8 | (block[i] & 0xff);
        }
        return value;
    }

    private static boolean isBlank(byte one) {
        return one == ' ' || one == 0;
    }

    private static boolean is(byte[] block, int at, String text) {
        return new String(block, at, text.length(), StandardCharsets.ISO_8859_1).equals(text);
    }

    private static String text(byte[] block, int at, int length) {
        return beforeNul(new String(block, at, length, StandardCharsets.ISO_8859_1));
    }

    static String beforeNul(String text) {
        int nul = text.indexOf('\0');
        return nul < 0 ? text : text.substring(0, nul);
    }
}
