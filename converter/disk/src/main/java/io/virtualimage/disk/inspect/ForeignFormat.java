package io.virtualimage.disk.inspect;

import io.virtualimage.disk.UnsupportedDiskException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.stream.IntStream;

/** What can be told by its magic number, and is refused by name, so that nobody takes it for a raw disk. */
enum ForeignFormat {
    VMDK_DESCRIPTOR("vmdk", Kind.VMDK_TEXT, 0, text("# Disk DescriptorFile")),
    QED("qed", Kind.DISK, 0, "51454400"),
    PARALLELS("parallels", Kind.DISK, 0, text("WithoutFreeSpace")),
    PARALLELS_EXTENDED("parallels", Kind.DISK, 0, text("WithouFreSpacExt")),
    DMG("dmg", Kind.DISK, -512, text("koly")),
    LUKS("luks", Kind.ENCRYPTED, 0, "4c554b53babe"),
    GZIP("gzip", Kind.COMPRESSED_TWICE, 0, "1f8b08"),
    XZ("xz", Kind.COMPRESSED_TWICE, 0, "fd377a585a00"),
    ZSTD("zstd", Kind.COMPRESSED_TWICE, 0, "28b52ffd"),
    /** Frames to be skipped, with which both may begin; here none of zstd was found behind them. */
    SKIPPABLE("zstd or lz4", Kind.SKIPPED_FIRST, 0, "5.2a4d18"),
    LZ4("lz4", Kind.COMPRESSED, 0, "04224d18"),
    /** {@code BZh}, the block size as a digit, the mark of a block. */
    BZIP2("bzip2", Kind.COMPRESSED, 0, "425a68..314159265359"),
    ZIP("zip", Kind.ARCHIVE, 0, "504b0304"),
    SEVEN_ZIP("7z", Kind.ARCHIVE, 0, "377abcaf271c"),
    RAR("rar", Kind.ARCHIVE, 0, "526172211a07"),
    /** Appliances (OVA) are of this kind. */
    TAR("tar", Kind.ARCHIVE, 257, text("ustar"));

    /** Negative offsets of magic numbers do not reach farther than this from the end, in bytes. */
    static final int TAIL_BYTES = 512;

    private final String shownName;
    private final Kind kind;
    /** Where the magic number is, in bytes from the start, or, if negative, from the end. */
    private final int offset;
    /** The magic number as hexadecimal digits, {@code .} for any. */
    private final String magic;

    private enum Kind {
        DISK("disk images of this format are not supported yet; convert it first: 'qemu-img convert -O qcow2'"),
        VMDK_TEXT("this is only the text that describes a disk, the data are in other files; "
                + UnsupportedDiskException.OTHER_FILES),
        ENCRYPTED("the image is encrypted; encrypted images are not supported"),
        /** Where one layer of these is unpacked, that was done before anybody asks what the image is. */
        COMPRESSED_TWICE("the image is compressed twice, and only one layer is unpacked; compress it only once"),
        SKIPPED_FIRST("the file begins with a frame to be skipped, and what comes behind it can't be told;"
                + " take that away, or compress the image again"),
        COMPRESSED(
                "the image is compressed in a way that is not supported; use gzip, xz or zstd, or decompress it first"),
        ARCHIVE("this is an archive, not a disk image; take the image out of it first");

        private final String refusal;

        Kind(String refusal) {
            this.refusal = refusal;
        }
    }

    ForeignFormat(String shownName, Kind kind, int offset, String magic) {
        this.shownName = shownName;
        this.kind = kind;
        this.offset = offset;
        this.magic = magic;
    }

    /**
     * The format that the image is of, if it is one of these.
     *
     * @param head first bytes of the image
     * @param tail last {@link #TAIL_BYTES} bytes of it, or all if it has fewer
     */
    static Optional<ForeignFormat> of(ByteBuffer head, ByteBuffer tail) {
        return Arrays.stream(values())
                .filter(format -> format.matches(format.offset >= 0 ? head : tail))
                .findFirst();
    }

    private boolean matches(ByteBuffer part) {
        int from = offset >= 0 ? offset : part.limit() + offset;
        int lengthBytes = magic.length() / 2;
        return from >= 0
                && from + lengthBytes <= part.limit()
                && IntStream.range(0, lengthBytes)
                        .allMatch(i ->
                                matches(2 * i, part.get(from + i) >>> 4) && matches(2 * i + 1, part.get(from + i)));
    }

    /** @param found the digit is in its lowest 4 bits */
    private boolean matches(int digit, int found) {
        return magic.charAt(digit) == '.' || HexFormat.fromHexDigit(magic.charAt(digit)) == (found & 0xf);
    }

    UnsupportedDiskException refusal(long lengthBytes) {
        return new UnsupportedDiskException(
                offset >= 0 ? offset : lengthBytes + offset, shownName + ": " + kind.refusal);
    }

    private static String text(String text) {
        return HexFormat.of().formatHex(text.getBytes(StandardCharsets.US_ASCII));
    }
}
