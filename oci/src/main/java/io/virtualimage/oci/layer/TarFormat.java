package io.virtualimage.oci.layer;

/**
 * The layout of an archive: 512-byte blocks, a header before each content.
 *
 * @see <a href="https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html">pax, "EXTENDED DESCRIPTION"</a>
 * @see <a href="https://www.gnu.org/software/tar/manual/html_node/Standard.html">GNU tar, "Basic Tar Format"</a>
 */
final class TarFormat {

    static final int BLOCK_BYTES = 512;

    static final int NAME_AT = 0;
    static final int NAME_BYTES = 100;
    static final int SIZE_AT = 124;
    static final int SIZE_BYTES = 12;
    static final int CHECKSUM_AT = 148;
    static final int CHECKSUM_BYTES = 8;
    static final int TYPE_AT = 156;
    static final int LINK_AT = 157;
    static final int LINK_BYTES = 100;
    /** {@code ustar} and a NUL (POSIX) or a blank (old GNU); anything else is older than both. */
    static final int MAGIC_AT = 257;

    static final String POSIX_MAGIC = "ustar\0";
    static final int PREFIX_AT = 345;
    static final int PREFIX_BYTES = 155;
    /** Schilling's tar has times behind a shorter prefix, and says so at the block's end. */
    static final int STAR_PREFIX_BYTES = 131;

    static final int STAR_TRAILER_AT = 508;
    static final String STAR_TRAILER = "tar\0";

    static final char OLD_REGULAR = '\0';
    static final char REGULAR = '0';
    static final char HARD_LINK = '1';
    static final char SYMBOLIC_LINK = '2';
    static final char CHARACTER_DEVICE = '3';
    static final char BLOCK_DEVICE = '4';
    static final char DIRECTORY = '5';
    static final char FIFO = '6';
    static final char CONTIGUOUS = '7';
    static final char PAX = 'x';
    static final char PAX_GLOBAL = 'g';
    static final char GNU_LONG_NAME = 'L';
    static final char GNU_LONG_LINK = 'K';
    static final char GNU_SPARSE = 'S';

    /** In an old GNU sparse header, and in each block that continues its map: whether another such block follows. */
    static final int SPARSE_CONTINUES_AT = 482;

    static final int SPARSE_BLOCK_CONTINUES_AT = 504;

    private TarFormat() {}
}
