package io.virtualimage.disk.qcow2;

import static io.virtualimage.disk.qcow2.CraftedQcow2.CLUSTER_BYTES;
import static io.virtualimage.disk.qcow2.Extents.data;
import static io.virtualimage.disk.qcow2.Extents.unallocated;
import static io.virtualimage.disk.qcow2.Extents.walk;
import static io.virtualimage.disk.qcow2.Extents.zero;
import static io.virtualimage.disk.qcow2.Qcow2Format.COMPRESSED_FLAG;
import static io.virtualimage.disk.qcow2.Qcow2Format.COPIED_FLAG;
import static io.virtualimage.disk.qcow2.Qcow2Format.L1_ENTRIES_OFFSET;
import static io.virtualimage.disk.qcow2.Qcow2Format.L1_TABLE_OFFSET_OFFSET;
import static io.virtualimage.disk.qcow2.Qcow2Format.REFCOUNT_TABLE_OFFSET_OFFSET;
import static io.virtualimage.disk.qcow2.Qcow2Format.VIRTUAL_SIZE_OFFSET;
import static io.virtualimage.disk.qcow2.Qcow2Format.ZERO_FLAG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.ReadLimits;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What tables must not say, entry by entry; what other entries say stays readable. */
class Qcow2MalformedTablesTest {
    private static final long CLUSTER = CLUSTER_BYTES;
    private static final long SPAN = 1L << 29;
    private static final long HOST = 5 * CLUSTER;
    private static final long DATA = 1;
    private static final long ZERO = 1L << 32;
    private static final long ALL = 0xffff_ffffL;
    private static final long RANDOM_DISK_BYTES = (6 << 14) + 512;

    @Test
    void fileThatWasCutShort() throws Exception {
        CraftedQcow2 image =
                new CraftedQcow2().table().l2(0, HOST).l2(1, HOST + CLUSTER).length((int) (HOST + CLUSTER));
        Qcow2Disk disk = image.open();
        assertThat(disk.extentAt(0)).isEqualTo(data(0, CLUSTER, HOST));
        assertMalformed(disk, CLUSTER, image.l2Position(1), "begins behind the end of the file of 393216 bytes");
    }

