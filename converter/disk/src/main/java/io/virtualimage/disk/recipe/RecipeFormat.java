package io.virtualimage.disk.recipe;

import java.util.zip.CRC32C;

/**
 * The documents of a recipe, and their binary form: an index, {@code index}; parts, {@code part-000000} and on, which hold
 * the pieces of the output in order; and groups, {@code units-000000} and on, which hold the units of the unpacked space
 * in order.
 *
 * <p>Fixed numbers are big-endian. A <em>varint</em> has 7 bits in each byte, the lowest first, and the highest bit set in
 * all bytes but the last: 1 to 10 bytes. A <em>signed</em> one is a varint of {@code n << 1 ^ n >> 63}. Sums and differences
 * wrap at 64 bits. Lengths and offsets are in bytes.
 *
 * <table><caption>Index</caption>
 * <tr><td>4 bytes</td><td>{@link #INDEX_MAGIC}</td></tr>
 * <tr><td>1 byte</td><td>{@link #VERSION}</td></tr>
 * <tr><td>varint</td><td>length of the output</td></tr>
 * <tr><td>varint</td><td>number of parts; then for each: a varint, how many bytes of the output it describes, and 4 bytes,
 * the CRC32C of its document</td></tr>
 * <tr><td>varint</td><td>length of the unpacked space</td></tr>
 * <tr><td>varint</td><td>number of groups; then for each: a varint, its length in the unpacked space, and 4 bytes, the
 * CRC32C of its document</td></tr>
 * <tr><td>4 bytes</td><td>CRC32C of all that comes before</td></tr>
 * </table>
 *
 * <p>A part has {@link #PART_MAGIC}, the version, a varint with its number, and pieces up to its end. The first byte of a
 * piece has its kind in bits 0 and 1; the bits 2 to 6 and, if bit 7 is set, a varint after it (times 32) are its length.
 * It follows for {@link #STORED} and {@link #UNPACKED}: a signed, the offset in the source or the unpacked space less the
 * end of the piece of that kind that came before in the part (0 at first); for {@link #INLINE}: the bytes, as {@link
 * InlineCoding} has them.
 *
 * <p>A group has {@link #UNITS_MAGIC}, the version, a varint with its number, and units up to its end, each of them: 1 byte,
 * the codec ({@link #DEFLATE}, {@link #ZLIB}, {@link #ZSTD}); a signed, the offset in the source less the end of the unit
 * before; a varint, how many bytes it has packed; a varint, how many plain.
 */
public final class RecipeFormat {
    /** {@code VIRI}. */
    public static final int INDEX_MAGIC = 0x56495249;
    /** {@code VIRP}. */
    public static final int PART_MAGIC = 0x56495250;
    /** {@code VIRU}. */
    public static final int UNITS_MAGIC = 0x56495255;

    public static final int VERSION = 1;

    /** No part is larger than this, in bytes. */
    public static final int MAX_PART_BYTES = 1 << 20;
    /** Longer inline pieces come as several. */
    public static final int MAX_INLINE_BYTES = 64 << 10;
    /** No group has more units than this. */
    public static final int MAX_GROUP_UNITS = 64 << 10;

    // First byte of a piece
    static final int KIND_BITS = 2;
    static final int KIND_MASK = (1 << KIND_BITS) - 1;
    static final int LENGTH_BITS = 5;
    static final int LENGTH_MASK = (1 << LENGTH_BITS) - 1;
    static final int MORE = 0x80;

    // Kinds of pieces
    static final int ZEROS = 0;
    static final int STORED = 1;
    static final int UNPACKED = 2;
    static final int INLINE = 3;

    // Codecs of units
    static final int DEFLATE = 0;
    static final int ZLIB = 1;
    static final int ZSTD = 2;

    static final String INDEX = "index";

    private RecipeFormat() {}

    static String partName(int number) {
        return "part-%06d".formatted(number);
    }

    static String unitsName(int number) {
        return "units-%06d".formatted(number);
    }

    static int checksum(byte[] bytes, int lengthBytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, 0, lengthBytes);
        return (int) crc.getValue();
    }
}
