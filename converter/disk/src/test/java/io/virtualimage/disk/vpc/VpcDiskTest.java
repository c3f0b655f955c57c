package io.virtualimage.disk.vpc;

import static io.virtualimage.disk.vpc.CraftedVpc.BLOCK_BYTES;
import static io.virtualimage.disk.vpc.CraftedVpc.FIRST;
import static io.virtualimage.disk.vpc.CraftedVpc.HEADER;
import static io.virtualimage.disk.vpc.CraftedVpc.SECOND;
import static io.virtualimage.disk.vpc.CraftedVpc.TABLE;
import static io.virtualimage.disk.vpc.CraftedVpc.VIRTUAL_BYTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.GuardedByteSource;
import io.virtualimage.disk.HoledByteSource;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.content.ExtentWalk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class VpcDiskTest {
    private static final int PARENT_NAME = HEADER + 64;
    private static final int LAST_LOCATOR = HEADER + 576 + 7 * 24;

    @Test
    void matchesAtBothEnds() {
        ByteBuffer dynamic = ByteBuffer.wrap(CraftedVpc.dynamic().bytes());
        ByteBuffer zeros = ByteBuffer.allocate(512);
        assertThat(VpcDisk.matches(dynamic.slice(0, 8), zeros)).isTrue();
        assertThat(VpcDisk.matches(dynamic.slice(0, 7), zeros)).isFalse();
        assertThat(VpcDisk.matches(dynamic.slice(1, 512), zeros)).isFalse();
        ByteBuffer fixed = ByteBuffer.wrap(CraftedVpc.fixed().bytes());
        assertThat(VpcDisk.matches(zeros, fixed)).isTrue();
        assertThat(VpcDisk.matches(zeros, fixed.slice(VIRTUAL_BYTES, 512))).isTrue();
        assertThat(VpcDisk.matches(zeros, fixed.slice(VIRTUAL_BYTES, 511))).isTrue();
        assertThat(VpcDisk.matches(zeros, fixed.slice(VIRTUAL_BYTES, 510))).isFalse();
        assertThat(VpcDisk.matches(zeros, fixed.slice(0, VIRTUAL_BYTES))).isFalse();
        assertThat(VpcDisk.matches(zeros.slice(0, 0), zeros.slice(0, 0))).isFalse();
        byte[] elsewhere = new byte[2048];
        for (int offset : new int[] {1, 700, 1535, 1538, 2040}) {
            System.arraycopy("conectix".getBytes(StandardCharsets.US_ASCII), 0, elsewhere, offset, 8);
        }
        assertThat(VpcDisk.matches(ByteBuffer.wrap(elsewhere), ByteBuffer.wrap(elsewhere)))
                .isFalse();
    }

    @Test
    void blocksStandInAnyOrder() throws Exception {
        VirtualDisk disk = open(CraftedVpc.dynamic());
        assertThat(disk.info()).isEqualTo(new DiskInfo(DiskFormat.VPC, VIRTUAL_BYTES, false));
        assertThat(extents(disk))
                .containsExactly(
                        new Extent.Data(0, BLOCK_BYTES, SECOND),
                        new Extent.Zero(BLOCK_BYTES, BLOCK_BYTES, false),
                        new Extent.Data(2 * BLOCK_BYTES, BLOCK_BYTES - 3 * 512, FIRST));
        assertThat(disk.extentAt(BLOCK_BYTES - 1))
                .isEqualTo(new Extent.Data(BLOCK_BYTES - 1, 1, SECOND + BLOCK_BYTES - 1));
        assertThat(disk.extentAt(BLOCK_BYTES + 5)).isEqualTo(new Extent.Zero(BLOCK_BYTES + 5, BLOCK_BYTES - 5, false));
        assertThat(disk.source().read(FIRST, 1).get()).isEqualTo((byte) 1);
    }

    @Test
    void fixedDisksStandThereAsTheyAre() throws Exception {
        for (CraftedVpc image : List.of(CraftedVpc.fixed(), CraftedVpc.fixed().old())) {
            VirtualDisk disk = open(image);
            assertThat(disk.info()).isEqualTo(new DiskInfo(DiskFormat.VPC, VIRTUAL_BYTES, false));
            assertThat(extents(disk)).containsExactly(new Extent.Data(0, VIRTUAL_BYTES, 0));
            assertThat(disk.extentAt(77)).isEqualTo(new Extent.Data(77, VIRTUAL_BYTES - 77, 77));
        }
    }

    @ParameterizedTest
    @CsvSource(
            quoteCharacter = '"',
            value = {
                "'vpc ', 184320", "'qemu', 184320", "'qem2', 195072", "'win ', 195072", "'d2v ', 195072",
                "'CTXS', 195072", "'tap0', 195072", "'vs  ', 195072", "'vbox', 195072", "'wa00', 195072",
                "'VPC ', 195072", "'0000', 195072"
            })
    void theCreatorDecidesBetweenGeometryAndSize(String quoted, long virtualSizeBytes) throws Exception {
        String creator = quoted.substring(1, 5).replace('0', '\0');
        for (CraftedVpc image : List.of(CraftedVpc.dynamic(), CraftedVpc.fixed())) {
            assertThat(open(image.creator(creator).geometry(10, 4, 9)).info().virtualSizeBytes())
                    .isEqualTo(virtualSizeBytes);
        }
    }

    @Test
    void theLargestGeometrySaysNothing() throws Exception {
        CraftedVpc largest = CraftedVpc.dynamic().creator("vpc ").geometry(65_535, 16, 255);
        assertThat(open(largest).info().virtualSizeBytes()).isEqualTo(VIRTUAL_BYTES);
    }

    @Test
    void partOfASectorIsDropped() throws Exception {
        assertThat(open(CraftedVpc.dynamic().footer64(48, VIRTUAL_BYTES - 1))
                        .info()
                        .virtualSizeBytes())
                .isEqualTo(VIRTUAL_BYTES - 512);
    }

    @Test
    void theLargestDisk() throws Exception {
        ByteSource source = GuardedVpc.ofBlocks(2 << 20, 0xff00_0000L / 4096, 0xff00_0000L * 512);
        VirtualDisk disk = VpcDisk.open(source, ReadLimits.DEFAULT);
        assertThat(disk.info().virtualSizeBytes()).isEqualTo(2040L << 30);
    }

    @Test
    void bitmapsAreAsLongAsTheBlocksNeed() throws Exception {
        // Blocks of 4 KiB have a bit for 8 sectors, of 8 MiB for 16,384; both fill sectors.
        VirtualDisk small = open(CraftedVpc.dynamic().u32(HEADER + 32, 4096).footer64(48, 3 * 4096));
        assertThat(small.extentAt(2 * 4096)).isEqualTo(new Extent.Data(2 * 4096, 4096, FIRST));
        ByteSource source = GuardedVpc.ofBlocks(8 << 20, 3, 3L << 23);
        VirtualDisk large = VpcDisk.open(source, ReadLimits.DEFAULT);
        assertThat(large.extentAt(0)).isEqualTo(new Extent.Data(0, 8 << 20, GuardedVpc.BLOCK + 2048));
        assertThat(large.extentAt(8 << 20)).isEqualTo(new Extent.Zero(8 << 20, 8 << 20, false));
    }

    @Test
    void entriesThatTheDiskDoesNotNeedAreNotLookedAt() throws Exception {
        CraftedVpc image = CraftedVpc.dynamic().u32(HEADER + 28, 4).entry(3, 1 << 30);
        assertThat(extents(open(image))).hasSize(3);
    }

    /** A cut file that lost nothing of the disk: as in QEMU, the copy in front is what counts. */
    @Test
    void theFooterAtTheEndOfADynamicDiskMayBeDamagedOrGone() throws Exception {
        CraftedVpc damaged = CraftedVpc.dynamic().sealed();
        for (CraftedVpc image : List.of(
                damaged.u8(damaged.footer() + 100, 1),
                CraftedVpc.dynamic().old(),
                CraftedVpc.dynamic().length(SECOND + BLOCK_BYTES))) {
            assertThat(extents(open(image))).hasSize(3);
        }
    }

    @Test
    void blocksBehindTheEndOfTheFile() throws Exception {
        VirtualDisk cut = open(CraftedVpc.dynamic().length(SECOND + BLOCK_BYTES - 1));
        assertThatThrownBy(() -> cut.extentAt(0))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessage("vpc: the block of 65536 bytes at 0x10c00 does not lie inside the file of 134143 bytes;"
                        + " is the file cut short? (at offset 0x600)");
        assertThat(cut.extentAt(2 * BLOCK_BYTES)).isInstanceOf(Extent.Data.class);
        VirtualDisk far = open(CraftedVpc.dynamic().entry(1, 0xfffffffeL));
        assertThatThrownBy(() -> far.extentAt(BLOCK_BYTES))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageContaining("at 0x1fffffffe00")
                .extracting(e -> ((DiskException) e).offset())
                .isEqualTo((long) TABLE + 4);
    }

    @Test
    void knownZerosOfTheSourceAreTold() throws Exception {
        assertThat(VpcDisk.open(new HoledByteSource(CraftedVpc.fixed().bytes(), 0, 4096), ReadLimits.DEFAULT)
                        .extentAt(0))
                .isEqualTo(new Extent.Zero(0, 4096, false));
        VirtualDisk disk =
                VpcDisk.open(new HoledByteSource(CraftedVpc.dynamic().bytes(), SECOND, 4096), ReadLimits.DEFAULT);
        assertThat(disk.extentAt(0)).isEqualTo(new Extent.Zero(0, 4096, true));
        assertThat(disk.extentAt(4096)).isEqualTo(new Extent.Data(4096, BLOCK_BYTES - 4096, SECOND + 4096));
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                refuse("damaged copy of the footer", dynamic().sealed().u8(100, 1), 64, "the footer is damaged"),
                refuse("damaged checksum", dynamic().sealed().u8(67, 0), 64, "its checksum is 0xfff"),
                refuse(
                        "damaged dynamic header",
                        dynamic().sealed().u8(HEADER + 1000, 1),
                        HEADER + 36,
                        "the dynamic header is damaged"),
                refuse("damaged footer", fixed().sealed().u8(VIRTUAL_BYTES + 511, 1), VIRTUAL_BYTES + 64, "is damaged"),
                refuse(
                        "damaged old footer",
                        fixed().old().u8(VIRTUAL_BYTES + 510, 1),
                        VIRTUAL_BYTES + 64,
                        "is damaged"),
                refuse(
                        "copy of the footer overwritten",
                        dynamic().sealed().u64(0, 0),
                        SECOND + BLOCK_BYTES + 60,
                        "does not begin with a copy of the footer"),
                refuse("fixed, but the footer in front", dynamic().footer32(60, 2), 60, "says that the disk is fixed"),
                refuse("neither", dynamic().sealed().u64(0, 0).u64(SECOND + BLOCK_BYTES, 0), 0, "there is no footer"),
                refuse("ends in the copy of the footer", dynamic().length(511), 511, "inside the footer of 512"),
                refuse("no sectors", fixed().footer64(48, 511), VIRTUAL_BYTES + 48, "virtual size is 0"),
                refuse("no cylinders", dynamic().creator("vpc ").geometry(0, 4, 17), 56, "virtual size is 0"),
                refuse(
                        "fixed disk too short",
                        fixed().footer64(48, VIRTUAL_BYTES + 512),
                        VIRTUAL_BYTES,
                        "has 195584 bytes, but in front of the footer are only 195072"),
                refuse(
                        "fixed disk too short for its geometry",
                        fixed().creator("vpc ").geometry(10, 4, 17),
                        VIRTUAL_BYTES,
                        "has 348160 bytes, but"),
                refuse(
                        "header behind the end",
                        dynamic().footer64(16, 1L << 40),
                        16,
                        "dynamic header at 0x10000000000"),
                refuse("header at a negative offset", dynamic().footer64(16, -1), 16, "at 0xffffffffffffffff does not"),
                refuse("header cut off", dynamic().length(1535), 16, "is the file cut short?"),
                refuse("header elsewhere", dynamic().footer64(16, 1024), 1024, "no dynamic header where"),
                refuse("block size 0", dynamic().u32(HEADER + 32, 0), HEADER + 32, "size of 0 bytes is not a power"),
                refuse(
                        "odd block size",
                        dynamic().u32(HEADER + 32, 3 << 16),
                        HEADER + 32,
                        "196608 bytes is not a power"),
                refuse("too few entries", dynamic().u32(HEADER + 28, 2), HEADER + 28, "195072 bytes needs 3"),
                refuse(
                        "table cut off",
                        dynamic().length(TABLE + 11),
                        HEADER + 16,
                        "does not lie inside the file of 1547"),
                refuse(
                        "table behind the end",
                        dynamic().u64(HEADER + 16, 1L << 40),
                        HEADER + 16,
                        "block table of 3 entries"),
                refuse("table at a negative offset", dynamic().u64(HEADER + 16, -512), HEADER + 16, "cut short?"),
                refuse(
                        "table longer than the file",
                        dynamic().u32(HEADER + 28, 40_000),
                        HEADER + 16,
                        "block table of 40000 entries"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void malformed(String name, CraftedVpc image, long offset, String message) {
        assertRefused(name, image, MalformedDiskException.class, offset, message);
    }

    static Stream<Arguments> unsupported() {
        return Stream.of(
                refuse("version 2 of the footer", dynamic().footer32(12, 0x20000), 12, "version 2.0 of the footer"),
                refuse(
                        "version 0 of the footer",
                        fixed().footer32(12, 0),
                        VIRTUAL_BYTES + 12,
                        "version 0.0 of the footer"),
                refuse(
                        "version 2 of the header",
                        dynamic().u32(HEADER + 24, 0x20001),
                        HEADER + 24,
                        "version 2.1 of the dynamic header"),
                refuse("no type", dynamic().footer32(60, 0), 60, "of the type 0"),
                refuse("type 5", fixed().footer32(60, 5), VIRTUAL_BYTES + 60, "of the type 5"),
                refuse("type 2^32-1", dynamic().footer32(60, -1), 60, "of the type 4294967295"),
                refuse("tiny blocks", dynamic().u32(HEADER + 32, 2048), HEADER + 32, "blocks of 2048 bytes"),
                refuse(
                        "differencing",
                        dynamic().footer32(60, 4).text(PARENT_NAME, utf16("../base.vhd")),
                        60,
                        "vpc: this is a differencing disk, whose other data are in its parent '../base.vhd';"
                                + " images that refer to other files are refused"),
                refuse(
                        "differencing without a header",
                        dynamic().footer32(60, 4).footer64(16, -1),
                        60,
                        "in its parent (its name cannot be read)"),
                refuse(
                        "differencing, and damaged in front",
                        dynamic().footer32(60, 4).sealed().u64(0, 0),
                        SECOND + BLOCK_BYTES + 60,
                        "this is a differencing disk"),
                refuse(
                        "dynamic with a parent's name",
                        dynamic().text(PARENT_NAME, utf16("/etc/\u001b[2Jshadow")),
                        PARENT_NAME,
                        "vpc: the image names a parent '/etc/?[2Jshadow'; images that refer to other files are refused"),
                refuse(
                        "a parent's name that fills its field",
                        dynamic().text(PARENT_NAME, utf16("x".repeat(256))),
                        PARENT_NAME,
                        "a parent '" + "x".repeat(200) + "…'"),
                refuse(
                        "dynamic with a parent's locator",
                        dynamic().text(LAST_LOCATOR, "W2ku".getBytes(StandardCharsets.US_ASCII)),
                        LAST_LOCATOR,
                        "a locator of a parent, of the kind 'W2ku'; images that refer to other files are refused"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void unsupported(String name, CraftedVpc image, long offset, String message) {
        assertRefused(name, image, UnsupportedDiskException.class, offset, message);
    }

    static Stream<Arguments> overLimit() {
        return Stream.of(
                refuse("over 2040 GiB", dynamic().footer64(48, (2040L << 30) + 512), 48, "4278190081 sectors"),
                refuse("16 EiB", fixed().footer64(48, -1), VIRTUAL_BYTES + 48, "limit of 2040 GiB"),
                refuse(
                        "over 2040 GiB by geometry",
                        dynamic().creator("vpc ").geometry(65_535, 255, 255).u32(HEADER + 28, -1),
                        HEADER + 28,
                        "4294967295 entries is over the limit of 33423360"),
                refuse(
                        "2^31 entries",
                        dynamic().u32(HEADER + 28, 1L << 31),
                        HEADER + 28,
                        "2147483648 entries is over"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void overLimit(String name, CraftedVpc image, long offset, String message) {
        assertRefused(name, image, DiskLimitException.class, offset, message);
    }

    /** Whatever the bytes are, if only their checksums are good: extents inside the file, or a refusal. */
    @Test
    void randomDamageNeverGetsThrough() throws IOException {
        Random random = new Random(42);
        int[] fields = {12, 16, 20, 28, 48, 52, 56, 60, HEADER, HEADER + 16, HEADER + 20, HEADER + 24, HEADER + 28};
        int[] more = {HEADER + 32, HEADER + 64, HEADER + 576, TABLE, TABLE + 4, TABLE + 8, TABLE};
        int refused = 0;
        int rounds = 3_000;
        for (int round = 0; round < rounds; round++) {
            CraftedVpc image = CraftedVpc.dynamic();
            for (int damage = random.nextInt(2); damage >= 0; damage--) {
                int at = random.nextInt(fields.length + more.length);
                int field = (at < fields.length ? fields[at] : more[at - fields.length]) + random.nextInt(4);
                image.u8(field, random.nextBoolean() ? 1 << random.nextInt(8) : random.nextInt());
            }
            byte[] bytes = image.bytes();
            int length = random.nextInt(4) == 0 ? random.nextInt(3000) : bytes.length;
            try {
                VirtualDisk disk = VpcDisk.open(new MemoryByteSource(Arrays.copyOf(bytes, length)), ReadLimits.DEFAULT);
                for (Extent extent : extents(disk)) {
                    if (extent instanceof Extent.Data data) {
                        assertThat(data.sourceOffset() + data.lengthBytes()).isBetween(1L, (long) length);
                    }
                }
            } catch (DiskException e) {
                refused++;
                assertThat(e.offset()).isBetween(0L, (long) length);
                assertThat(e).hasMessageStartingWith("vpc: ");
            }
        }
        assertThat(refused).isBetween(rounds / 10, rounds - 1);
    }

    private static void assertRefused(
            String name, CraftedVpc image, Class<? extends DiskException> kind, long offset, String message) {
        ByteSource source = image.source();
        assertThatThrownBy(() -> VpcDisk.open(source, ReadLimits.DEFAULT))
                .as(name)
                .isInstanceOf(kind)
                .hasMessageStartingWith("vpc: ")
                .hasMessageContaining(message)
                .extracting(e -> ((DiskException) e).offset())
                .isEqualTo(offset);
    }

    private static Arguments refuse(String name, CraftedVpc image, long offset, String message) {
        return arguments(name, image, offset, message);
    }

    private static CraftedVpc dynamic() {
        return CraftedVpc.dynamic();
    }

    private static CraftedVpc fixed() {
        return CraftedVpc.fixed();
    }

    private static byte[] utf16(String text) {
        return text.getBytes(StandardCharsets.UTF_16BE);
    }

    private static VirtualDisk open(CraftedVpc image) throws Exception {
        return VpcDisk.open(image.source(), ReadLimits.DEFAULT);
    }

    private static List<Extent> extents(VirtualDisk disk) throws IOException, DiskException {
        List<Extent> extents = new ArrayList<>();
        ExtentWalk walk = new ExtentWalk(disk);
        for (Extent extent = walk.next(); extent != null; extent = walk.next()) {
            extents.add(extent);
        }
        return extents;
    }

    /** A dynamic disk in a huge file, of which only the first 4 KiB may be read. */
    private static final class GuardedVpc {
        static final long BLOCK = 1L << 30;

        static ByteSource ofBlocks(int blockBytes, long entries, long virtualSizeBytes) {
            byte[] head = CraftedVpc.dynamic()
                    .footer64(48, virtualSizeBytes)
                    .u32(HEADER + 28, entries)
                    .u32(HEADER + 32, blockBytes)
                    .entry(0, BLOCK / 512)
                    .bytes();
            return new GuardedByteSource(1L << 40, Arrays.copyOf(head, 4096), new byte[0], 1 << 16, 0);
        }
    }
}
