package io.virtualimage.disk.vhdx;

import static io.virtualimage.disk.vhdx.CraftedVhdx.*;
import static io.virtualimage.disk.vhdx.VhdxFormat.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class VhdxDiskTest {
    private static final int FIRST_REGION = REGION_TABLE_1_OFFSET + REGION_TABLE_HEADER_BYTES;
    private static final int SECOND_REGION = FIRST_REGION + REGION_ENTRY_BYTES;
    private static final int THIRD_REGION = SECOND_REGION + REGION_ENTRY_BYTES;

    @Test
    void tellsTheDisk() throws Exception {
        VhdxDisk disk = open(new CraftedVhdx());
        assertThat(disk.info()).isEqualTo(new DiskInfo(DiskFormat.VHDX, VIRTUAL_SIZE, false));
        assertThat(disk.extentAt(0)).isEqualTo(new Extent.Data(0, MIB, FIRST_BLOCK));
        assertThat(disk.extentAt(MIB - 1)).isEqualTo(new Extent.Data(MIB - 1, 1, FIRST_BLOCK + MIB - 1));
        assertThat(disk.extentAt(MIB + 5)).isEqualTo(new Extent.Zero(MIB + 5, MIB - 5, false));
        assertThat(disk.extentAt(2 * MIB + 512))
                .isEqualTo(new Extent.Data(2 * MIB + 512, MIB - 512, SECOND_BLOCK + 512));
        assertThat(disk.extentAt(5 * MIB)).isEqualTo(new Extent.Zero(5 * MIB, 512, false));
    }

    @Test
    void knowsItsSignature() {
        assertThat(VhdxDisk.matches(ByteBuffer.wrap(new CraftedVhdx().bytes()))).isTrue();
        assertThat(VhdxDisk.matches(ByteBuffer.wrap("vhdxfil".getBytes(StandardCharsets.US_ASCII))))
                .isFalse();
        assertThat(VhdxDisk.matches(ByteBuffer.wrap("vhdxFile".getBytes(StandardCharsets.US_ASCII))))
                .isFalse();
    }

    /** {@code VhdxQemuJudgeTest} shows each to QEMU, too. */
    static Stream<Arguments> accepted() {
        return Stream.of(
                accept("as it is", image -> image),
                accept("first header damaged", image -> image.spoil(HEADER_1_OFFSET + 2000)),
                accept("second header damaged", image -> image.spoil(HEADER_2_OFFSET)),
                accept(
                        "first header is newer",
                        image -> image.u64(HEADER_1_OFFSET + HEADER_SEQUENCE_NUMBER_OFFSET, -1)
                                .u64(HEADER_2_OFFSET + HEADER_LOG_OFFSET_OFFSET, 5)),
                accept("twice the same header", image -> image.headers64(HEADER_SEQUENCE_NUMBER_OFFSET, 8)),
                accept("second region table damaged", image -> image.spoil(REGION_TABLE_2_OFFSET + 60_000)),
                accept(
                        "unknown region that is not needed",
                        image -> image.length(LENGTH + MIB)
                                .region(2, UNKNOWN_GUID, LENGTH, MIB, 0)
                                .regions(3)),
                accept("no log", image -> image.headers32(HEADER_LOG_LENGTH_OFFSET, 0)),
                accept("unknown item", image -> image.spareItem(UNKNOWN_GUID, ITEMS + 100, 9, 3)),
                accept("fixed", image -> image.u32(FILE_PARAMETERS_ITEM + 4, LEAVE_BLOCKS_ALLOCATED_FLAG)),
                accept("reserved bits", image -> image.u32(FILE_PARAMETERS_ITEM + 4, -4)),
                accept("physical sectors of 4 KiB", image -> image.u32(PHYSICAL_SECTOR_ITEM, 4096)),
                accept("undefined block", image -> image.bat(0, FIRST_BLOCK | BLOCK_UNDEFINED)),
                accept("zero block", image -> image.bat(0, BLOCK_ZERO)),
                accept("unmapped block", image -> image.bat(0, FIRST_BLOCK | BLOCK_UNMAPPED)),
                accept("block unmapped by a draft", image -> image.bat(0, BLOCK_UNMAPPED_DRAFT)),
                accept("reserved bits of the BAT", image -> image.bat(0, 0xffff8L | FIRST_BLOCK | BLOCK_FULLY_PRESENT)),
                accept(
                        "larger blocks",
                        image -> image.u32(FILE_PARAMETERS_ITEM, 2 * MIB).bat(2, 0)),
                accept("log that is not written to yet", CraftedVhdx::withLog));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("accepted")
    void accepts(String name, UnaryOperator<CraftedVhdx> change) throws Exception {
        VhdxDisk disk = open(change.apply(new CraftedVhdx()));
        assertThat(disk.info().virtualSizeBytes()).isEqualTo(VIRTUAL_SIZE);
        for (long offset = 0;
                offset < VIRTUAL_SIZE;
                offset = disk.extentAt(offset).end()) {
            assertThat(disk.extentAt(offset).offset()).isEqualTo(offset);
        }
    }

    @Test
    void onlyZeroBlocksAreSaidToBeZero() throws Exception {
        for (int state :
                new int[] {BLOCK_NOT_PRESENT, BLOCK_UNDEFINED, BLOCK_ZERO, BLOCK_UNMAPPED, BLOCK_UNMAPPED_DRAFT}) {
            assertThat(open(new CraftedVhdx().bat(0, FIRST_BLOCK | state)).extentAt(0))
                    .isEqualTo(new Extent.Zero(0, MIB, state == BLOCK_ZERO));
        }
    }

    @Test
    void secondRegionTableStandsIn() throws Exception {
        CraftedVhdx image = new CraftedVhdx().guid(FIRST_REGION, UNKNOWN_GUID).spoil(REGION_TABLE_1_OFFSET);
        assertThat(open(image).info().virtualSizeBytes()).isEqualTo(VIRTUAL_SIZE);
    }

    @Test
    void firstRegionTableCounts() throws Exception {
        CraftedVhdx image = new CraftedVhdx().guid(FIRST_REGION + REGION_TABLE_BYTES, UNKNOWN_GUID);
        assertThat(open(image).info().virtualSizeBytes()).isEqualTo(VIRTUAL_SIZE);
    }

    /** It may begin where the file ends, as the fuzzer found. */
    @Test
    void metadataRegionWithoutRoom() {
        CraftedVhdx image = new CraftedVhdx().region(1, METADATA_REGION, METADATA, 0, 1);
        assertThatThrownBy(() -> open(image))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageContaining("metadata region of 0 bytes");
    }

    /** They mean nothing without a parent, and some versions of QEMU wrote garbage there. */
    @Test
    void entriesOfSectorBitmapsAreSkipped() throws Exception {
        CraftedVhdx image = new CraftedVhdx()
                .u64(VIRTUAL_SIZE_ITEM, 5L << 30)
                .bat(4095, SECOND_BLOCK | BLOCK_FULLY_PRESENT)
                .bat(4096, -1)
                .bat(4097, FIRST_BLOCK | BLOCK_FULLY_PRESENT);
        VhdxDisk disk = open(image);
        assertThat(disk.extentAt((4L << 30) - 1)).isEqualTo(new Extent.Data((4L << 30) - 1, 1, LENGTH - 1));
        assertThat(disk.extentAt(4L << 30)).isEqualTo(new Extent.Data(4L << 30, MIB, FIRST_BLOCK));
    }

    /** Programs that make fixed images let the file end where the disk does. */
    @Test
    void lastBlockMayEndWithTheFile() throws Exception {
        CraftedVhdx image = new CraftedVhdx()
                .bat(2, 0)
                .bat(5, SECOND_BLOCK | BLOCK_FULLY_PRESENT)
                .length(SECOND_BLOCK + 512);
        assertThat(open(image).extentAt(5 * MIB)).isEqualTo(new Extent.Data(5 * MIB, 512, SECOND_BLOCK));
        assertThatThrownBy(() -> open(image.length(SECOND_BLOCK + 511)).extentAt(5 * MIB))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageContaining("data block at 0x500000 does not lie inside the file of 5243391 bytes");
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                malformed("inside the header section", MIB - 1, image -> image.length(MIB - 1)),
                malformed(
                        "both headers, at 0x10000 and 0x20000, are damaged",
                        HEADER_1_OFFSET,
                        image -> image.spoil(HEADER_1_OFFSET + HEADER_BYTES - 1).spoil(HEADER_2_OFFSET + 8)),
                malformed(
                        "both headers",
                        HEADER_1_OFFSET,
                        image -> image.u8(HEADER_1_OFFSET, 'H').u8(HEADER_2_OFFSET, 'H')),
                malformed(
                        "same sequence number",
                        HEADER_2_OFFSET + 8,
                        image -> image.headers64(HEADER_SEQUENCE_NUMBER_OFFSET, 8)
                                .u8(HEADER_1_OFFSET + 20, 1)),
                unsupported(
                        "version 2 of the format",
                        HEADER_2_OFFSET + 66,
                        image -> image.u16(HEADER_2_OFFSET + HEADER_VERSION_OFFSET, 2)),
                unsupported(
                        "version 65535 of the log",
                        HEADER_2_OFFSET + 64,
                        image -> image.headers16(HEADER_LOG_VERSION_OFFSET, -1)),
                malformed(
                        "log of 1048576 bytes at 0x180000",
                        HEADER_2_OFFSET + 72,
                        image -> image.headers64(HEADER_LOG_OFFSET_OFFSET, MIB + MIB / 2)),
                malformed(
                        "log of 1048576 bytes at 0x0",
                        HEADER_2_OFFSET + 72,
                        image -> image.headers64(HEADER_LOG_OFFSET_OFFSET, 0)),
                malformed(
                        "log of 1048576 bytes at 0x8000000000000000",
                        HEADER_2_OFFSET + 72,
                        image -> image.headers64(HEADER_LOG_OFFSET_OFFSET, Long.MIN_VALUE)),
                malformed(
                        "log of 1048577 bytes",
                        HEADER_2_OFFSET + 72,
                        image -> image.headers32(HEADER_LOG_LENGTH_OFFSET, MIB + 1)),
                malformed(
                        "log of 4293918720 bytes at 0x100000 does not lie",
                        HEADER_2_OFFSET + 72,
                        image -> image.headers32(HEADER_LOG_LENGTH_OFFSET, -MIB)),
                malformed(
                        "is the file cut short?",
                        HEADER_2_OFFSET + 72,
                        image -> image.headers64(HEADER_LOG_OFFSET_OFFSET, Long.MAX_VALUE - MIB + 1)),
                malformed(
                        "both region tables",
                        REGION_TABLE_1_OFFSET,
                        image -> image.spoil(REGION_TABLE_1_OFFSET + 9).spoil(REGION_TABLE_2_OFFSET)),
                malformed("2048 regions", REGION_TABLE_1_OFFSET + 8, image -> image.regions(2048)),
                malformed("4294967295 regions", REGION_TABLE_1_OFFSET + 8, image -> image.regions(-1)),
                unsupported(
                        "needs the region " + UNKNOWN_GUID,
                        THIRD_REGION,
                        image -> image.region(2, UNKNOWN_GUID, LENGTH, MIB, 1).regions(3)),
                malformed(
                        "listed twice",
                        THIRD_REGION,
                        image -> image.region(2, BAT_REGION, LENGTH - MIB, MIB, 1)
                                .regions(3)),
                malformed(
                        "listed twice",
                        THIRD_REGION,
                        image -> image.region(2, METADATA_REGION, LENGTH - MIB, MIB, 1)
                                .regions(3)),
                malformed(
                        "does not list the BAT",
                        REGION_TABLE_1_OFFSET,
                        image -> image.region(0, UNKNOWN_GUID, BAT, MIB, 0)),
                malformed("does not list the metadata region", REGION_TABLE_1_OFFSET, image -> image.regions(1)),
                malformed("does not list the metadata region", REGION_TABLE_1_OFFSET, image -> image.regions(0)),
                malformed(
                        "BAT of 1048576 bytes at 0x0 is not",
                        FIRST_REGION,
                        image -> image.region(0, BAT_REGION, 0, MIB, 1)),
                malformed("not whole units", FIRST_REGION, image -> image.region(0, BAT_REGION, BAT + 512, MIB, 1)),
                malformed("not whole units", FIRST_REGION, image -> image.region(0, BAT_REGION, BAT, 4096, 1)),
                malformed(
                        "not whole units", FIRST_REGION, image -> image.region(0, BAT_REGION, Long.MIN_VALUE, MIB, 1)),
                malformed(
                        "BAT of 1048576 bytes at 0x600000 does not lie",
                        FIRST_REGION,
                        image -> image.region(0, BAT_REGION, LENGTH, MIB, 1)),
                malformed(
                        "does not lie inside",
                        SECOND_REGION,
                        image -> image.region(1, METADATA_REGION, Long.MAX_VALUE - MIB + 1, MIB, 1)),
                malformed(
                        "metadata region at 0x200000 overlaps the BAT at 0x200000",
                        SECOND_REGION,
                        image -> image.region(1, METADATA_REGION, BAT, MIB, 1)),
                malformed(
                        "BAT at 0x100000 overlaps the log at 0x100000",
                        FIRST_REGION,
                        image -> image.region(0, BAT_REGION, LOG, 2 * MIB, 1)),
                malformed(
                        "overlaps the metadata region at 0x300000",
                        THIRD_REGION,
                        image -> image.region(0, BAT_REGION, FIRST_BLOCK, MIB, 1)
                                .region(2, UNKNOWN_GUID, BAT, 2 * MIB, 0)
                                .regions(3)),
                malformed("metadata table does not begin", METADATA, image -> image.u8(METADATA + 7, 'A')),
                malformed("2048 metadata items", METADATA + 10, image -> image.u16(METADATA + 10, 2048)),
                malformed("65535 metadata items", METADATA + 10, image -> image.u16(METADATA + 10, 65_535)),
                unsupported(
                        "needs the metadata item " + UNKNOWN_GUID,
                        SPARE_ENTRY,
                        image -> image.spareItem(UNKNOWN_GUID, ITEMS + 100, 4, 4)),
                unsupported(
                        "differencing disk",
                        FILE_PARAMETERS_ITEM + 4,
                        image -> image.u32(FILE_PARAMETERS_ITEM + 4, HAS_PARENT_FLAG)),
                unsupported(
                        "images that refer to other files are refused",
                        SPARE_ENTRY,
                        image -> image.spareItem(PARENT_LOCATOR, ITEMS + 100, 20, 4)),
                missing("file parameters", FILE_PARAMETERS_ENTRY),
                missing("virtual disk size", VIRTUAL_SIZE_ENTRY),
                missing("virtual disk ID", DISK_ID_ENTRY),
                missing("logical sector size", LOGICAL_SECTOR_ENTRY),
                missing("physical sector size", PHYSICAL_SECTOR_ENTRY),
                malformed(
                        "virtual disk size is listed twice",
                        SPARE_ENTRY,
                        image -> image.spareItem(VIRTUAL_DISK_SIZE, ITEMS + 100, 8, 6)),
                malformed(
                        "virtual disk size is marked as the user's",
                        VIRTUAL_SIZE_ENTRY,
                        image -> image.u32(VIRTUAL_SIZE_ENTRY + METADATA_FLAGS_OFFSET, 7)),
                malformed(
                        "file parameters is said to have 7 bytes",
                        FILE_PARAMETERS_ENTRY,
                        image -> image.u32(FILE_PARAMETERS_ENTRY + METADATA_ITEM_LENGTH_OFFSET, 7)),
                malformed(
                        "virtual disk size at 0xfff8 does not lie",
                        VIRTUAL_SIZE_ENTRY,
                        image -> image.u32(VIRTUAL_SIZE_ENTRY + METADATA_ITEM_OFFSET_OFFSET, METADATA_TABLE_BYTES - 8)),
                malformed(
                        "virtual disk size at 0xffff9 does not lie",
                        VIRTUAL_SIZE_ENTRY,
                        image -> image.u32(VIRTUAL_SIZE_ENTRY + METADATA_ITEM_OFFSET_OFFSET, MIB - 7)),
                malformed(
                        "virtual disk size at 0xffffffff does not lie",
                        VIRTUAL_SIZE_ENTRY,
                        image -> image.u32(VIRTUAL_SIZE_ENTRY + METADATA_ITEM_OFFSET_OFFSET, -1)),
                blockSize(0),
                blockSize(512 << 10),
                blockSize(3 << 20),
                blockSize(512 << 20),
                blockSize(1L << 31),
                malformed(
                        "sector size of 520 bytes", LOGICAL_SECTOR_ITEM, image -> image.u32(LOGICAL_SECTOR_ITEM, 520)),
                malformed(
                        "sector size of 4294967295 bytes",
                        PHYSICAL_SECTOR_ITEM,
                        image -> image.u32(PHYSICAL_SECTOR_ITEM, -1)),
                malformed("virtual size is 0", VIRTUAL_SIZE_ITEM, image -> image.u64(VIRTUAL_SIZE_ITEM, 0)),
                malformed("above 64 TiB", VIRTUAL_SIZE_ITEM, image -> image.u64(VIRTUAL_SIZE_ITEM, (64L << 40) + 512)),
                malformed(
                        "18446744073709551104 bytes is above 64 TiB",
                        VIRTUAL_SIZE_ITEM,
                        image -> image.u64(VIRTUAL_SIZE_ITEM, -512)),
                malformed(
                        "not a multiple of the sector size of 512",
                        VIRTUAL_SIZE_ITEM,
                        image -> image.u64(VIRTUAL_SIZE_ITEM, 511)),
                unsupported(
                        "logical sectors of 4096 bytes are not supported",
                        LOGICAL_SECTOR_ITEM,
                        image -> image.u32(LOGICAL_SECTOR_ITEM, 4096)),
                malformed(
                        "BAT of 1048576 bytes is too short for the 131073 entries",
                        BAT,
                        image -> image.u64(VIRTUAL_SIZE_ITEM, (131_073L - 31) << 20)),
                malformed(
                        "BAT of 1048576 bytes is too short",
                        BAT,
                        image -> image.u64(VIRTUAL_SIZE_ITEM, MAX_VIRTUAL_SIZE_BYTES)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void refuses(String message, Class<? extends DiskException> type, long offset, UnaryOperator<CraftedVhdx> change) {
        DiskException refusal = catchThrowableOfType(DiskException.class, () -> open(change.apply(new CraftedVhdx())));
        assertThat(refusal)
                .isExactlyInstanceOf(type)
                .hasMessageStartingWith("vhdx: ")
                .hasMessageContaining(message);
        assertThat(refusal.offset()).isEqualTo(offset);
    }

    @Test
    void theLongestBatThatFits() throws Exception {
        // 131,072 entries, of which 31 are for sector bitmaps.
        CraftedVhdx image = new CraftedVhdx()
                .u64(VIRTUAL_SIZE_ITEM, (131_072L - 31) << 20)
                .bat(131_071, FIRST_BLOCK | BLOCK_FULLY_PRESENT);
        long last = (131_071L - 31) << 20;
        assertThat(open(image).extentAt(last)).isEqualTo(new Extent.Data(last, MIB, FIRST_BLOCK));
    }

    static Stream<Arguments> badBlocks() {
        return Stream.of(
                arguments("state 4 of the block at 0x0 is reserved", 4L | FIRST_BLOCK),
                arguments("partly in a parent", (long) FIRST_BLOCK | BLOCK_PARTIALLY_PRESENT),
                arguments("lies in the header section", (long) BLOCK_FULLY_PRESENT),
                arguments("0x600000 does not lie inside", (long) LENGTH | BLOCK_FULLY_PRESENT),
                arguments("0xfffffffffff00000 does not lie inside", -(long) MIB | BLOCK_FULLY_PRESENT),
                arguments("0x7ffffffffff00000 does not lie inside", Long.MAX_VALUE - MIB + 1 | BLOCK_FULLY_PRESENT),
                arguments("overlaps the log at 0x100000", (long) LOG | BLOCK_FULLY_PRESENT),
                arguments("overlaps the BAT at 0x200000", (long) BAT | BLOCK_FULLY_PRESENT),
                arguments("overlaps the metadata region at 0x300000", (long) METADATA | BLOCK_FULLY_PRESENT));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badBlocks")
    void refusesBlocks(String message, long entry) throws Exception {
        VhdxDisk disk = open(new CraftedVhdx().bat(0, entry));
        DiskException refusal = catchThrowableOfType(DiskException.class, () -> disk.extentAt(0));
        assertThat(refusal)
                .isExactlyInstanceOf(MalformedDiskException.class)
                .hasMessageStartingWith("vhdx: ")
                .hasMessageContaining(message);
        assertThat(refusal.offset()).isEqualTo(BAT);
        // What is well can still be read.
        assertThat(disk.extentAt(2 * MIB)).isEqualTo(new Extent.Data(2 * MIB, MIB, SECOND_BLOCK));
    }

    @Test
    void blocksOverlapWithAnyPart() throws Exception {
        CraftedVhdx image = new CraftedVhdx()
                .region(0, BAT_REGION, SECOND_BLOCK, MIB, 1)
                .u32(FILE_PARAMETERS_ITEM, 2 * MIB)
                .u64(SECOND_BLOCK, FIRST_BLOCK | BLOCK_FULLY_PRESENT);
        assertThatThrownBy(() -> open(image).extentAt(0))
                .hasMessageContaining("data block at 0x400000 overlaps the BAT at 0x500000");
    }

    @Test
    void anyDamageIsAnAnswerOrARefusal() throws IOException {
        Random random = new Random(5);
        byte[] intact = new CraftedVhdx().bytes();
        int[] places = {HEADER_2_OFFSET, REGION_TABLE_1_OFFSET, BAT, METADATA, METADATA + 32, ITEMS};
        for (int round = 0; round < 3000; round++) {
            ByteBuffer image = ByteBuffer.wrap(intact).order(ByteOrder.LITTLE_ENDIAN);
            int place = places[random.nextInt(places.length)] + random.nextInt(80);
            byte before = image.get(place);
            image.put(place, (byte) random.nextInt());
            CraftedVhdx.seal(image, HEADER_2_OFFSET, HEADER_BYTES);
            CraftedVhdx.seal(image, REGION_TABLE_1_OFFSET, REGION_TABLE_BYTES);
            try {
                VhdxDisk disk = VhdxDisk.open(new MemoryByteSource(intact), ReadLimits.DEFAULT);
                long size = disk.info().virtualSizeBytes();
                for (long offset : new long[] {0, size / 2, size - 1}) {
                    Extent extent = disk.extentAt(offset);
                    assertThat(extent.end()).isLessThanOrEqualTo(size);
                    if (extent instanceof Extent.Data data) {
                        assertThat(data.sourceOffset() + data.lengthBytes()).isLessThanOrEqualTo(LENGTH);
                    }
                }
            } catch (DiskException e) {
                assertThat(e.offset()).isBetween(0L, (long) LENGTH);
            }
            image.put(place, before);
        }
    }

    private static VhdxDisk open(CraftedVhdx image) throws IOException, DiskException {
        return VhdxDisk.open(image.source(), ReadLimits.DEFAULT);
    }

    private static Arguments accept(String name, UnaryOperator<CraftedVhdx> change) {
        return arguments(name, change);
    }

    private static Arguments malformed(String message, long offset, UnaryOperator<CraftedVhdx> change) {
        return arguments(message, MalformedDiskException.class, offset, change);
    }

    private static Arguments unsupported(String message, long offset, UnaryOperator<CraftedVhdx> change) {
        return arguments(message, UnsupportedDiskException.class, offset, change);
    }

    private static Arguments missing(String name, int entry) {
        UUID other = UUID.fromString("99999999-9999-9999-9999-999999999999");
        return malformed(
                "lack the " + name, METADATA, image -> image.guid(entry, other).u32(entry + METADATA_FLAGS_OFFSET, 0));
    }

    private static Arguments blockSize(long bytes) {
        return malformed(
                "block size of %d bytes".formatted(bytes),
                FILE_PARAMETERS_ITEM,
                image -> image.u32(FILE_PARAMETERS_ITEM, bytes));
    }
}
