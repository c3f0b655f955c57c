package io.virtualimage.disk.vmdk;

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
import java.util.Arrays;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class VmdkHeaderReaderTest {
    private static final int SECTOR = 512;

    @Test
    void plain() throws Exception {
        assertThat(VmdkHeaderReader.read(new CraftedVmdk().source()))
                .isEqualTo(new VmdkHeader(80_001L * 512, 65_536, 512, 30 * 512, 21 * 512, false, false, false, false));
    }

    @Test
    void everyFeature() throws Exception {
        CraftedVmdk image = new CraftedVmdk()
                .compressed()
                .flag(VmdkFormat.ZEROED_GRAIN_FLAG)
                .u8(72, 1)
                .packedGrain(0, new byte[65_536])
                .streamed();
        VmdkHeader header = VmdkHeaderReader.read(image.source());
        assertThat(header.directoryOffset()).isEqualTo(image.lengthBytes() - 4 * SECTOR);
        assertThat(header.streamed()).isTrue();
        assertThat(header.compressed()).isTrue();
        assertThat(header.zeroedGrains()).isTrue();
        assertThat(header.uncleanShutdown()).isTrue();
    }

    static Stream<Arguments> accepted() {
        return Stream.of(
                arguments("version 2", change(image -> image.u32(4, 2))),
                arguments("version 3 without compression", change(image -> image.u32(4, 3))),
                arguments("compatible flags to come", change(image -> image.flag(0x8000))),
                arguments(
                        "line ends changed, but not said to be right",
                        change(image -> image.noFlag(1).u32(73, 0))),
                arguments(
                        "no redundant directory",
                        change(image -> image.noFlag(2).u64(48, -1))),
                arguments("overhead that ends with the file", change(image -> image.u64(64, 40))),
                arguments("extent rounded down to sectors of a grain", change(image -> image.u64(12, 80_001 + 127))),
                arguments("the shortest descriptor", change(image -> image.u64(36, 1))));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void accepted(String name, UnaryOperator<CraftedVmdk> change) throws Exception {
        assertThat(VmdkHeaderReader.read(change.apply(new CraftedVmdk()).source()))
                .as(name)
                .isNotNull();
    }

    static Stream<Arguments> malformed() {
        return Stream.of(
                refuse("cut off in the header", image -> image.length(511), 511, "inside the header of 512"),
                refuse("transferred as text", image -> image.u32(73, 0x0d0a200a), 73, "transferred as text"),
                refuse("compression without its flag", image -> image.u16(77, 1), 77, "contradicts"),
                refuse("flag without compression", image -> image.flag(3 << 16), 77, "contradicts"),
                refuse("no grain size", image -> image.u64(20, 0), 20, "a grain of 0 sectors"),
                refuse("grains of 2 KiB", image -> image.u64(20, 4), 20, "a grain of 4 sectors"),
                refuse("grains not a power of 2", image -> image.u64(20, 127), 20, "a grain of 127 sectors"),
                refuse("empty grain tables", image -> image.u32(44, 0), 44, "table of 0 entries"),
                refuse("grain tables of less than a sector", image -> image.u32(44, 64), 44, "table of 64 entries"),
                refuse("grain tables not a power of 2", image -> image.u32(44, 511), 44, "table of 511 entries"),
                refuse("descriptor cut off", image -> image.length(21 * SECTOR - 1), 36, "is the file cut short?"),
                refuse("overhead behind the end", image -> image.u64(64, 41), 64, "41 sectors do not lie inside"),
                refuse("overhead overflows", image -> image.u64(64, -1), 64, "18446744073709551615 sectors"),
                refuse("no directory", image -> image.u64(56, 0), 56, "grain directory of 8 bytes at sector 0"),
                refuse("directory behind the end", image -> image.u64(56, 40), 56, "does not lie inside the file"),
                refuse("directory at a negative sector", image -> image.u64(56, -2), 56, "sector 18446744073709551614"),
                refuse("directory where bytes overflow", image -> image.u64(56, 1L << 55), 56, "does not lie inside"),
                refuse("directory where bytes wrap to 0", image -> image.u64(56, 1L << 62), 56, "does not lie inside"),
                refuse("no redundant directory", image -> image.u64(48, 0), 48, "redundant grain directory"),
                refuse("redundant directory behind the end", image -> image.u64(48, 40), 48, "redundant"),
                refuse(
                        "capacity for which the directory is too short",
                        image -> image.u64(12, (1L << 40) + 100).replace("RW 80001", "RW " + (1L << 40)),
                        48,
                        "directory of 67108868 bytes"),
                refuse(
                        "largest capacity",
                        image -> image.u64(12, (1L << 54) - 1).replace("RW 80001", "RW " + ((1L << 54) - 1)),
                        48,
                        "directory of 1099511627776 bytes"),
                refuse("extent larger than the disk", image -> image.u64(12, 80_000), 12, "80000 sectors"),
                refuse("extent smaller by a grain", image -> image.u64(12, 80_129), 12, "descriptor of 80001"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void malformed(String name, UnaryOperator<CraftedVmdk> change, long offset, String message) {
        assertRefused(name, change.apply(new CraftedVmdk()).source(), MalformedDiskException.class, offset, message);
    }

    static Stream<Arguments> unsupported() {
        return Stream.of(
                refuse("version 0", image -> image.u32(4, 0), 4, "version 0"),
                refuse("version 4", image -> image.u32(4, 4), 4, "version 4"),
                refuse("version 2^32-1", image -> image.u32(4, -1), 4, "version 4294967295"),
                refuse("incompatible flags to come", image -> image.flag(1 << 18 | 1 << 31), 8, "0x80040000"),
                refuse("another compression", image -> image.flag(3 << 16).u16(77, 2), 77, "compression 2"),
                refuse("no markers", image -> image.flag(1 << 16).u16(77, 1), 8, "without markers"),
                refuse("only markers", image -> image.flag(1 << 17), 8, "markers without"),
                refuse("no capacity", image -> image.u64(12, 0), 12, "images that refer to other files are refused"),
                refuse("no descriptor", image -> image.u64(28, 0), 28, "a part of a disk of several files"),
                refuse("descriptor of no length", image -> image.u64(36, 0), 28, "several files"),
                refuse("descriptor elsewhere", image -> image.u64(28, 2), 28, "a descriptor at sector 2"),
                refuse("descriptor far away", image -> image.u64(28, -1), 28, "sector 18446744073709551615"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void unsupported(String name, UnaryOperator<CraftedVmdk> change, long offset, String message) {
        assertRefused(name, change.apply(new CraftedVmdk()).source(), UnsupportedDiskException.class, offset, message);
    }

    static Stream<Arguments> overLimit() {
        return Stream.of(
                refuse("8 EiB", image -> image.u64(12, 1L << 54), 12, "18014398509481984 sectors"),
                refuse("2^64-1 sectors", image -> image.u64(12, -1), 12, "18446744073709551615 sectors"),
                refuse("grains of 4 MiB", image -> image.u64(20, 8192), 20, "8192 sectors"),
                refuse("grains that wrap to 64 KiB", image -> image.u64(20, (1L << 55) + 128), 20, "limit of 2 MiB"),
                refuse("grains of 2^64-1 sectors", image -> image.u64(20, -1), 20, "limit of 2 MiB"),
                refuse("tables of 1024 entries", image -> image.u32(44, 1024), 44, "tables of 1024 entries"),
                refuse("tables of 2^32-1 entries", image -> image.u32(44, -1), 44, "4294967295 entries"),
                refuse("descriptor over 64 KiB", image -> image.u64(36, 129), 36, "129 sectors"),
                refuse("descriptor of 2^64-1 sectors", image -> image.u64(36, -1), 36, "limit of 64 KiB"),
                refuse("descriptor that wraps to 20", image -> image.u64(36, (1L << 55) + 20), 36, "limit of 64 KiB"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void overLimit(String name, UnaryOperator<CraftedVmdk> change, long offset, String message) {
        assertRefused(name, change.apply(new CraftedVmdk()).source(), DiskLimitException.class, offset, message);
    }

    /** Offsets from the end of the file: of the footer's marker, the footer, the marker of the end. */
    static Stream<Arguments> streamMalformed() {
        return Stream.of(
                stream("cut short by a sector", (image, end) -> image.length(end - SECTOR), 4 * SECTOR, "footer"),
                stream("with a sector too much", (image, end) -> image.length(end + SECTOR), 2 * SECTOR, "footer"),
                stream("cut short by a byte", (image, end) -> image.length(end - 1), -56, "does not end in a footer"),
                stream("without any end", (image, end) -> image.length(3 * SECTOR), -36, "descriptor of 10240 bytes"),
                stream("no marker of the footer", (image, end) -> image.u32(end - 1524, 2), 1536, "of the footer"),
                stream("a grain for a footer", (image, end) -> image.u32(end - 1528, 9), 1536, "of the footer"),
                stream("no end", (image, end) -> image.u64(end - 512, 1), 512, "marker of the end of the stream"),
                stream("footer without magic number", (image, end) -> image.u8(end - 1024, 0), 1024, "contradicts"),
                stream("other version", (image, end) -> image.u8(end - 1020, 2), 1020, "contradicts"),
                stream("other flags", (image, end) -> image.u8(end - 1016, 5), 1016, "contradicts"),
                stream("other capacity", (image, end) -> image.u8(end - 1012, 0), 1012, "contradicts"),
                stream("other grain size", (image, end) -> image.u64(end - 1004, 256), 1004, "contradicts"),
                stream("other tables", (image, end) -> image.u32(end - 980, 256), 980, "contradicts"),
                stream("other compression", (image, end) -> image.u16(end - 947, 0), 947, "contradicts"),
                stream("no directory", (image, end) -> image.u64(end - 968, -1), 968, "grain directory of 8 bytes"),
                stream(
                        "directory in the footer",
                        (image, end) -> image.u64(end - 968, end / SECTOR - 2),
                        968,
                        "does not lie inside the file"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void streamMalformed(String name, UnaryOperator<CraftedVmdk> change, int fromEnd, String message) {
        CraftedVmdk image =
                new CraftedVmdk().compressed().packedGrain(0, new byte[65_536]).streamed();
        int end = image.lengthBytes();
        assertRefused(
                name,
                change.apply(image).source(),
                MalformedDiskException.class,
                fromEnd < 0 ? -fromEnd : end - fromEnd,
                message);
    }

    @Test
    void readsOnlyHeadAndTail() throws Exception {
        long length = 1L << 40;
        byte[] plain = new CraftedVmdk()
                .u64(36, 128)
                .u64(48, (1L << 31) - 1)
                .u64(56, 1L << 30)
                .u64(64, 1L << 31)
                .bytes();
        assertThat(VmdkHeaderReader.read(new GuardedByteSource(length, plain, new byte[0], 129 * SECTOR, 0))
                        .directoryOffset())
                .isEqualTo(1L << 39);
        CraftedVmdk streamed = new CraftedVmdk().compressed().streamed();
        byte[] tail = Arrays.copyOfRange(
                streamed.u64(streamed.lengthBytes() - 968, 1L << 30).bytes(),
                streamed.lengthBytes() - 3 * SECTOR,
                streamed.lengthBytes());
        assertThat(VmdkHeaderReader.read(new GuardedByteSource(length, streamed.bytes(), tail, 21 * SECTOR, 3 * SECTOR))
                        .directoryOffset())
                .isEqualTo(1L << 39);
    }

    @Test
    void anyLengthOfAGoodFileIsARefusal() {
        byte[] good = new CraftedVmdk().compressed().streamed().bytes();
        for (int length = 4; length < good.length; length++) {
            ByteSource source = new MemoryByteSource(Arrays.copyOf(good, length));
            assertThatThrownBy(() -> VmdkHeaderReader.read(source))
                    .as("%d bytes", length)
                    .isInstanceOf(MalformedDiskException.class)
                    .extracting(e -> ((DiskException) e).offset() <= source.lengthBytes())
                    .isEqualTo(true);
        }
    }

    private static void assertRefused(
            String name, ByteSource source, Class<? extends DiskException> kind, long offset, String message) {
        assertThatThrownBy(() -> VmdkHeaderReader.read(source))
                .as(name)
                .isInstanceOf(kind)
                .hasMessageStartingWith("vmdk: ")
                .hasMessageContaining(message)
                .extracting(e -> ((DiskException) e).offset())
                .isEqualTo(offset);
    }

    private static UnaryOperator<CraftedVmdk> change(UnaryOperator<CraftedVmdk> change) {
        return change;
    }

    private static Arguments refuse(String name, UnaryOperator<CraftedVmdk> change, long offset, String message) {
        return arguments(name, change, offset, message);
    }

    private interface ChangeAtEnd {
        CraftedVmdk apply(CraftedVmdk image, int end);
    }

    /** @param fromEnd where the reason is, in bytes from the end of the unchanged file; or, negated, from its start */
    private static Arguments stream(String name, ChangeAtEnd change, int fromEnd, String message) {
        return arguments(name, change(image -> change.apply(image, image.lengthBytes())), fromEnd, message);
    }
}
