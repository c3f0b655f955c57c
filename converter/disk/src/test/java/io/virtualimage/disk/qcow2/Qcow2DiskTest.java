package io.virtualimage.disk.qcow2;

import static io.virtualimage.disk.qcow2.CraftedQcow2.CLUSTER_BYTES;
import static io.virtualimage.disk.qcow2.Extents.data;
import static io.virtualimage.disk.qcow2.Extents.unallocated;
import static io.virtualimage.disk.qcow2.Extents.walk;
import static io.virtualimage.disk.qcow2.Extents.zero;
import static io.virtualimage.disk.qcow2.Qcow2Format.COMPRESSED_FLAG;
import static io.virtualimage.disk.qcow2.Qcow2Format.COMPRESSION_TYPE_BIT;
import static io.virtualimage.disk.qcow2.Qcow2Format.COMPRESSION_TYPE_OFFSET;
import static io.virtualimage.disk.qcow2.Qcow2Format.COPIED_FLAG;
import static io.virtualimage.disk.qcow2.Qcow2Format.DIRTY_BIT;
import static io.virtualimage.disk.qcow2.Qcow2Format.L1_ENTRIES_OFFSET;
import static io.virtualimage.disk.qcow2.Qcow2Format.VIRTUAL_SIZE_OFFSET;
import static io.virtualimage.disk.qcow2.Qcow2Format.ZERO_FLAG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.content.DiskContent;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The map of a disk, entry by entry. */
class Qcow2DiskTest {
    private static final long GIB = 1L << 30;
    private static final long CLUSTER = CLUSTER_BYTES;
    private static final int SUBCLUSTER = CLUSTER_BYTES / 32;
    /** The bits of one subcluster in a bitmap. */
    private static final long DATA = 1;

    private static final long ZERO = 1L << 32;
    private static final long ALL = 0xffff_ffffL;
    /** Where the first cluster of data is in the images of this test. */
    private static final long HOST = 5 * CLUSTER;

    @Test
    void nothingIsAllocated() throws Exception {
        assertThat(walk(new CraftedQcow2().open())).containsExactly(unallocated(0, GIB));
    }

    @Test
    void standardEntries() throws Exception {
        CraftedQcow2 image = new CraftedQcow2()
                .table()
                .l2(1, HOST | COPIED_FLAG)
                .l2(2, ZERO_FLAG)
                .l2(3, HOST + CLUSTER | ZERO_FLAG | COPIED_FLAG)
                .l2(4, HOST + 2 * CLUSTER)
                .clusters(8);
        assertThat(walk(image.open()))
                .containsExactly(
                        unallocated(0, CLUSTER),
                        data(CLUSTER, CLUSTER, HOST),
                        zero(2 * CLUSTER, 2 * CLUSTER),
                        data(4 * CLUSTER, CLUSTER, HOST + 2 * CLUSTER),
                        unallocated(5 * CLUSTER, GIB - 5 * CLUSTER));
    }

    @Test
    void standardEntriesOfVersion2() throws Exception {
        CraftedQcow2 image =
                new CraftedQcow2().version2().table().l2(0, HOST | COPIED_FLAG).clusters(6);
        assertThat(walk(image.open())).containsExactly(data(0, CLUSTER, HOST), unallocated(CLUSTER, GIB - CLUSTER));
    }

