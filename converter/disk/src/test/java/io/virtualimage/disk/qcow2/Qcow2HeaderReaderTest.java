package io.virtualimage.disk.qcow2;

import static io.virtualimage.disk.qcow2.Qcow2Format.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.GuardedByteSource;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class Qcow2HeaderReaderTest {
    private static final int FIRST_EXTENSION = HEADER_V3_BYTES;
    private static final byte[] NAMES = names(7, "shiny");

    @Test
    void readsEveryField() throws Exception {
        Qcow2Header header = Qcow2HeaderReader.read(
                new CraftedQcow2().incompatible(DIRTY_BIT).source());
        assertThat(header)
                .isEqualTo(new Qcow2Header(
                        3, 16, 1L << 30, 2, 3L << 16, 1L << 16, 1, 4, 0, 0, Qcow2Compression.ZLIB, false, true));
        assertThat(header.clusterBytes()).isEqualTo(65_536);
        assertThat(header.l2Entries()).isEqualTo(8192);
    }

    static Stream<Arguments> accepted() {
        return Stream.of(
                accept("as it is", image -> image),
                accept(
                        "version 2, whatever the later fields say",
                        image -> image.u32(VERSION_OFFSET, 2)
                                .u64(INCOMPATIBLE_FEATURES_OFFSET, 0)
                                .u32(REFCOUNT_ORDER_OFFSET, 99)),
                accept("dirty", image -> image.incompatible(DIRTY_BIT)),
                accept(
                        "lazy refcounts and unknown compatible features",
                        image -> image.u64(COMPATIBLE_FEATURES_OFFSET, -1)),
                accept("unknown auto-clear features", image -> image.u64(AUTOCLEAR_FEATURES_OFFSET, -2)),
                accept("zstd", image -> image.incompatible(COMPRESSION_TYPE_BIT).u8(COMPRESSION_TYPE_OFFSET, 1)),
                accept(
                        "no field for the compression",
                        image -> image.u32(HEADER_LENGTH_OFFSET, 104).u64(104, 0)),
                accept(
                        "extended L2",
                        image -> image.incompatible(EXTENDED_L2_BIT).u32(L1_ENTRIES_OFFSET, 4)),
                accept("reference counts of 64 bits", image -> image.u32(REFCOUNT_ORDER_OFFSET, 6)),
                accept("more L1 entries than needed", image -> image.u32(L1_ENTRIES_OFFSET, 8192)),
                accept("an L1 table that ends with the file", image -> image.length(3 * 65_536 + 16)),
                accept(
                        "backing format without backing file",
                        image -> image.extension(EXTENSION_BACKING_FORMAT, "raw")),
                accept(
                        "length of a backing file's name without the name",
                        image -> image.u32(BACKING_FILE_LENGTH_OFFSET, 77)),
                accept("feature names", image -> image.extension(EXTENSION_FEATURE_NAMES, NAMES)),
                accept("unknown extension", image -> image.extension(0x12345678, new byte[5])),
                accept(
                        "extensions that fill the cluster",
                        image -> image.extension(0x12345678, new byte[65_536 - FIRST_EXTENSION - 8])),
                accept(
                        "snapshots",
                        image -> image.u32(SNAPSHOT_COUNT_OFFSET, 3)
                                .u64(SNAPSHOT_TABLE_OFFSET_OFFSET, 4 * 65_536)
                                .length(4 * 65_536 + 120)),
                accept(
                        "bitmaps",
                        image -> image.u64(AUTOCLEAR_FEATURES_OFFSET, 1)
                                .extension(EXTENSION_BITMAPS, bitmaps(64, 65_536))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void accepted(String name, UnaryOperator<CraftedQcow2> change) throws Exception {
        assertThat(Qcow2HeaderReader.read(change.apply(new CraftedQcow2()).source())
                        .virtualSizeBytes())
                .as(name)
                .isEqualTo(1L << 30);
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                refuse("ends in the fixed header", image -> image.length(71), 71, "inside the header of 72"),
                refuse("ends in the header of version 3", image -> image.length(103), 103, "inside the header of 104"),
                refuse("clusters too small", image -> image.u32(CLUSTER_BITS_OFFSET, 8), 20, "2^8 bytes are smaller"),
                refuse("header shorter than 104", image -> image.u32(HEADER_LENGTH_OFFSET, 96), 100, "of 96 is not"),
                refuse("header not by eights", image -> image.u32(HEADER_LENGTH_OFFSET, 108), 100, "of 108 is not"),
                refuse(
                        "header over a cluster",
                        image -> image.u32(HEADER_LENGTH_OFFSET, 65_544),
                        100,
                        "length of 65544 is not"),
                refuse(
                        "header of 4 GiB",
                        image -> image.u32(HEADER_LENGTH_OFFSET, 0xfffffff8L),
                        100,
                        "length of 4294967288 is not"),
                refuse("corrupt", image -> image.incompatible(CORRUPT_BIT), 72, "marked as corrupt"),
                refuse("compression without its bit", image -> image.u8(104, 1), 104, "contradicts"),
                refuse(
                        "bit without compression",
                        image -> image.incompatible(COMPRESSION_TYPE_BIT),
                        104,
                        "contradicts"),
                refuse(
                        "bit, but no field for the compression",
                        image -> image.incompatible(COMPRESSION_TYPE_BIT).u32(HEADER_LENGTH_OFFSET, 104),
                        104,
                        "contradicts"),
                refuse(
                        "extended L2 in small clusters",
                        image -> image.incompatible(EXTENDED_L2_BIT).u32(CLUSTER_BITS_OFFSET, 13),
                        20,
                        "16 KiB or more"),
                refuse("no disk", image -> image.u64(VIRTUAL_SIZE_OFFSET, 0), 24, "virtual size is 0"),
                refuse("L1 table too short", image -> image.u32(L1_ENTRIES_OFFSET, 1), 36, "needs 2"),
                refuse(
                        "L1 table too short for extended L2",
                        image -> image.incompatible(EXTENDED_L2_BIT),
                        36,
                        "needs 4"),
                refuse(
                        "size too large for any L1 table",
                        image -> image.u64(VIRTUAL_SIZE_OFFSET, Long.MAX_VALUE - 511),
                        36,
                        "needs 17179869184"),
                refuse("L1 table not aligned", image -> image.u64(40, 3 * 65_536 + 8), 40, "cluster boundary"),
                refuse("L1 table in the header", image -> image.u64(40, 0), 40, "overlap the header"),
                refuse("L1 table behind the end", image -> image.u64(40, 4 * 65_536), 40, "is the file cut short?"),
                refuse("L1 table cut off", image -> image.length(3 * 65_536 + 15), 40, "is the file cut short?"),
                refuse("L1 table at a negative offset", image -> image.u64(40, -65_536), 40, "inside the file"),
                refuse(
                        "L1 table where sums overflow",
                        image -> image.u64(40, 0x7fff_ffff_ffff_0000L),
                        40,
                        "inside the file"),
                refuse("no refcount table", image -> image.u32(56, 0), 56, "no refcount table"),
                refuse("refcount table not aligned", image -> image.u64(48, 65_537), 48, "cluster boundary"),
                refuse("refcount table behind the end", image -> image.u64(48, 1L << 40), 48, "inside the file"),
                refuse("refcount table cut off", image -> image.u32(56, 4), 48, "inside the file"),
                refuse("refcounts too wide", image -> image.u32(96, 7), 96, "2^7 bits"),
                refuse("refcounts absurdly wide", image -> image.u32(96, 0x80000000L), 96, "2^2147483648 bits"),
                refuse(
                        "snapshot table behind the end",
                        image -> image.u32(60, 1).u64(64, 4 * 65_536),
                        64,
                        "snapshot"),
                refuse("snapshot table not aligned", image -> image.u32(60, 1).u64(64, 65_600), 64, "boundary"),
                refuse(
                        "snapshot table too short",
                        image -> image.u32(60, 65_536).u64(64, 65_536),
                        64,
                        "2621440 bytes"),
                refuse(
                        "extension longer than the cluster",
                        image -> image.u32(FIRST_EXTENSION, 1).u32(FIRST_EXTENSION + 4, 65_536 - FIRST_EXTENSION - 7),
                        FIRST_EXTENSION,
                        "only 65416 are left"),
                refuse(
                        "extension of 4 GiB",
                        image -> image.u32(FIRST_EXTENSION, 1).u32(FIRST_EXTENSION + 4, 0xffffffffL),
                        FIRST_EXTENSION,
                        "4294967295 bytes long"),
                refuse("bitmaps missing", image -> image.u64(88, 1), 88, "there are none"),
                refuse(
                        "bitmaps too short",
                        image -> image.u64(88, 1).extension(EXTENSION_BITMAPS, new byte[23]),
                        FIRST_EXTENSION + 8,
                        "too short"),
                refuse(
                        "bitmaps behind the end",
                        image -> image.u64(88, 1).extension(EXTENSION_BITMAPS, bitmaps(65_537, 3 * 65_536)),
                        FIRST_EXTENSION + 8,
                        "directory of bitmaps"),
                refuse(
                        "bitmaps of a negative length",
                        image -> image.u64(88, 1).extension(EXTENSION_BITMAPS, bitmaps(-1, 65_536)),
                        FIRST_EXTENSION + 8,
                        "directory of bitmaps"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void malformed(String name, UnaryOperator<CraftedQcow2> change, long offset, String message) {
        assertRefused(name, change, MalformedDiskException.class, offset, message);
    }

    static Stream<Arguments> unsupported() {
        return Stream.of(
                refuse("version 1", image -> image.u32(VERSION_OFFSET, 1), 4, "qcow: version 1"),
                refuse("version 4", image -> image.u32(VERSION_OFFSET, 4), 4, "version 4"),
                refuse("version 2^32-1", image -> image.u32(VERSION_OFFSET, -1), 4, "version 4294967295"),
                refuse("AES", image -> image.u32(CRYPT_METHOD_OFFSET, 1), 32, "encrypted"),
                refuse("LUKS", image -> image.u32(CRYPT_METHOD_OFFSET, 2), 32, "encrypted"),
                refuse(
                        "encryption header alone",
                        image -> image.extension(EXTENSION_ENCRYPTION, new byte[16]),
                        FIRST_EXTENSION + 8,
                        "encrypted"),
                refuse("feature without a name", image -> image.incompatible(5), 72, "needs the feature (bit 5)"),
                refuse("last feature bit", image -> image.incompatible(63), 72, "needs the feature (bit 63)"),
                refuse(
                        "feature with a name",
                        image -> image.incompatible(7).extension(EXTENSION_FEATURE_NAMES, NAMES),
                        72,
                        "needs the feature 'shiny' (bit 7)"),
                refuse(
                        "feature with a name of full length, in a table with half an entry more",
                        image -> image.incompatible(7)
                                .extension(EXTENSION_FEATURE_NAMES, Arrays.copyOf(names(7, "x".repeat(46)), 48 + 20)),
                        72,
                        "needs the feature '" + "x".repeat(46) + "' (bit 7)"),
                refuse(
                        "compression of a kind to come",
                        image -> image.incompatible(COMPRESSION_TYPE_BIT).u8(104, 2),
                        104,
                        "type 2 is not supported"),
                refuse("half a sector", image -> image.u64(24, (1L << 30) - 1), 24, "not a multiple of 512"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void unsupported(String name, UnaryOperator<CraftedQcow2> change, long offset, String message) {
        assertRefused(name, change, UnsupportedDiskException.class, offset, message);
    }

    static Stream<Arguments> overLimit() {
        return Stream.of(
                refuse("clusters of 4 MiB", image -> image.u32(20, 22), 20, "limit of 2 MiB"),
                refuse("clusters of 2^(2^32-1)", image -> image.u32(20, -1), 20, "limit of 2 MiB"),
                refuse("8 EiB", image -> image.u64(24, Long.MIN_VALUE), 24, "9223372036854775808 bytes"),
                refuse("L1 table over 32 MiB", image -> image.u32(36, (4 << 20) + 1), 36, "limit of 32 MiB"),
                refuse("L1 table of 32 GiB", image -> image.u32(36, -1), 36, "34359738360 bytes"),
                refuse("refcount table over 8 MiB", image -> image.u32(56, 129), 56, "limit of 8 MiB"),
                refuse("refcount table of 256 TiB", image -> image.u32(56, -1), 56, "limit of 8 MiB"),
                refuse("more snapshots than QEMU takes", image -> image.u32(60, 65_537), 60, "65537 snapshots"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void overLimit(String name, UnaryOperator<CraftedQcow2> change, long offset, String message) {
        assertRefused(name, change, DiskLimitException.class, offset, message);
    }

    /** Whatever the bytes are: an answer or a refusal, and never a read behind the first cluster. */
    @Test
    void randomDamageNeverGetsThrough() throws IOException {
        Random random = new Random(42);
        byte[] good = new CraftedQcow2()
                .extension(EXTENSION_FEATURE_NAMES, NAMES)
                .extension(EXTENSION_BITMAPS, bitmaps(64, 65_536))
                .bytes();
        int refused = 0;
        int rounds = 5_000;
        for (int round = 0; round < rounds; round++) {
            byte[] head = Arrays.copyOf(good, 4096);
            for (int damage = random.nextInt(4); damage >= 0; damage--) {
                int offset = 4 + random.nextInt(220);
                if (random.nextBoolean()) {
                    head[offset] ^= (byte) (1 << random.nextInt(8));
                } else {
                    head[offset] = (byte) random.nextInt();
                }
            }
            long length = random.nextInt(4) == 0 ? random.nextInt(72, good.length) : good.length;
            byte[] present = Arrays.copyOf(head, (int) Math.min(length, head.length));
            try {
                Qcow2HeaderReader.read(new GuardedByteSource(length, present, new byte[0], MAX_CLUSTER_BYTES, 0));
            } catch (DiskException e) {
                refused++;
                assertThat(e.offset()).isBetween(0L, (long) MAX_CLUSTER_BYTES);
                assertThat(e).hasMessageStartingWith("qcow");
            }
        }
        assertThat(refused).isBetween(rounds / 10, rounds - 1);
    }

    @Test
    void anyLengthOfAGoodFileIsAnAnswerOrARefusal() throws IOException {
        byte[] good =
                new CraftedQcow2().extension(EXTENSION_FEATURE_NAMES, NAMES).bytes();
        for (int length = 0; length < 600; length++) {
            ByteSource source = new MemoryByteSource(Arrays.copyOf(good, length));
            assertThatThrownBy(() -> Qcow2HeaderReader.read(source)).isInstanceOf(MalformedDiskException.class);
        }
    }

    private static void assertRefused(
            String name,
            UnaryOperator<CraftedQcow2> change,
            Class<? extends DiskException> kind,
            long offset,
            String message) {
        ByteSource source = change.apply(new CraftedQcow2()).source();
        assertThatThrownBy(() -> Qcow2HeaderReader.read(source))
                .as(name)
                .isInstanceOf(kind)
                .hasMessageContaining(message)
                .extracting(e -> ((DiskException) e).offset())
                .isEqualTo(offset);
    }

    private static Arguments accept(String name, UnaryOperator<CraftedQcow2> change) {
        return arguments(name, change);
    }

    private static Arguments refuse(String name, UnaryOperator<CraftedQcow2> change, long offset, String message) {
        return arguments(name, change, offset, message);
    }

    private static byte[] names(int bit, String name) {
        byte[] entry = new byte[FEATURE_NAME_ENTRY_BYTES];
        entry[1] = (byte) bit;
        for (int i = 0; i < name.length(); i++) {
            entry[2 + i] = (byte) name.charAt(i);
        }
        return entry;
    }

    private static byte[] bitmaps(long directoryBytes, long directoryOffset) {
        return ByteBuffer.allocate(BITMAPS_EXTENSION_BYTES)
                .putInt(0, 1)
                .putLong(8, directoryBytes)
                .putLong(16, directoryOffset)
                .array();
    }
}