    static Stream<Arguments> malformedL1() {
        return Stream.of(
                refuse("reserved low bit", image -> image.l1(0, 4 * CLUSTER | 1), "must be 0: 0x1"),
                refuse("reserved bit 8", image -> image.l1(0, 256), "must be 0: 0x100"),
                refuse("reserved bit 56", image -> image.l1(0, 4 * CLUSTER | 1L << 56), "must be 0: 0x100000000000000"),
                refuse("reserved bit 62", image -> image.l1(0, 1L << 62), "must be 0: 0x4000000000000000"),
                refuse("all bits", image -> image.l1(0, -1), "must be 0: 0x7f000000000001ff"),
                refuse("not aligned", image -> image.l1(0, 4 * CLUSTER + 512), "L2 table at 0x40200 does not begin at"),
                refuse("in the header", image -> image.l1(0, 512), "L2 table at 0x200 does not begin at"),
                refuse("is the L1 table", image -> image.l1(0, 3 * CLUSTER), "lies over the L1 table at 0x30000"),
                refuse("is the refcount table", image -> image.l1(0, CLUSTER), "over the refcount table at 0x10000"),
                refuse("at the end of the file", image -> image.l1(0, 5 * CLUSTER), "inside the file of 327680 bytes"),
                refuse("far behind the end", image -> image.l1(0, (1L << 56) - CLUSTER), "is the file cut short?"),
                refuse("cut off", image -> image.length(5 * CLUSTER_BYTES - 1), "L2 table of 65536 bytes at 0x40000"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void malformedL1(String name, UnaryOperator<CraftedQcow2> change, String message) throws Exception {
        CraftedQcow2 image = change.apply(new CraftedQcow2().table());
        assertMalformed(image.open(), 0, 3 * CLUSTER, message);
        assertMalformed(image.open(), SPAN - 1, 3 * CLUSTER, message);
        // What another table tells is not concerned.
        assertThat(image.open().extentAt(SPAN)).as(name).isEqualTo(unallocated(SPAN, SPAN));
    }

    @Test
    void lastClusterOfALongL1Table() throws Exception {
        CraftedQcow2 image =
                new CraftedQcow2().u32(L1_ENTRIES_OFFSET, 8193).clusters(6).l1(0, 4 * CLUSTER);
        assertMalformed(image.open(), 0, 3 * CLUSTER, "lies over the L1 table");
        assertThat(image.l1(0, 5 * CLUSTER).open().extentAt(0)).isInstanceOf(Extent.Zero.class);
    }

    static Stream<Arguments> malformedL2() {
        return Stream.of(
                refuse("reserved bit 1", image -> image.l2(0, HOST | 2), "must be 0: 0x2"),
                refuse("reserved bit 8", image -> image.l2(0, HOST | 256), "must be 0: 0x100"),
                refuse("reserved bit 8 of nothing", image -> image.l2(0, 256), "must be 0: 0x100"),
                refuse("reserved bit of zeros", image -> image.l2(0, ZERO_FLAG | 4), "must be 0: 0x4"),
                refuse("reserved bit 56", image -> image.l2(0, HOST | 1L << 56), "must be 0: 0x100000000000000"),
                refuse("reserved bit 61", image -> image.l2(0, HOST | 1L << 61), "must be 0: 0x2000000000000000"),
                refuse("zeros in version 2", image -> image.version2().l2(0, HOST | ZERO_FLAG), "must be 0: 0x1"),
                refuse("not aligned", image -> image.l2(0, HOST + 512), "data cluster at 0x50200 does not begin"),
                refuse("zeros not aligned", image -> image.l2(0, HOST + 512 | ZERO_FLAG), "0x50200 does not begin at"),
                refuse("is the header", image -> image.l2(0, COPIED_FLAG), "refers to the header"),
                refuse(
                        "in the header",
                        image -> image.l2(0, 512),
                        "data cluster at 0x200 does not begin at a boundary"),
                refuse("is the L1 table", image -> image.l2(0, 3 * CLUSTER), "lies over the L1 table at 0x30000"),
                refuse("is the refcount table", image -> image.l2(0, CLUSTER), "over the refcount table at 0x10000"),
                refuse("begins at the end", image -> image.l2(0, 6 * CLUSTER), "behind the end of the file of 393216"),
                refuse("far behind the end", image -> image.l2(0, (1L << 56) - CLUSTER), "is the file cut short?"),
                refuse(
                        "compressed, in the header",
                        image -> image.l2(0, CraftedQcow2.packed(1000, 3)),
                        "lies over the first"),
                refuse(
                        "compressed, in the L1 table",
                        image -> image.l2(0, CraftedQcow2.packed(3 * CLUSTER + 8, 0)),
                        "over the L1"),
                refuse(
                        "compressed, behind the end",
                        image -> image.l2(0, CraftedQcow2.packed(6 * CLUSTER, 0)),
                        "behind the end"),
                refuse(
                        "compressed, where sums overflow",
                        image -> image.l2(0, COMPRESSED_FLAG | (1L << 62) - 1),
                        "behind the end"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void malformedL2(String name, UnaryOperator<CraftedQcow2> change, String message) throws Exception {
        CraftedQcow2 image = change.apply(new CraftedQcow2().table().clusters(6));
        assertMalformed(image.open(), 0, image.l2Position(0), message);
        assertMalformed(image.open(), CLUSTER - 1, image.l2Position(0), message);
        // What another entry tells is not concerned.
        assertThat(image.open().extentAt(CLUSTER)).as(name).isInstanceOf(Extent.Zero.class);
    }

    /** Offsets of more than 56 bits fit into the field only if clusters are small. */
    @ParameterizedTest
    @CsvSource({"9, 60", "12, 56", "13, 56"})
    void reservedBitsOfCompressedClusters(int clusterBits, int bit) throws Exception {
        CraftedQcow2 image = new CraftedQcow2(clusterBits)
                .table()
                .clusters(6)
                .l2(0, COMPRESSED_FLAG | 1L << bit | 5L << clusterBits);
        assertMalformed(image.open(), 0, image.l2Position(0), "must be 0: 0x%x".formatted(1L << bit));
    }

    static Stream<Arguments> malformedSubclusters() {
        return Stream.of(
                refuse("data and zero", image -> image.l2(0, HOST, DATA | ZERO), "data and that it is zero"),
                refuse("among others", image -> image.l2(0, HOST, 7 | ZERO << 2 | ZERO << 3), "of the same subcluster"),
                refuse("in the last", image -> image.l2(0, HOST, (DATA | ZERO) << 31), "0x8000000080000000 says of"),
                refuse("data of nowhere", image -> image.l2(0, 0, DATA << 31), "nothing of where they are"),
                refuse("data in the header", image -> image.l2(0, COPIED_FLAG, DATA), "nothing of where they are"),
                refuse(
                        "bits of a compressed one",
                        image -> image.l2(0, CraftedQcow2.packed(HOST, 0), ZERO),
                        "compressed cluster"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void malformedSubclusters(String name, UnaryOperator<CraftedQcow2> change, String message) throws Exception {
        CraftedQcow2 image =
                change.apply(new CraftedQcow2().extendedL2().table().clusters(6));
        assertMalformed(image.open(), 0, image.l2Position(0) + 8, message);
        assertMalformed(image.open(), CLUSTER - 1, image.l2Position(0) + 8, message);
        assertThat(image.open().extentAt(CLUSTER)).as(name).isInstanceOf(Extent.Zero.class);
    }

    @Test
    void extendedEntriesHaveNoZeroFlag() throws Exception {
        CraftedQcow2 image = new CraftedQcow2().extendedL2().table().clusters(6).l2(0, HOST | ZERO_FLAG, ALL);
        assertMalformed(image.open(), 0, image.l2Position(0), "must be 0: 0x1");
    }

    static Stream<Arguments> entriesThatEndARun() {
        return Stream.of(
                refuse("data", image -> image.l2(0, HOST), ""),
                refuse("zeros", image -> image.l2(0, HOST | ZERO_FLAG), ""),
                refuse("nothing", image -> image.l2(0, 0), ""));
    }

    /** A run ends before an entry that is wrong, even if the entry continues it bit by bit. */
    @ParameterizedTest(name = "{0}")
    @MethodSource
    void entriesThatEndARun(String name, UnaryOperator<CraftedQcow2> first, String unused) throws Exception {
        for (long next : new long[] {COPIED_FLAG, 2, HOST + CLUSTER | 2, HOST + CLUSTER | 1L << 60, 1L << 56, -1}) {
            CraftedQcow2 image =
                    first.apply(new CraftedQcow2().table().clusters(7)).l2(1, next);
            assertThat(image.open().extentAt(0).lengthBytes()).as(name).isEqualTo(CLUSTER);
            assertThatThrownBy(() -> image.open().extentAt(CLUSTER)).isInstanceOf(MalformedDiskException.class);
        }
    }

    /** The next cluster is the L1 table, or the refcount table, or behind all bits that offsets have. */
    @Test
    void runsEndBeforeTables() throws Exception {
        for (int field : new int[] {L1_TABLE_OFFSET_OFFSET, REFCOUNT_TABLE_OFFSET_OFFSET}) {
            CraftedQcow2 image = new CraftedQcow2()
                    .table()
                    .l2(0, HOST)
                    .l2(1, HOST + CLUSTER)
                    .l2(2, HOST + 2 * CLUSTER)
                    .clusters(9)
                    .u64(7 * CLUSTER_BYTES, 4 * CLUSTER)
                    .u64(field, 7 * CLUSTER);
            assertThat(image.open().extentAt(0)).isEqualTo(data(0, 2 * CLUSTER, HOST));
            assertMalformed(image.open(), 2 * CLUSTER, image.l2Position(2), "table at 0x70000");
        }
        CraftedQcow2 image = new CraftedQcow2()
                .table()
                .l2(0, (1L << 56) - CLUSTER | ZERO_FLAG)
                .l2(1, 1L << 56 | ZERO_FLAG);
        assertThat(image.open().extentAt(0)).isEqualTo(zero(0, CLUSTER));
        assertMalformed(image.open(), CLUSTER, image.l2Position(1), "must be 0");
    }

    /** Whatever the tables are: extents that cover the disk and lie in the file, or a refusal. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void randomTablesNeverGetThrough(boolean extended) throws Exception {
        Random random = new Random(7);
        int refused = 0;
        int rounds = 500;
        for (int round = 0; round < rounds; round++) {
            CraftedQcow2 image = new CraftedQcow2(14).table();
            image.u64(VIRTUAL_SIZE_OFFSET, RANDOM_DISK_BYTES).length((9 << 14) + random.nextInt(2 << 14));
            if (extended) {
                image.extendedL2();
            }
            for (int i = 0; i < 7; i++) {
                if (extended) {
                    long entry = randomEntry(random) & ~ZERO_FLAG;
                    image.l2(i, entry, randomBitmap(random, entry));
                } else {
                    image.l2(i, randomEntry(random));
                }
            }
            ByteSource source = image.source();
            try {
                List<Extent> extents = walk(Qcow2Disk.open(source, ReadLimits.DEFAULT));
                assertThat(extents.getFirst().offset()).isZero();
                assertThat(extents.getLast().end()).isEqualTo(RANDOM_DISK_BYTES);
                extents.forEach(extent -> assertInside(extent, source.lengthBytes()));
            } catch (DiskException e) {
                refused++;
                assertThat(e).isInstanceOf(MalformedDiskException.class).hasMessageStartingWith("qcow2: ");
            }
        }
        assertThat(refused).isBetween(rounds / 10, rounds * 9 / 10);
    }

    /** Mostly good, so that not the first entry ends each round. */
    private static long randomEntry(Random random) {
        return switch (random.nextInt(24)) {
            case 0, 1 -> 0;
            case 2, 3 -> ZERO_FLAG;
            case 4 -> COMPRESSED_FLAG | (long) random.nextInt(64) << 56 | random.nextInt(4 << 14, 9 << 14);
            case 5 -> random.nextLong();
            case 6 -> 1L << random.nextInt(64);
            case 7 -> (long) random.nextInt(12) << 14 | 1L << random.nextInt(64);
            default -> (long) random.nextInt(4, 10) << 14 | (random.nextBoolean() ? COPIED_FLAG : 0);
        };
    }

    private static long randomBitmap(Random random, long entry) {
        long zeros = random.nextInt() & ALL;
        boolean compressed = (entry & COMPRESSED_FLAG) != 0;
        return switch (random.nextInt(24)) {
            case 0 -> random.nextLong();
            case 1, 2, 3, 4 -> compressed ? 0 : zeros << 32;
            default -> compressed || entry == 0 ? 0 : zeros << 32 | (ALL & ~zeros);
        };
    }

    private static void assertInside(Extent extent, long fileBytes) {
        switch (extent) {
            case Extent.Zero ignored -> {}
            case Extent.Data data ->
                assertThat(data.sourceOffset() + data.lengthBytes()).isLessThanOrEqualTo(fileBytes);
            case Extent.Packed packed ->
                assertThat(packed.unit().sourceOffset() + packed.unit().packedBytes())
                        .isLessThanOrEqualTo(fileBytes);
        }
    }

    private static void assertMalformed(Qcow2Disk disk, long offset, long reasonAt, String message) {
        assertThatThrownBy(() -> disk.extentAt(offset))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageStartingWith("qcow2: ")
                .hasMessageContaining(message)
                .extracting(e -> ((DiskException) e).offset())
                .isEqualTo(reasonAt);
    }

    private static Arguments refuse(String name, UnaryOperator<CraftedQcow2> change, String message) {
        return arguments(name, change, message);
    }
}
