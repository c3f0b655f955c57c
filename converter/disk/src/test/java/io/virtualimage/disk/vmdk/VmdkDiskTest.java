package io.virtualimage.disk.vmdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.content.DiskContent;
import io.virtualimage.disk.content.ExtentWalk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VmdkDiskTest {
    private static final int GRAIN = 65_536;
    private static final long SIZE = CraftedVmdk.CAPACITY * 512L;
    /** Of the 626 grains, the last has one sector. */
    private static final int LAST = 625;

    @Test
    void empty() throws Exception {
        VmdkDisk disk = open(new CraftedVmdk());
        assertThat(disk.info()).isEqualTo(new DiskInfo(DiskFormat.VMDK, SIZE, false));
        ExtentWalk walk = new ExtentWalk(disk);
        assertThat(walk.next()).isEqualTo(new Extent.Zero(0, SIZE, false));
        assertThat(walk.next()).isNull();
    }

    @Test
    void grainsAsTheyAre() throws Exception {
        CraftedVmdk image = new CraftedVmdk().grain(3, new byte[GRAIN]).grain(LAST, new byte[512]);
        long first = CraftedVmdk.OVERHEAD * 512;
        VmdkDisk disk = open(image);
        assertThat(disk.extentAt(3 * GRAIN)).isEqualTo(new Extent.Data(3 * GRAIN, GRAIN, first));
        assertThat(disk.extentAt(3 * GRAIN + 700))
                .isEqualTo(new Extent.Data(3 * GRAIN + 700, GRAIN - 700, first + 700));
        assertThat(disk.extentAt(SIZE - 1)).isEqualTo(new Extent.Data(SIZE - 1, 1, first + GRAIN + 511));
        assertThat(disk.extentAt(0)).isEqualTo(new Extent.Zero(0, GRAIN, false));
    }

    @Test
    void aTableThatIsNotThere() throws Exception {
        VmdkDisk disk = open(new CraftedVmdk().u32(CraftedVmdk.DIRECTORY * 512 + 4, 0));
        assertThat(disk.extentAt(512 * GRAIN + 9))
                .isEqualTo(new Extent.Zero(512 * GRAIN + 9, SIZE - 512 * GRAIN - 9, false));
    }

    @Test
    void zeroedGrains() throws Exception {
        CraftedVmdk image = new CraftedVmdk().entry(2, 1);
        assertThat(open(image.flag(VmdkFormat.ZEROED_GRAIN_FLAG)).extentAt(2 * GRAIN + 1))
                .isEqualTo(new Extent.Zero(2 * GRAIN + 1, GRAIN - 1, true));
        // Without the flag it is a place like others, and this one has the descriptor.
        VmdkDisk disk = open(image.noFlag(VmdkFormat.ZEROED_GRAIN_FLAG));
        assertRefused(disk, 2 * GRAIN, image.entryOffset(2), "the grain at 0x200 lies in the header");
    }

    @Test
    void compressedGrains() throws Exception {
        byte[] plain = noise(1, GRAIN);
        CraftedVmdk image =
                new CraftedVmdk().compressed().packedGrain(4, plain).packedGrain(LAST, Arrays.copyOf(plain, 512));
        int packed = CraftedVmdk.zlib(plain).length;
        PackedUnit unit = new PackedUnit(PackedUnit.Codec.ZLIB, CraftedVmdk.OVERHEAD * 512 + 12, packed, GRAIN);
        VmdkDisk disk = open(image);
        assertThat(disk.extentAt(4 * GRAIN + 5)).isEqualTo(new Extent.Packed(4 * GRAIN + 5, GRAIN - 5, unit, 5));
        try (DiskContent content = new DiskContent(disk)) {
            assertThat(content.read(4 * GRAIN, GRAIN).array()).isEqualTo(plain);
            assertThat(content.read(SIZE - 512, 512).array()).isEqualTo(Arrays.copyOf(plain, 512));
        }
    }

    /** What programs other than QEMU do with the last grain. */
    @Test
    void theLastGrainMayBeWhole() throws Exception {
        byte[] plain = noise(1, GRAIN);
        try (DiskContent content =
                new DiskContent(open(new CraftedVmdk().compressed().packedGrain(LAST, plain)))) {
            assertThat(content.read(SIZE - 512, 512).array()).isEqualTo(Arrays.copyOf(plain, 512));
        }
    }

    @Test
    void damagedGrains() throws Exception {
        byte[] plain = noise(1, GRAIN);
        byte[] packed = CraftedVmdk.zlib(plain);
        byte[] wrongChecksum = packed.clone();
        wrongChecksum[packed.length - 1]++;
        byte[] wrongHeader = packed.clone();
        wrongHeader[0]++;
        for (byte[] stream : new byte[][] {
            wrongChecksum,
            wrongHeader,
            Arrays.copyOf(packed, packed.length - 1),
            CraftedVmdk.zlib(Arrays.copyOf(plain, GRAIN - 1)),
            new byte[100],
        }) {
            CraftedVmdk image = new CraftedVmdk().compressed().packedGrain(0, 0, stream.length, stream);
            try (DiskContent content = new DiskContent(open(image))) {
                assertThatThrownBy(() -> content.read(0, 1)).isInstanceOf(BadContentException.class);
            }
        }
    }

    /** CVE-2026-2243: what the marker says of a grain's length led out of the buffer that it was read into. */
    @ParameterizedTest
    @ValueSource(longs = {2 * GRAIN - 11, 2 * GRAIN, 0x7fffffffL, 0x80000000L, 0xffffffffL})
    void cve20262243TheMarkersSize(long size) throws Exception {
        CraftedVmdk image = new CraftedVmdk().compressed().packedGrain(0, 0, size, new byte[4 * GRAIN]);
        assertRefused(
                open(image), 0, CraftedVmdk.OVERHEAD * 512 + 8, "the compressed grain of %d bytes".formatted(size));
    }

    @Test
    void cve20262243TheMarkersSizeUpToTheEndOfTheFile() throws Exception {
        CraftedVmdk image = new CraftedVmdk().compressed().packedGrain(0, 0, 500, new byte[500]);
        assertThat(open(image).extentAt(0)).isInstanceOf(Extent.Packed.class);
        assertRefused(
                open(image.u32(CraftedVmdk.OVERHEAD * 512 + 8, 501)),
                0,
                CraftedVmdk.OVERHEAD * 512 + 8,
                "longer than a grain can be, or than the file is");
        // The marker itself, cut in two by the end.
        CraftedVmdk cut = new CraftedVmdk().compressed().entry(0, CraftedVmdk.OVERHEAD);
        assertRefused(
                open(cut.length(CraftedVmdk.OVERHEAD * 512 + 11)), 0, cut.entryOffset(0), "the grain's marker of 12");
    }

    @Test
    void theMarkerIsForAnotherGrain() throws Exception {
        for (long lba : new long[] {0, 127, 129, -1, Long.MIN_VALUE + 128}) {
            CraftedVmdk image = new CraftedVmdk().compressed().packedGrain(1, lba, 9, new byte[9]);
            assertRefused(
                    open(image), GRAIN, CraftedVmdk.OVERHEAD * 512, "the one for sector " + Long.toUnsignedString(lba));
        }
    }

    @Test
    void aMarkerOfSomethingElseIsNoGrain() throws Exception {
        CraftedVmdk image = new CraftedVmdk().compressed().packedGrain(0, 0, 0, new byte[9]);
        assertRefused(open(image), 0, image.entryOffset(0), "there is no compressed grain at 0x5000");
    }

    @ParameterizedTest
    @CsvSource({"40", "167", "0x7fffffff", "0x80000000", "0xffffffff", "0x00800000"})
    void grainsBehindTheEnd(long sector) throws Exception {
        CraftedVmdk image = new CraftedVmdk().entry(0, sector).length((CraftedVmdk.OVERHEAD + 127) * 512);
        assertRefused(open(image), 0, image.entryOffset(0), "the grain of 65536 bytes at 0x%x".formatted(sector * 512));
    }

    @ParameterizedTest
    @CsvSource({"37", "0x7fffffff", "0x80000000", "0xffffffff"})
    void tablesBehindTheEnd(long sector) throws Exception {
        CraftedVmdk image = new CraftedVmdk().u32(CraftedVmdk.DIRECTORY * 512, sector);
        assertRefused(
                open(image),
                0,
                CraftedVmdk.DIRECTORY * 512,
                "the grain table of 2048 bytes at 0x%x".formatted(sector * 512));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 20})
    void tablesAndGrainsInTheMetadata(int sector) throws Exception {
        CraftedVmdk image =
                new CraftedVmdk().u32(CraftedVmdk.DIRECTORY * 512, sector).entry(600, sector);
        assertRefused(open(image), 0, CraftedVmdk.DIRECTORY * 512, "the grain table at");
        assertRefused(open(image), 600 * GRAIN, image.entryOffset(600), "lies in the header or in the descriptor");
    }

    /** Found when the directory is needed, not when the image is opened: it is not among the last bytes. */
    @Test
    void aDirectoryAtTheEndHasAMarker() throws Exception {
        CraftedVmdk image = new CraftedVmdk().compressed().streamed();
        int marker = image.lengthBytes() - 5 * 512;
        assertThat(open(image).extentAt(0)).isInstanceOf(Extent.Zero.class);
        VmdkDisk disk = open(image.u32(marker + 12, VmdkFormat.MARKER_GRAIN_TABLE));
        assertRefused(disk, 0, marker, "the marker of the grain directory is not where it should be");
        assertRefused(disk, SIZE - 1, marker, "the marker of the grain directory");
        assertRefused(
                open(image.u32(marker + 12, 2).u32(marker + 8, 1)), 0, marker, "the marker of the grain directory");
    }

    @Test
    void esxSparse() throws Exception {
        CraftedCowd image = new CraftedCowd(5000, 1).grain(4097, new byte[512]);
        VmdkDisk disk = open(image);
        assertThat(disk.info()).isEqualTo(new DiskInfo(DiskFormat.VMDK, 5000 * 512, false));
        assertThat(disk.extentAt(3)).isEqualTo(new Extent.Zero(3, 4096 * 512 - 3, false));
        assertThat(disk.extentAt(4096 * 512)).isEqualTo(new Extent.Zero(4096 * 512, 512, false));
        assertThat(disk.extentAt(4097 * 512)).isEqualTo(new Extent.Data(4097 * 512, 512, 5 * 512 + 16_384));
        image.u32(image.entryOffset(4097), 3);
        assertRefused(open(image), 4097 * 512, image.entryOffset(4097), "lies in the header");
        image.u32(image.entryOffset(4097), 1);
        assertRefused(open(image), 4097 * 512, image.entryOffset(4097), "lies in the header");
        image.u32(image.entryOffset(4097), -1);
        assertRefused(open(image), 4097 * 512, image.entryOffset(4097), "does not lie inside the file");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "4 | 2 | version 2",
                "8 | 1 | flags 1",
                "8 | 7 | flags 7",
                "32 | 0 | without a geometry",
                "36 | 0 | without a geometry",
                "40 | -1 | without a geometry",
                "32 | 795047013 | parent disk 'etc/",
                "1652 | 2 | a part of a disk of several files",
            })
    void esxSparseUnsupported(int field, long value, String message) {
        assertThatThrownBy(() -> open(new CraftedCowd(5000, 1).u32(field, value)))
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessageStartingWith("vmdk: ")
                .hasMessageContaining(message)
                .extracting(e -> ((DiskException) e).offset())
                .isEqualTo(field == 36 || field == 40 ? 32L : field);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "12 | 0 | capacity is 0",
                "16 | 0 | a grain of 0 sectors",
                "16 | 3 | a grain of 3 sectors",
                "20 | 0 | grain directory of 8 bytes at sector 0",
                "20 | 5 | does not lie inside the file",
                "20 | -1 | sector 4294967295",
                "24 | 1 | has 1 entries",
                "24 | 0 | has 0 entries",
            })
    void esxSparseMalformed(int field, long value, String message) {
        assertThatThrownBy(() -> open(new CraftedCowd(5000, 1).u32(field, value)))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageStartingWith("vmdk: ")
                .hasMessageContaining(message)
                .extracting(e -> ((DiskException) e).offset())
                .isEqualTo((long) field);
    }

    @Test
    void esxSparseWithMoreEntriesThanTheFile() {
        assertThatThrownBy(() -> open(new CraftedCowd(5000, 1).u32(24, -1)))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageContaining("grain directory of 17179869180 bytes");
        assertThatThrownBy(() -> open(new CraftedCowd(5000, 1).u32(12, -1)))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageContaining("has 2 entries, but a disk of 2199023255040 bytes needs 1048576");
    }

    /** QEMU would follow it even there. */
    @Test
    void esxSparseWithAHiddenParent() {
        assertThatThrownBy(() -> open(new CraftedCowd(5000, 1).text(512, "x parentFileNameHint=\"/etc/passwd\"")))
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessageContaining("parent disk '/etc/passwd'");
    }

    @Test
    void esxSparseCutShort() {
        byte[] good = new CraftedCowd(5000, 1).bytes();
        for (int length = 4; length < 2048 + 8; length++) {
            ByteSource source = new MemoryByteSource(Arrays.copyOf(good, length));
            assertThatThrownBy(() -> VmdkDisk.open(source, ReadLimits.DEFAULT))
                    .isInstanceOf(MalformedDiskException.class);
        }
    }

    @Test
    void seSparseHasItsOwnRefusal() {
        byte[] image = ByteBuffer.allocate(512)
                .putLong(VmdkFormat.SE_SPARSE_MAGIC)
                .putLong(VmdkFormat.SE_SPARSE_VERSION)
                .array();
        assertThat(VmdkDisk.matches(ByteBuffer.wrap(image))).isTrue();
        assertThat(VmdkDisk.matches(ByteBuffer.wrap(image, 0, 15))).isFalse();
        assertThatThrownBy(() -> VmdkDisk.open(new MemoryByteSource(image), ReadLimits.DEFAULT))
                .isInstanceOf(UnsupportedDiskException.class)
                .hasMessageContaining("seSparse");
    }

    /** Whatever the bytes are: an answer inside the file, or a refusal. */
    @Test
    void randomDamageNeverGetsThrough() throws IOException {
        byte[] plain = noise(1, 4096);
        byte[][] images = {
            new CraftedVmdk(6000, 8, 512).grain(1, plain).grain(740, plain).bytes(),
            new CraftedVmdk(6000, 8, 512)
                    .compressed()
                    .packedGrain(1, plain)
                    .packedGrain(740, plain)
                    .bytes(),
            new CraftedVmdk(6000, 8, 512)
                    .compressed()
                    .packedGrain(1, plain)
                    .streamed()
                    .bytes(),
            new CraftedCowd(9000, 8).grain(1, plain).grain(1100, plain).bytes(),
        };
        Random random = new Random(42);
        int refused = 0;
        int rounds = 4_000;
        for (int round = 0; round < rounds; round++) {
            byte[] image = images[round % images.length].clone();
            int places = random.nextBoolean() ? 80 : image.length;
            for (int damage = random.nextInt(4); damage >= 0; damage--) {
                image[4 + random.nextInt(places - 4)] = (byte) random.nextInt();
            }
            try {
                walk(new MemoryByteSource(image));
            } catch (DiskException e) {
                refused++;
                assertThat(e.offset()).isBetween(0L, (long) image.length);
                assertThat(e).hasMessageStartingWith("vmdk: ");
            }
        }
        assertThat(refused).isBetween(rounds / 10, rounds - 1);
    }

    private static void walk(ByteSource source) throws IOException, DiskException {
        VmdkDisk disk = VmdkDisk.open(source, ReadLimits.DEFAULT);
        long length = source.lengthBytes();
        long size = disk.info().virtualSizeBytes();
        long at = 0;
        for (int steps = 0; at < size && steps < 2_000; steps++) {
            Extent extent = disk.extentAt(at);
            assertThat(extent.end()).isLessThanOrEqualTo(size);
            switch (extent) {
                case Extent.Zero ignored -> {}
                case Extent.Data data ->
                    assertThat(data.sourceOffset() + data.lengthBytes()).isLessThanOrEqualTo(length);
                case Extent.Packed packed ->
                    assertThat(packed.unit().sourceOffset() + packed.unit().packedBytes())
                            .isLessThanOrEqualTo(length);
            }
            at = extent.end();
        }
    }

    private static void assertRefused(VmdkDisk disk, long at, long offset, String message) {
        DiskException refusal = catchThrowableOfType(DiskException.class, () -> disk.extentAt(at));
        assertThat(refusal)
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageStartingWith("vmdk: ")
                .hasMessageContaining(message);
        assertThat(refusal.offset()).isEqualTo(offset);
    }

    private static VmdkDisk open(CraftedVmdk image) throws Exception {
        return VmdkDisk.open(image.source(), ReadLimits.DEFAULT);
    }

    private static VmdkDisk open(CraftedCowd image) throws Exception {
        return VmdkDisk.open(image.source(), ReadLimits.DEFAULT);
    }

    private static byte[] noise(int seed, int lengthBytes) {
        byte[] bytes = new byte[lengthBytes];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
