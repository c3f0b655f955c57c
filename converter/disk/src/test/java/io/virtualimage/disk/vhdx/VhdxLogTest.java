package io.virtualimage.disk.vhdx;

import static io.virtualimage.disk.vhdx.CraftedVhdx.*;
import static io.virtualimage.disk.vhdx.VhdxFormat.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.GuardedByteSource;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.content.ExtentWalk;
import java.io.IOException;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class VhdxLogTest {
    private static final int LOG_SECTORS = MIB / LOG_SECTOR_BYTES;
    /** The BAT of the crafted image with a fourth block that is the same as the first. */
    private static final byte[] NEW_BAT = new CraftedVhdx().sectorWith(BAT, 24, FIRST_BLOCK | BLOCK_FULLY_PRESENT);

    private static final byte[] SMALLER_DISK = new CraftedVhdx().sectorWith(ITEMS, 8, 2 * MIB);

    private static final String UNCHANGED = "400000 unknown 500000 unknown";
    private static final String WITH_NEW_BAT = "400000 unknown 500000 400000 unknown";

    /**
     * Logs that can be played back. What they make of the disk is told run by run: the offset in the file, {@code
     * unknown} for what the image doesn't mention, or {@code zero}. {@code VhdxQemuJudgeTest} shows them to QEMU, too.
     */
    static Stream<Arguments> asQemuDoes() {
        return Stream.of(
                log("an update", WITH_NEW_BAT, image -> image.log(0, entry(1).data(BAT, NEW_BAT))),
                log("zeros", "unknown", image -> image.log(0, entry(1).zero(BAT, 8192))),
                log("nothing", UNCHANGED, image -> image.log(0, entry(1))),
                log("zeros of no length", UNCHANGED, image -> image.log(0, entry(1).zero(BAT, 0))),
                log(
                        "in the middle of the log",
                        WITH_NEW_BAT,
                        image -> image.log(77, new CraftedLogEntry(9, 77).data(BAT, NEW_BAT))),
                log(
                        "sequence in order",
                        WITH_NEW_BAT,
                        image -> image.log(0, entry(1).zero(BAT, 4096)).log(1, entry(2).data(BAT, NEW_BAT)).log(
                                3, entry(3))),
                log(
                        "within one entry in order",
                        "unknown",
                        image -> image.log(0, entry(1).data(BAT, NEW_BAT).zero(BAT, 4096))),
                log(
                        "newer sequence behind the older",
                        "unknown",
                        image -> image.log(0, entry(4).data(BAT, NEW_BAT)).log(
                                50, new CraftedLogEntry(6, 50).zero(BAT, 4096))),
                log(
                        "newer sequence before the older",
                        WITH_NEW_BAT,
                        image -> image.log(0, entry(7).data(BAT, NEW_BAT)).log(
                                50, new CraftedLogEntry(6, 50).zero(BAT, 4096))),
                log(
                        "numbers are unsigned",
                        WITH_NEW_BAT,
                        image -> image.log(0, entry(Long.MIN_VALUE).data(BAT, NEW_BAT)).log(
                                50, new CraftedLogEntry(6, 50).zero(BAT, 4096))),
                log(
                        "over the end of the log",
                        WITH_NEW_BAT,
                        image ->
                                image.log(LOG_SECTORS - 1, new CraftedLogEntry(1, LOG_SECTORS - 1).data(BAT, NEW_BAT))),
                log(
                        "torn entry at the end",
                        WITH_NEW_BAT,
                        image -> image.log(0, entry(1).data(BAT, NEW_BAT)).log(
                                2, entry(2).zero(BAT, 4096).torn())),
                log(
                        "gap in the numbers",
                        "unknown",
                        image -> image.log(0, entry(1).data(BAT, NEW_BAT)).log(
                                2, new CraftedLogEntry(3, 2).zero(BAT, 4096))),
                log(
                        "entry of an older log",
                        WITH_NEW_BAT,
                        image -> image.log(0, entry(1).data(BAT, NEW_BAT)).log(
                                2, entry(2).guid(UNKNOWN_GUID).zero(BAT, 4096))),
                log("metadata", "400000 unknown", image -> image.log(0, entry(1).data(ITEMS, SMALLER_DISK))),
                log("region table", UNCHANGED, image -> {
                    byte[] table = Arrays.copyOfRange(
                            new CraftedVhdx().bytes(), REGION_TABLE_1_OFFSET, REGION_TABLE_1_OFFSET + 4096);
                    return image.spoil(REGION_TABLE_1_OFFSET)
                            .spoil(REGION_TABLE_2_OFFSET)
                            .log(0, entry(1).data(REGION_TABLE_1_OFFSET, table));
                }),
                log(
                        "behind the end of the file",
                        UNCHANGED,
                        image -> image.log(0, entry(1).data(LENGTH + 4096, NEW_BAT))),
                log(
                        "zeros over data",
                        "400000 unknown 500000 zero 503000 unknown",
                        image -> image.log(0, entry(1).zero(SECOND_BLOCK + 4096, 8192))));
    }

    /**
     * As above, but here QEMU 7.2 does not follow the specification: it takes a full log for an empty one, reads wrong
     * descriptors if there are more than 126, ignores tails, takes a sequence's first number for the sequence's, not the
     * last, and leaves the file as short as it is.
     */
    static Stream<Arguments> unlikeQemu() {
        return Stream.of(
                log(
                        "all of the log",
                        WITH_NEW_BAT,
                        image -> image.log(0, entry(1).data(BAT, NEW_BAT).padded(LOG_SECTORS - 2))),
                log(
                        "all of the log, over its end",
                        WITH_NEW_BAT,
                        image -> image.log(
                                9, new CraftedLogEntry(1, 9).data(BAT, NEW_BAT).padded(LOG_SECTORS - 2))),
                log("more descriptors than fit into one sector", WITH_NEW_BAT, image -> {
                    CraftedLogEntry entry = entry(1);
                    for (int i = 1; i <= 255; i++) {
                        entry.zero(BAT + i * 4096, 4096);
                    }
                    return image.log(0, entry.data(BAT, NEW_BAT));
                }),
                log(
                        "head is its own tail",
                        UNCHANGED,
                        image -> image.log(0, entry(1).zero(BAT, 4096)).log(1, new CraftedLogEntry(2, 1))),
                log(
                        "sequence over the end of the log",
                        "500000 unknown",
                        image -> image
                                .log(
                                        LOG_SECTORS - 2,
                                        new CraftedLogEntry(9, LOG_SECTORS - 2)
                                                .data(
                                                        BAT,
                                                        image.sectorWith(BAT, 0, SECOND_BLOCK | BLOCK_FULLY_PRESENT)))
                                .log(0, new CraftedLogEntry(10, LOG_SECTORS - 2).data(ITEMS, SMALLER_DISK))),
                log(
                        "sequence without its tail",
                        WITH_NEW_BAT,
                        image -> image.log(0, entry(1).data(BAT, NEW_BAT)).log(
                                50, new CraftedLogEntry(6, 40).zero(BAT, 4096))),
                log("file has to be longer", "400000 zero 500000 unknown", image -> {
                    byte[] bat = image.sectorWith(BAT, 8, LENGTH + MIB | BLOCK_FULLY_PRESENT);
                    return image.log(0, entry(1).data(BAT, bat).last(LENGTH + 2 * MIB));
                }),
                log("end of the file in a block", "400000 zero 500000 zero unknown", image -> {
                    byte[] bat = image.sectorWith(BAT, 8, SECOND_BLOCK | BLOCK_FULLY_PRESENT);
                    return image.length(SECOND_BLOCK + MIB / 2)
                            .log(0, entry(1).data(BAT, bat).flushed(0));
                }));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource({"asQemuDoes", "unlikeQemu"})
    void replays(String name, String expected, UnaryOperator<CraftedVhdx> change) throws Exception {
        CraftedVhdx image = change.apply(new CraftedVhdx());
        assertThat(runs(image)).isEqualTo(expected);
    }

    static Stream<Arguments> invalid() {
        return Stream.of(
                arguments("checksum", entry(1).torn()),
                arguments("number 0", entry(0)),
                arguments("tail elsewhere", new CraftedLogEntry(1, 1)),
                arguments("tail behind the log", new CraftedLogEntry(1, LOG_SECTORS)),
                arguments("tail inside a sector", entry(1).u32(LOG_ENTRY_TAIL_OFFSET, 1)),
                arguments("length 0", entry(1).u32(LOG_ENTRY_LENGTH_OFFSET, 0)),
                arguments("length inside a sector", entry(1).u32(LOG_ENTRY_LENGTH_OFFSET, 4095)),
                arguments("longer than the log", entry(1).u32(LOG_ENTRY_LENGTH_OFFSET, MIB + 4096)),
                arguments("longest", entry(1).u32(LOG_ENTRY_LENGTH_OFFSET, -4096)),
                arguments("more descriptors than room", entry(1).u32(LOG_ENTRY_DESCRIPTORS_OFFSET, 127)),
                arguments("most descriptors", entry(1).u32(LOG_ENTRY_DESCRIPTORS_OFFSET, -1)),
                arguments("descriptor's signature", entry(1).zero(BAT, 4096).u32(64, 0)),
                arguments("descriptor's number", entry(1).zero(BAT, 4096).u64(64 + 24, 2)),
                arguments("target inside a sector", entry(1).zero(BAT + 512, 4096)),
                arguments("zeros inside a sector", entry(1).zero(BAT, 512)),
                arguments("fewer sectors than data", entry(1).zero(BAT, 4096).u32(64, 0x6373_6564)),
                arguments("data sector's signature", entry(1).data(BAT, NEW_BAT).u32(4096, 0)),
                arguments(
                        "data sector's number, high",
                        entry(1).data(BAT, NEW_BAT).u32(4096 + 4, 1)),
                arguments(
                        "data sector's number, low", entry(1).data(BAT, NEW_BAT).u32(8188, 0)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("invalid")
    void anEntryThatIsNotValidIsNoSequence(String name, CraftedLogEntry entry) {
        DiskException refusal = refusal(new CraftedVhdx().log(0, entry));
        assertThat(refusal)
                .isExactlyInstanceOf(MalformedDiskException.class)
                .hasMessageStartingWith("vhdx: the log has entries, but no valid sequence of them");
        assertThat(refusal.offset()).isEqualTo(LOG);
    }

    /** As above, when what is left of an older sequence is still there. */
    @ParameterizedTest(name = "{0}")
    @MethodSource("invalid")
    void anEntryThatIsNotValidEndsTheSequence(String name, CraftedLogEntry entry) throws Exception {
        CraftedVhdx image = new CraftedVhdx().log(0, entry).log(30, new CraftedLogEntry(7, 30).zero(BAT, 4096));
        assertThat(runs(image)).isEqualTo("unknown");
    }

    static Stream<Arguments> refused() {
        return Stream.of(
                arguments("had 6291457 when the log was written", LOG + 48, entry(1).flushed(LENGTH + 1)),
                arguments("had 18446744073709551615 when", LOG + 48, entry(1).flushed(-1)),
                arguments("18446744073709551615 bytes that the log asks for", LOG + 56, entry(1).last(-1)),
                arguments("4096 bytes at 0x0, over the headers", LOG + 64, entry(1).zero(0, 4096)),
                arguments("over the headers", LOG + 96, entry(1).zero(BAT, 0).zero(HEADER_2_OFFSET, MIB)),
                arguments("over the headers", LOG + 64, entry(1).data(REGION_TABLE_1_OFFSET - 4096, NEW_BAT)),
                arguments("over itself", LOG + 64, entry(1).data(LOG, NEW_BAT)),
                arguments("over itself", LOG + 64, entry(1).zero(LOG - 4096, 8192)),
                arguments("over itself", LOG + 64, entry(1).zero(BAT - 4096, 8192)),
                arguments("writes 4096 bytes at 0x8000000000000000", LOG + 64, entry(1).zero(Long.MIN_VALUE, 4096)),
                arguments(
                        "at 0x7ffffffffffff000, where no file",
                        LOG + 64,
                        entry(1).data(Long.MAX_VALUE - 4095, NEW_BAT)),
                arguments("writes 18446744073709547520 bytes", LOG + 64, entry(1).zero(BAT, -4096)),
                arguments("where no file ends", LOG + 64, entry(1).zero(BAT, Long.MAX_VALUE - 4095)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("refused")
    void refuses(String message, long offset, CraftedLogEntry entry) {
        DiskException refusal = refusal(new CraftedVhdx().log(0, entry));
        assertThat(refusal)
                .isExactlyInstanceOf(MalformedDiskException.class)
                .hasMessageStartingWith("vhdx: ")
                .hasMessageContaining(message);
        assertThat(refusal.offset()).isEqualTo(offset);
    }

    /** Extents are references into the file, which does not have these bytes. */
    @Test
    void refusesUpdatesOfTheDisksOwnData() throws Exception {
        VhdxDisk disk = open(new CraftedVhdx().log(0, entry(1).data(SECOND_BLOCK + 8192, NEW_BAT)));
        assertThat(disk.extentAt(2 * MIB)).isEqualTo(new Extent.Data(2 * MIB, 8192, SECOND_BLOCK));
        assertThatThrownBy(() -> disk.extentAt(2 * MIB + 8192))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageContaining("the log writes over the disk's own data at 0x502000");
        assertThat(disk.extentAt(2 * MIB + 12_288))
                .isEqualTo(new Extent.Data(2 * MIB + 12_288, MIB - 12_288, SECOND_BLOCK + 12_288));
    }

    @Test
    void theLogIsNotReadWithoutItsName() throws Exception {
        CraftedVhdx image = new CraftedVhdx().log(0, entry(1).zero(BAT, 4096));
        image.guid(HEADER_2_OFFSET + HEADER_LOG_GUID_OFFSET, NO_GUID);
        assertThat(runs(image)).isEqualTo("400000 unknown 500000 unknown");
    }

    @Test
    void theMessageTellsWhereTheFirstEntryIs() {
        assertThat(refusal(new CraftedVhdx().log(3, new CraftedLogEntry(1, 3).torn()))
                        .offset())
                .isEqualTo(LOG + 3 * 4096);
    }

    @ParameterizedTest
    @ValueSource(ints = {4096, 4097})
    void memoryForUpdatesIsLimited(int sectors) throws Exception {
        CraftedLogEntry entry = entry(1).flushed(0);
        for (int i = 0; i < sectors; i++) {
            // Twice to the same places counts once.
            entry.data(64L * MIB + i * 8192L, NEW_BAT).data(64L * MIB, NEW_BAT);
        }
        CraftedVhdx image = withLogBehind(40).log(0, entry);
        if (sectors <= 4096) {
            assertThat(open(image).info().virtualSizeBytes()).isEqualTo(VIRTUAL_SIZE);
        } else {
            assertThatThrownBy(() -> open(image))
                    .isInstanceOf(DiskLimitException.class)
                    .hasMessageContaining("more than 16 MiB");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {65_536, 65_537})
    void memoryForZerosIsLimited(int runs) throws Exception {
        CraftedLogEntry entry = entry(1).flushed(0);
        for (int i = 0; i < runs; i++) {
            entry.zero(64L * MIB + i * 8192L, 4096);
        }
        CraftedVhdx image = withLogBehind(3).log(0, entry);
        if (runs <= 65_536) {
            assertThat(open(image).info().virtualSizeBytes()).isEqualTo(VIRTUAL_SIZE);
        } else {
            assertThatThrownBy(() -> open(image)).isInstanceOf(DiskLimitException.class);
        }
    }

    /** A log that is to be played back is read, all of it. */
    @Test
    void lengthIsLimited() throws Exception {
        byte[] large = withLogBehind(65).withLog().bytes();
        ByteSource source = new GuardedByteSource(1L << 40, Arrays.copyOf(large, MIB), new byte[0], MIB, 0);
        DiskException refusal =
                catchThrowableOfType(DiskException.class, () -> VhdxDisk.open(source, ReadLimits.DEFAULT));
        assertThat(refusal).isInstanceOf(DiskLimitException.class).hasMessageContaining("68157440 bytes");
        assertThat(refusal.offset()).isEqualTo(HEADER_2_OFFSET + HEADER_LOG_LENGTH_OFFSET);
    }

    /** Each sector says that it begins an entry as long as the log, so that each had to be summed up. */
    @Test
    void workIsLimited() {
        CraftedVhdx image = new CraftedVhdx();
        for (int i = 0; i < LOG_SECTORS; i++) {
            image.log(
                    i,
                    new CraftedLogEntry(i + 1, i)
                            .u32(LOG_ENTRY_LENGTH_OFFSET, MIB)
                            .torn());
        }
        DiskException refusal = refusal(image);
        assertThat(refusal)
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageContaining("entries of the log overlap each other");
        assertThat(refusal.offset()).isEqualTo(LOG + 4 * 4096);
    }

    /** A full log of one long sequence, whose head is not right: as many starts as there are entries. */
    @Test
    void aLongSequenceWithoutItsTail() throws Exception {
        CraftedVhdx image = new CraftedVhdx();
        for (int i = 0; i < LOG_SECTORS - 1; i++) {
            image.log(i, new CraftedLogEntry(i + 1, LOG_SECTORS - 1).zero(BAT, 4096));
        }
        assertThat(refusal(image)).hasMessageContaining("no valid sequence");
        image.log(LOG_SECTORS - 2, new CraftedLogEntry(LOG_SECTORS - 1, 100));
        assertThat(runs(image)).isEqualTo("unknown");
    }

    /** The crafted image with a log of so many MiB; what follows it is moved behind it. */
    private static CraftedVhdx withLogBehind(int mebibytes) {
        int moved = LOG + mebibytes * MIB;
        byte[] crafted = new CraftedVhdx().bytes();
        return new CraftedVhdx()
                .length(moved + LENGTH - BAT)
                .headers32(HEADER_LOG_LENGTH_OFFSET, (long) mebibytes * MIB)
                .bytes(BAT, new byte[LENGTH - BAT])
                .bytes(moved, Arrays.copyOfRange(crafted, BAT, LENGTH))
                .region(0, BAT_REGION, moved, MIB, 1)
                .region(1, METADATA_REGION, moved + MIB, MIB, 1);
    }

    private static CraftedLogEntry entry(long sequenceNumber) {
        return new CraftedLogEntry(sequenceNumber, 0);
    }

    private static Arguments log(String name, String expected, UnaryOperator<CraftedVhdx> change) {
        return arguments(name, expected, change);
    }

    private static VhdxDisk open(CraftedVhdx image) throws IOException, DiskException {
        return VhdxDisk.open(image.source(), ReadLimits.DEFAULT);
    }

    private static DiskException refusal(CraftedVhdx image) {
        return catchThrowableOfType(DiskException.class, () -> open(image));
    }

    private static String runs(CraftedVhdx image) throws IOException, DiskException {
        VhdxDisk disk = open(image);
        ExtentWalk walk = new ExtentWalk(disk);
        StringBuilder runs = new StringBuilder();
        for (Extent extent = walk.next(); extent != null; extent = walk.next()) {
            runs.append(runs.isEmpty() ? "" : " ");
            runs.append(
                    switch (extent) {
                        case Extent.Data data -> Long.toHexString(data.sourceOffset());
                        case Extent.Zero zero -> zero.allocated() ? "zero" : "unknown";
                        case Extent.Packed packed -> throw new AssertionError(packed);
                    });
        }
        return runs.toString();
    }
}
