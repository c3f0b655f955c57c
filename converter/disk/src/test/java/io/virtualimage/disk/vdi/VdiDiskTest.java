package io.virtualimage.disk.vdi;

import static io.virtualimage.disk.vdi.CraftedVdi.BLOCK_BYTES;
import static io.virtualimage.disk.vdi.CraftedVdi.DATA;
import static io.virtualimage.disk.vdi.CraftedVdi.MAP;
import static io.virtualimage.disk.vdi.CraftedVdi.VIRTUAL_BYTES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class VdiDiskTest {
    @Test
    void matchesByTheSignature() {
        ByteBuffer image = ByteBuffer.wrap(new CraftedVdi().bytes());
        assertThat(VdiDisk.matches(image)).isTrue();
        assertThat(VdiDisk.matches(image.slice(0, 68))).isTrue();
        assertThat(VdiDisk.matches(image.slice(0, 67))).isFalse();
        assertThat(VdiDisk.matches(image.slice(1, 512))).isFalse();
    }

    @Test
    void blocksStandInAnyOrder() throws Exception {
        VirtualDisk disk = open(new CraftedVdi());
        assertThat(disk.info()).isEqualTo(new DiskInfo(DiskFormat.VDI, VIRTUAL_BYTES, false));
        assertThat(extents(disk))
                .containsExactly(
                        new Extent.Data(0, BLOCK_BYTES, DATA + BLOCK_BYTES),
                        new Extent.Zero(BLOCK_BYTES, BLOCK_BYTES, false),
                        new Extent.Data(2 * BLOCK_BYTES, BLOCK_BYTES - 512, DATA));
        assertThat(disk.extentAt(BLOCK_BYTES - 1))
                .isEqualTo(new Extent.Data(BLOCK_BYTES - 1, 1, DATA + 2 * BLOCK_BYTES - 1));
        assertThat(disk.extentAt(BLOCK_BYTES + 5)).isEqualTo(new Extent.Zero(BLOCK_BYTES + 5, BLOCK_BYTES - 5, false));
        assertThat(disk.source().read(DATA, 1).get()).isEqualTo((byte) 1);
    }

    @Test
    void zeroBlocksAreAllocated() throws Exception {
        assertThat(open(new CraftedVdi().map(1, 0xfffffffeL)).extentAt(BLOCK_BYTES))
                .isEqualTo(new Extent.Zero(BLOCK_BYTES, BLOCK_BYTES, true));
    }

    @Test
    void staticDisksHaveAMapToo() throws Exception {
        assertThat(extents(open(new CraftedVdi().u32(76, 2).map(0, 0).map(1, 1).u64(368, 2 * BLOCK_BYTES))))
                .containsExactly(new Extent.Data(0, 2 * BLOCK_BYTES, DATA));
    }

    /** QEMU has no other than of 1 MiB, VirtualBox has. */
    @Test
    void otherBlockSizes() throws Exception {
        VirtualDisk disk = open(new CraftedVdi().u32(376, 65_536).u64(368, 150_000));
        assertThat(extents(disk))
                .containsExactly(
                        new Extent.Data(0, 65_536, DATA + 65_536),
                        new Extent.Zero(65_536, 65_536, false),
                        new Extent.Data(131_072, 150_016 - 131_072, DATA));
        assertThat(extents(open(new CraftedVdi()
                        .u32(376, 1L << 31)
                        .u64(368, 3L << 31)
                        .map(0, -1)
                        .map(2, -1))))
                .containsExactly(new Extent.Zero(0, 3L << 31, false));
    }

    @ParameterizedTest
    @CsvSource({"1, 512", "511, 512", "512, 512", "513, 1024", "3145728, 3145728", "3145727, 3145728"})
    void anyNumberOfBytesIsRoundedUpToSectors(long bytes, long virtualSizeBytes) throws Exception {
        assertThat(open(new CraftedVdi().u64(368, bytes)).info().virtualSizeBytes())
                .isEqualTo(virtualSizeBytes);
    }

    @Test
    void blocksOfTheMapThatTheDiskDoesNotNeedAreNotLookedAt() throws Exception {
        assertThat(extents(open(new CraftedVdi().u64(368, 512).map(1, 99).map(2, 99))))
                .containsExactly(new Extent.Data(0, 512, DATA + BLOCK_BYTES));
    }

    @Test
    void theFileMayEndInTheLastBlockWhereTheDiskDoes() throws Exception {
        UnaryOperator<CraftedVdi> lastBlockLast = image -> image.map(0, 0).map(2, 1);
        int end = DATA + 2 * BLOCK_BYTES - 512;
        VirtualDisk whole = open(lastBlockLast.apply(new CraftedVdi()).length(end));
        assertThat(whole.extentAt(VIRTUAL_BYTES - 1)).isEqualTo(new Extent.Data(VIRTUAL_BYTES - 1, 1, end - 1));
        VirtualDisk cut = open(lastBlockLast.apply(new CraftedVdi()).length(end - 1));
        assertThatThrownBy(() -> cut.extentAt(2 * BLOCK_BYTES))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageContaining("is the file cut short?");
        assertThat(cut.extentAt(0)).isInstanceOf(Extent.Data.class);
    }

    @ParameterizedTest
    @CsvSource({"2, 0x200400", "4294967293, 0xfffffffd00400"})
    void blocksBehindTheEndOfTheFile(long entry, String offset) throws Exception {
        VirtualDisk disk = open(new CraftedVdi().map(1, entry));
        assertThatThrownBy(() -> disk.extentAt(BLOCK_BYTES))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageContaining(
                        "vdi: the block %d at %s does not lie inside the file of 2098176 bytes", entry, offset)
                .extracting(e -> ((DiskException) e).offset())
                .isEqualTo((long) MAP + 4);
    }

    @Test
    void theFarthestBlockThereCanBe() throws Exception {
        VirtualDisk disk = open(new CraftedVdi().u32(376, 1L << 31).map(0, 0xfffffffdL));
        assertThatThrownBy(() -> disk.extentAt(0))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageContaining("at 0x7ffffffe80000400");
    }

    @Test
    void knownZerosOfTheSourceAreTold() throws Exception {
        ByteSource holes = new HoledByteSource(new CraftedVdi().bytes(), DATA + BLOCK_BYTES, 4096);
        VirtualDisk disk = VdiDisk.open(holes, ReadLimits.DEFAULT);
        assertThat(disk.extentAt(0)).isEqualTo(new Extent.Zero(0, 4096, true));
        assertThat(disk.extentAt(4096)).isEqualTo(new Extent.Data(4096, BLOCK_BYTES - 4096, DATA + BLOCK_BYTES + 4096));
    }

    @Test
    void openingReadsOnlyTheHeader() throws Exception {
        byte[] head = Arrays.copyOf(
                new CraftedVdi().u32(340, 1 << 30).u32(344, 2 << 30).bytes(), 512);
        ByteSource source = new GuardedByteSource(1L << 40, head, new byte[0], 512, 0);
        assertThat(VdiDisk.open(source, ReadLimits.DEFAULT).info().virtualSizeBytes())
                .isEqualTo(VIRTUAL_BYTES);
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                refuse(
                        "ends in the header",
                        image -> image.length(455),
                        455,
                        "ends after 455 bytes, inside the header of 456"),
                refuse("header too short", image -> image.u32(72, 383), 72, "header length of 383 is below the 384"),
                refuse("block size 0", image -> image.u32(376, 0), 376, "block size of 0 bytes is not a power of two"),
                refuse("odd block size", image -> image.u32(376, 3 << 19), 376, "1572864 bytes is not a power of two"),
                refuse("more allocated than there are", image -> image.u32(388, 4), 388, "4 blocks are said to be"),
                refuse("4 G allocated", image -> image.u32(388, -1), 388, "4294967295 blocks are said to be"),
                refuse("no disk", image -> image.u64(368, 0), 368, "virtual size is 0"),
                refuse(
                        "too few blocks",
                        image -> image.u64(368, 3145729),
                        384,
                        "3 blocks of 1048576 bytes are too few"),
                refuse("16 EiB", image -> image.u64(368, -1), 384, "for a disk of 18446744073709551615 bytes"),
                refuse("no blocks", image -> image.u32(384, 0).u32(388, 0), 384, "0 blocks of 1048576"),
                refuse(
                        "map in the header",
                        image -> image.u32(340, 455),
                        340,
                        "block map at 0x1c7 overlaps the header"),
                refuse("map behind the end", image -> image.u32(340, -1), 340, "is the file cut short?"),
                refuse(
                        "map cut off",
                        image -> image.length(MAP + 11),
                        340,
                        "does not lie inside the file of 523 bytes"),
                refuse(
                        "more blocks than the file is long",
                        image -> image.u32(384, -1),
                        340,
                        "map of 4294967295 entries"),
                refuse(
                        "blocks over the map",
                        image -> image.u32(344, MAP + 11),
                        344,
                        "overlap the block map of 3 entries"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void malformed(String name, UnaryOperator<CraftedVdi> change, long offset, String message) {
        assertRefused(name, change, MalformedDiskException.class, offset, message);
    }

    static Stream<Arguments> unsupported() {
        return Stream.of(
                refuse("version 1.0", image -> image.u32(68, 0x10000), 68, "version 1.0 of the format"),
                refuse("version 1.2", image -> image.u32(68, 0x10002), 68, "version 1.2 of the format"),
                refuse("the oldest version", image -> image.u32(68, 2), 68, "version 0.2 of the format"),
                refuse("the last version", image -> image.u32(68, -1), 68, "version 65535.65535 of the format"),
                refuse(
                        "undo",
                        image -> image.u32(76, 3),
                        76,
                        "this is an undo image, whose other data are in its parent"),
                refuse("differencing", image -> image.u32(76, 4), 76, "this is a differencing image"),
                refuse(
                        "link, first half",
                        image -> image.u64(424, 1),
                        424,
                        "images that refer to other files are refused"),
                refuse("link, last half", image -> image.u64(432, 1L << 63), 424, "this is a differencing image"),
                refuse("parent, first half", image -> image.u64(440, 1), 440, "this is a differencing image"),
                refuse("parent, last half", image -> image.u64(448, 1), 440, "this is a differencing image"),
                refuse("type 0", image -> image.u32(76, 0), 76, "of the type 0"),
                refuse("type 5", image -> image.u32(76, 5), 76, "of the type 5"),
                refuse("large sectors", image -> image.u32(360, 4096), 360, "sectors of 4096 bytes"),
                refuse("map inside a sector", image -> image.u32(340, 500), 340, "the block map at 0x1f4 does not"),
                refuse("blocks inside a sector", image -> image.u32(344, 1025), 344, "first block at 0x401 does not"),
                refuse("tiny blocks", image -> image.u32(376, 256), 376, "blocks of 256 bytes"),
                refuse("extra data", image -> image.u32(380, 512), 380, "512 extra bytes each"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void unsupported(String name, UnaryOperator<CraftedVdi> change, long offset, String message) {
        assertRefused(name, change, UnsupportedDiskException.class, offset, message);
    }

    /** Whatever the bytes are: extents inside the file, or a refusal. */
    @Test
    void randomDamageNeverGetsThrough() throws IOException {
        Random random = new Random(42);
        byte[] good = new CraftedVdi().u32(376, 65_536).u64(368, 150_000).bytes();
        int[] fields = {68, 72, 76, 340, 344, 360, 368, 372, 376, 380, 384, 388, 424, 440, MAP, MAP + 4, MAP + 8};
        int refused = 0;
        int rounds = 5_000;
        for (int round = 0; round < rounds; round++) {
            int length = random.nextInt(4) == 0 ? random.nextInt(2000) : DATA + 2 * 65_536;
            byte[] head = Arrays.copyOf(good, 2000);
            for (int damage = random.nextInt(2); damage >= 0; damage--) {
                int field = fields[random.nextInt(fields.length)] + random.nextInt(4);
                head[field] = (byte) (random.nextBoolean() ? 1 << random.nextInt(8) : random.nextInt());
            }
            ByteSource source = new MemoryByteSource(Arrays.copyOf(head, length));
            try {
                VirtualDisk disk = VdiDisk.open(source, ReadLimits.DEFAULT);
                for (Extent extent : extents(disk)) {
                    if (extent instanceof Extent.Data data) {
                        assertThat(data.sourceOffset() + data.lengthBytes()).isBetween(1L, (long) length);
                    }
                }
            } catch (DiskException e) {
                refused++;
                assertThat(e.offset()).isBetween(0L, (long) length);
                assertThat(e).hasMessageStartingWith("vdi: ");
            }
        }
        assertThat(refused).isBetween(rounds / 10, rounds - 1);
    }

    private static void assertRefused(
            String name,
            UnaryOperator<CraftedVdi> change,
            Class<? extends DiskException> kind,
            long offset,
            String message) {
        ByteSource source = change.apply(new CraftedVdi()).source();
        assertThatThrownBy(() -> VdiDisk.open(source, ReadLimits.DEFAULT))
                .as(name)
                .isInstanceOf(kind)
                .hasMessageStartingWith("vdi: ")
                .hasMessageContaining(message)
                .extracting(e -> ((DiskException) e).offset())
                .isEqualTo(offset);
    }

    private static Arguments refuse(String name, UnaryOperator<CraftedVdi> change, long offset, String message) {
        return arguments(name, change, offset, message);
    }

    private static VirtualDisk open(CraftedVdi image) throws Exception {
        return VdiDisk.open(image.source(), ReadLimits.DEFAULT);
    }

    private static List<Extent> extents(VirtualDisk disk) throws IOException, DiskException {
        List<Extent> extents = new ArrayList<>();
        ExtentWalk walk = new ExtentWalk(disk);
        for (Extent extent = walk.next(); extent != null; extent = walk.next()) {
            extents.add(extent);
        }
        return extents;
    }
}