    @Test
    void anyOffsetInsideACluster() throws Exception {
        CraftedQcow2 image =
                new CraftedQcow2().table().l2(1, HOST).l2(2, ZERO_FLAG).clusters(6);
        Qcow2Disk disk = image.open();
        assertThat(disk.extentAt(CLUSTER + 1)).isEqualTo(data(CLUSTER + 1, CLUSTER - 1, HOST + 1));
        assertThat(disk.extentAt(2 * CLUSTER - 1)).isEqualTo(data(2 * CLUSTER - 1, 1, HOST + CLUSTER - 1));
        assertThat(disk.extentAt(3 * CLUSTER - 1)).isEqualTo(zero(3 * CLUSTER - 1, 1));
        assertThat(disk.extentAt(GIB - 1)).isEqualTo(unallocated(GIB - 1, 1));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> disk.extentAt(GIB));
        assertThatExceptionOfType(IndexOutOfBoundsException.class).isThrownBy(() -> disk.extentAt(-1));
    }

    /** The flag says something about reference counts, which are none of a reader's business. */
    @Test
    void clustersInARowAreOneRun() throws Exception {
        CraftedQcow2 image = new CraftedQcow2()
                .table()
                .l2(0, HOST | COPIED_FLAG)
                .l2(1, HOST + CLUSTER)
                .l2(2, HOST + 2 * CLUSTER | COPIED_FLAG)
                .l2(3, HOST + 4 * CLUSTER)
                .clusters(10);
        assertThat(image.open().extentAt(10)).isEqualTo(data(10, 3 * CLUSTER - 10, HOST + 10));
        assertThat(image.open().extentAt(3 * CLUSTER)).isEqualTo(data(3 * CLUSTER, CLUSTER, HOST + 4 * CLUSTER));
    }

    @Test
    void preallocatedZerosInARowAreOneRun() throws Exception {
        CraftedQcow2 image = new CraftedQcow2()
                .table()
                .l2(0, HOST | ZERO_FLAG | COPIED_FLAG)
                .l2(1, HOST + CLUSTER | ZERO_FLAG)
                .l2(2, HOST + 3 * CLUSTER | ZERO_FLAG)
                .l2(3, ZERO_FLAG)
                .l2(4, ZERO_FLAG);
        assertThat(image.open().extentAt(0)).isEqualTo(zero(0, 2 * CLUSTER));
        assertThat(image.open().extentAt(2 * CLUSTER)).isEqualTo(zero(2 * CLUSTER, CLUSTER));
        assertThat(image.open().extentAt(3 * CLUSTER)).isEqualTo(zero(3 * CLUSTER, 2 * CLUSTER));
    }

    /** An L2 table has 64 entries here; what stands behind it in the file would go on, but is no table of the disk. */
    @Test
    void noRunLeavesItsTable() throws Exception {
        CraftedQcow2 image = new CraftedQcow2(9).table().clusters(200);
        for (int i = 0; i < 128; i++) {
            image.l2(i, (10 + i) * 512L);
        }
        assertThat(walk(image.open())).containsExactly(data(0, 64 * 512, 10 * 512), unallocated(64 * 512, 64 * 512));
        assertThat(image.open().extentAt(512)).isEqualTo(data(512, 63 * 512, 11 * 512));
        image.l1(1, 5 * 512);
        assertThat(image.open().extentAt(0)).isEqualTo(data(0, 64 * 512, 10 * 512));
        assertThat(walk(image.open())).containsExactly(data(0, 128 * 512, 10 * 512));
    }

    @Test
    void fileThatEndsWithTheL1Table() throws Exception {
        CraftedQcow2 image = new CraftedQcow2().length(3 * CLUSTER_BYTES + 16);
        assertThat(walk(image.open())).containsExactly(unallocated(0, GIB));
    }

    @Test
    void endOfTheDiskInsideACluster() throws Exception {
        CraftedQcow2 image = new CraftedQcow2()
                .u64(VIRTUAL_SIZE_OFFSET, 2 * CLUSTER + 512)
                .table()
                .clusters(8);
        assertThat(walk(image.open())).containsExactly(unallocated(0, 2 * CLUSTER + 512));
        image.l2(0, HOST).l2(1, HOST + CLUSTER).l2(2, HOST + 2 * CLUSTER).l2(3, -1);
        assertThat(image.open().extentAt(0)).isEqualTo(data(0, 2 * CLUSTER + 512, HOST));
        image.l2(2, ZERO_FLAG);
        assertThat(image.open().extentAt(2 * CLUSTER)).isEqualTo(zero(2 * CLUSTER, 512));
    }

    @Test
    void largestAndSmallestClusters() throws Exception {
        CraftedQcow2 large = new CraftedQcow2(21).table().l2(262_143, 5L << 21).clusters(6);
        assertThat(large.open().extentAt(262_143L << 21)).isEqualTo(data(262_143L << 21, 2 << 20, 5L << 21));
        assertThat(large.open().extentAt(262_144L << 21)).isEqualTo(unallocated(262_144L << 21, 1L << 39));
        CraftedQcow2 small = new CraftedQcow2(9).table().l2(63, 5 * 512).clusters(6);
        assertThat(walk(small.open()))
                .containsExactly(
                        unallocated(0, 63 * 512), data(63 * 512, 512, 5 * 512), unallocated(64 * 512, 64 * 512));
    }

    /** What a file of the format's largest L1 table says of a disk that is empty, costs next to nothing. */
    @Test
    void emptyDiskOf2EiB() throws Exception {
        CraftedQcow2 image = new CraftedQcow2(21)
                .u64(VIRTUAL_SIZE_OFFSET, 1L << 61)
                .u32(L1_ENTRIES_OFFSET, 4 << 20)
                .length((3 << 21) + (32 << 20));
        assertThat(walk(image.open())).containsExactly(unallocated(0, 1L << 61));
    }

    static Stream<Arguments> endsOfFiles() {
        return Stream.of(
                arguments(HOST + 2 * CLUSTER, List.of(data(0, 2 * CLUSTER, HOST))),
                arguments(HOST + 2 * CLUSTER - 1, List.of(data(0, 2 * CLUSTER - 1, HOST), zero(2 * CLUSTER - 1, 1))),
                arguments(HOST + CLUSTER + 1, List.of(data(0, CLUSTER + 1, HOST), zero(CLUSTER + 1, CLUSTER - 1))));
    }

    /** Programs that write only what they have leave files that end anywhere inside the last cluster. */
    @ParameterizedTest
    @MethodSource
    void endsOfFiles(long fileBytes, List<Extent> extents) throws Exception {
        CraftedQcow2 image = new CraftedQcow2()
                .u64(VIRTUAL_SIZE_OFFSET, 2 * CLUSTER)
                .table()
                .l2(0, HOST)
                .l2(1, HOST + CLUSTER)
                .length((int) fileBytes);
        assertThat(walk(image.open())).isEqualTo(extents);
        assertThat(image.open().extentAt(2 * CLUSTER - 1))
                .isEqualTo(extents.getLast().from(2 * CLUSTER - 1));
    }

    /** Clusters that are reserved hold nothing that a reader would miss. */
    @Test
    void reservedClustersMayBeBehindTheEnd() throws Exception {
        CraftedQcow2 image = new CraftedQcow2().table().l2(0, 1L << 40 | ZERO_FLAG);
        assertThat(image.open().extentAt(0)).isEqualTo(zero(0, CLUSTER));
    }

    @Test
    void subclusters() throws Exception {
        CraftedQcow2 image = new CraftedQcow2()
                .extendedL2()
                .u64(VIRTUAL_SIZE_OFFSET, CLUSTER)
                .table()
                .l2(0, HOST | COPIED_FLAG, DATA << 0 | DATA << 1 | ZERO << 2 | DATA << 4 | ZERO << 30 | DATA << 31)
                .clusters(6);
        assertThat(walk(image.open()))
                .containsExactly(
                        data(0, 2 * SUBCLUSTER, HOST),
                        zero(2 * SUBCLUSTER, SUBCLUSTER),
                        unallocated(3 * SUBCLUSTER, SUBCLUSTER),
                        data(4 * SUBCLUSTER, SUBCLUSTER, HOST + 4 * SUBCLUSTER),
                        unallocated(5 * SUBCLUSTER, 25 * SUBCLUSTER),
                        zero(30 * SUBCLUSTER, SUBCLUSTER),
                        data(31 * SUBCLUSTER, SUBCLUSTER, HOST + 31 * SUBCLUSTER));
        assertThat(image.open().extentAt(SUBCLUSTER + 5))
                .isEqualTo(data(SUBCLUSTER + 5, SUBCLUSTER - 5, HOST + SUBCLUSTER + 5));
    }

    @Test
    void subclustersOfReservedAndOfNoClusters() throws Exception {
        CraftedQcow2 image = new CraftedQcow2()
                .extendedL2()
                .u64(VIRTUAL_SIZE_OFFSET, 4 * CLUSTER)
                .table()
                .l2(0, 0, ALL << 32)
                .l2(1, 0, ZERO)
                .l2(2, 1L << 40, 0)
                .l2(3, 1L << 40, ZERO << 31);
        assertThat(walk(image.open()))
                .containsExactly(
                        zero(0, CLUSTER + SUBCLUSTER),
                        unallocated(CLUSTER + SUBCLUSTER, 3 * CLUSTER - 2 * SUBCLUSTER),
                        zero(4 * CLUSTER - SUBCLUSTER, SUBCLUSTER));
    }

    @Test
    void subclustersAcrossClustersAreOneRun() throws Exception {
        CraftedQcow2 image = new CraftedQcow2()
                .extendedL2()
                .table()
                .l2(0, HOST, DATA << 31)
                .l2(1, HOST + CLUSTER | COPIED_FLAG, ALL)
                .l2(2, HOST + 2 * CLUSTER, ALL)
                .l2(3, HOST + 3 * CLUSTER, DATA)
                .l2(4, 0, ZERO << 31)
                .l2(5, 0, ALL << 32)
                .clusters(9);
        Qcow2Disk disk = image.open();
        assertThat(disk.extentAt(CLUSTER - 1)).isEqualTo(data(CLUSTER - 1, 2 * CLUSTER + 1, HOST + CLUSTER - 1));
        assertThat(disk.extentAt(3 * CLUSTER)).isEqualTo(data(3 * CLUSTER, SUBCLUSTER, HOST + 3 * CLUSTER));
        assertThat(disk.extentAt(5 * CLUSTER - 1)).isEqualTo(zero(5 * CLUSTER - 1, CLUSTER + 1));
        assertThat(disk.extentAt(6 * CLUSTER)).isEqualTo(unallocated(6 * CLUSTER, 512 * CLUSTER));
    }

    /** QEMU ends the file after the last subcluster that it has written. */
    @Test
    void endOfTheFileBetweenSubclusters() throws Exception {
        CraftedQcow2 image = new CraftedQcow2()
                .extendedL2()
                .u64(VIRTUAL_SIZE_OFFSET, CLUSTER)
                .table()
                .l2(0, HOST, DATA << 1 | DATA << 7)
                .length((int) HOST + 2 * SUBCLUSTER);
        assertThat(walk(image.open()))
                .containsExactly(
                        unallocated(0, SUBCLUSTER),
                        data(SUBCLUSTER, SUBCLUSTER, HOST + SUBCLUSTER),
                        unallocated(2 * SUBCLUSTER, 5 * SUBCLUSTER),
                        zero(7 * SUBCLUSTER, SUBCLUSTER),
                        unallocated(8 * SUBCLUSTER, 24 * SUBCLUSTER));
    }

    @ParameterizedTest
    @CsvSource({
        "9, 5000, 0, 120",
        "9, 5000, 1, 632",
        "16, 400000, 0, 384",
        "16, 400000, 255, 130944",
        "21, 10485760, 8191, 4194304",
        "21, 10486271, 8191, 4193793",
    })
    void compressedCluster(int clusterBits, long host, long moreSectors, int packedBytes) throws Exception {
        CraftedQcow2 image = new CraftedQcow2(clusterBits).table().length(16 << 20);
        image.l2(1, COMPRESSED_FLAG | moreSectors << Qcow2Format.packedOffsetBits(clusterBits) | host);
        int cluster = 1 << clusterBits;
        PackedUnit unit = new PackedUnit(PackedUnit.Codec.DEFLATE, host, packedBytes, cluster);
        assertThat(image.open().extentAt(cluster + 7)).isEqualTo(new Extent.Packed(cluster + 7, cluster - 7, unit, 7));
        image.incompatible(COMPRESSION_TYPE_BIT).u8(COMPRESSION_TYPE_OFFSET, 1);
        assertThat(((Extent.Packed) image.open().extentAt(cluster)).unit().codec())
                .isEqualTo(PackedUnit.Codec.ZSTD);
    }

    /** The number of sectors says more than there is: the stream has to end before. */
    @Test
    void compressedClusterAtTheEndOfTheFile() throws Exception {
        CraftedQcow2 image = new CraftedQcow2()
                .table()
                .l2(0, CraftedQcow2.packed(HOST + 100, 255))
                .length((int) HOST + 150);
        assertThat(((Extent.Packed) image.open().extentAt(0)).unit().packedBytes())
                .isEqualTo(50);
    }

    /** The stream gives a whole cluster, of which the disk shows a part. */
    @Test
    void compressedClusterAtTheEndOfTheDisk() throws Exception {
        byte[] plain = random(CLUSTER_BYTES);
        CraftedQcow2 image = withDeflated(plain).u64(VIRTUAL_SIZE_OFFSET, 512);
        assertThat(walk(image.open()))
                .containsExactly(
                        new Extent.Packed(0, 512, ((Extent.Packed) image.open().extentAt(0)).unit(), 0));
        assertThat(content(image)).isEqualTo(Arrays.copyOf(plain, 512));
    }

    @Test
    void compressedClusterAmongSubclusters() throws Exception {
        byte[] plain = random(CLUSTER_BYTES);
        CraftedQcow2 image = withDeflated(plain)
                .extendedL2()
                .u64(VIRTUAL_SIZE_OFFSET, 2 * CLUSTER)
                .l2(1, 6 * CLUSTER, DATA)
                .clusters(7)
                .put(6 * CLUSTER, plain);
        byte[] expected = Arrays.copyOf(plain, 2 * CLUSTER_BYTES);
        System.arraycopy(plain, 0, expected, CLUSTER_BYTES, SUBCLUSTER);
        assertThat(content(image)).isEqualTo(expected);
    }

    @Test
    void contentOfAllKinds() throws Exception {
        byte[] one = random(CLUSTER_BYTES);
        CraftedQcow2 image = withDeflated(one)
                .u64(VIRTUAL_SIZE_OFFSET, 4 * CLUSTER)
                .l2(1, 6 * CLUSTER)
                .l2(2, 6 * CLUSTER | ZERO_FLAG)
                .clusters(7)
                .put(6 * CLUSTER, new byte[] {1, 2, 3})
                .length((int) (6 * CLUSTER + 2));
        byte[] expected = Arrays.copyOf(one, 4 * CLUSTER_BYTES);
        expected[CLUSTER_BYTES] = 1;
        expected[CLUSTER_BYTES + 1] = 2;
        assertThat(content(image)).isEqualTo(expected);
    }

    @Test
    void notClosedImageIsReadAsItIs() throws Exception {
        CraftedQcow2 image =
                new CraftedQcow2().incompatible(DIRTY_BIT).table().l2(0, HOST).clusters(6);
        assertThat(image.open().extentAt(0)).isEqualTo(data(0, CLUSTER, HOST));
    }

    /** Reference counts of any width, and even without sense, do not matter. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
    void referenceCountsAreNotLookedAt(int order) throws Exception {
        CraftedQcow2 image = new CraftedQcow2()
                .u32(Qcow2Format.REFCOUNT_ORDER_OFFSET, order)
                .u64(CLUSTER_BYTES, -1)
                .table()
                .l2(0, HOST)
                .clusters(6);
        assertThat(image.open().extentAt(0)).isEqualTo(data(0, CLUSTER, HOST));
    }

    private static CraftedQcow2 withDeflated(byte[] plain) throws IOException {
        byte[] packed = CraftedQcow2.deflate(plain);
        return new CraftedQcow2()
                .table()
                .length((int) HOST + 1000 + packed.length)
                .put(HOST + 1000, packed)
                .l2(0, CraftedQcow2.packed(HOST + 1000, (1000 % 512 + packed.length - 1) / 512));
    }

    /** Bytes that compress to about three quarters. */
    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(3).nextBytes(bytes);
        for (int i = 0; i < length; i++) {
            bytes[i] &= 63;
        }
        return bytes;
    }

    private static byte[] content(CraftedQcow2 image) throws IOException, DiskException {
        try (DiskContent content = new DiskContent(image.open())) {
            byte[] bytes = new byte[Math.toIntExact(content.lengthBytes())];
            content.read(0, ByteBuffer.wrap(bytes));
            return bytes;
        }
    }
}
