package io.virtualimage.disk.wrapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.Contents;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.Filter;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class UnpackedStreamTest {
    private static final byte[] DISK = Contents.disk(700_000, 1);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gzip -c",
                "gzip -c1",
                "gzip -c9 -n",
                "xz -c",
                "xz -c0",
                "xz -c --check=none",
                "xz -c --check=crc32",
                "xz -c --check=sha256",
                "xz -c -T2 --block-size=100000",
                "xz -c --x86 --lzma2=preset=1",
                "xz -c --arm --delta=dist=3 --lzma2=preset=0",
                "zstd -qc",
                "zstd -qc --no-check",
                "zstd -qc -T2 -B100000",
            })
    void whatProgramsPack(String command) throws Exception {
        Wrapper wrapper = wrapper(command);
        for (byte[] plain : new byte[][] {DISK, new byte[0], {1}, new byte[100_000], Contents.random(70_000, 2)}) {
            byte[] packed = Filter.run(plain, command.split(" "));
            for (int workers = 0; workers < 3; workers++) {
                byte[] found = Unpacked.of(packed, wrapper, UnpackLimits.DEFAULT, workers);
                assertThat(Arrays.equals(found, plain))
                        .as("%d bytes with %d workers", plain.length, workers)
                        .isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip -c", "xz -c", "zstd -qc"})
    void severalOfThemOneBehindTheOther(String command) throws Exception {
        byte[] one = Filter.run(Contents.text(100_000, 3), command.split(" "));
        byte[] two = Filter.run(new byte[0], command.split(" "));
        byte[] packed = Unpacked.concatenate(one, two, two, one);
        byte[] plain = Filter.run(packed, program(command), "-dc");
        assertThat(plain).hasSize(200_000);
        assertThat(Unpacked.of(packed, wrapper(command))).isEqualTo(plain);
    }

    @Test
    void xzPadding() throws Exception {
        byte[] one = Filter.run(DISK, "xz", "-c");
        byte[] padded = Unpacked.concatenate(one, new byte[8], one, new byte[4]);
        assertThat(Filter.accepts(padded, "xz", "-t")).isTrue();
        assertThat(Unpacked.of(padded, Wrapper.XZ)).hasSize(2 * DISK.length);
        byte[] odd = Unpacked.concatenate(one, new byte[3]);
        assertThat(Filter.accepts(odd, "xz", "-t")).isFalse();
        assertThat(Unpacked.refusal(odd, Wrapper.XZ)).isInstanceOf(MalformedDiskException.class);
    }

    @Test
    void gzipPadding() throws Exception {
        byte[] one = Filter.run(DISK, "gzip", "-c");
        for (int zeros : new int[] {1, 511, 200_000}) {
            byte[] padded = Arrays.copyOf(one, one.length + zeros);
            assertThat(Filter.run(padded, "gzip", "-dc")).isEqualTo(DISK);
            assertThat(Unpacked.of(padded, Wrapper.GZIP)).isEqualTo(DISK);
        }
    }

    /** The gzip program warns of it and goes on; but not everybody would see the same. */
    @Test
    void gzipGarbage() {
        byte[] one = Filter.run(DISK, "gzip", "-c");
        assertTrailing(one, "67", "neither one more nor zeros", 0);
        assertTrailing(one, "1f00", "neither one more nor zeros", 0);
        assertTrailing(one, "1f", "cut short", 1);
        assertTrailing(one, "1f8b08", "cut short", 3);
        assertTrailing(one, "000067", "something follows the zeros", 2);
        byte[] hidden = Unpacked.concatenate(one, new byte[512], one);
        assertThat(Unpacked.refusal(hidden, Wrapper.GZIP)).hasMessageContaining("something follows the zeros");
    }

    private static void assertTrailing(byte[] member, String hex, String message, int offset) {
        DiskException refusal =
                Unpacked.refusal(Unpacked.concatenate(member, HexFormat.of().parseHex(hex)), Wrapper.GZIP);
        assertThat(refusal).isInstanceOf(MalformedDiskException.class).hasMessageContaining(message);
        assertThat(refusal.offset()).isEqualTo(member.length + offset);
    }

    /** Everything that the header may have: extra bytes, a name, a comment, a checksum; as Python's zlib made it. */
    @Test
    void gzipHeader() throws Exception {
        String body = "cb48cdc9c9070086a6103605000000";
        for (String header : new String[] {
            "1f8b0800000000000003",
            "1f8b08080000000000036e616d6500",
            "1f8b0810000000000003e28a8200",
            "1f8b08040000000000030400aabbccdd",
            "1f8b08020000000000001d26",
            "1f8b081c0000000000030100ee6e0000",
        }) {
            byte[] packed = HexFormat.of().parseHex(header + body);
            assertThat(Filter.run(packed, "gzip", "-dc")).asString().isEqualTo("hello");
            assertThat(Unpacked.of(packed, Wrapper.GZIP)).asString().isEqualTo("hello");
        }
        assertGzip("1f8b08020000000000000000" + body, MalformedDiskException.class, "checksum of a header");
        assertGzip("1f8b0820000000000000" + body, UnsupportedDiskException.class, "flags 0x20");
        assertGzip("1f8b0700000000000000" + body, UnsupportedDiskException.class, "method 7");
        assertGzip("1f8b0808000000000000616161", MalformedDiskException.class, "cut short");
    }

    private static void assertGzip(String hex, Class<? extends DiskException> type, String message) {
        assertThat(Unpacked.refusal(HexFormat.of().parseHex(hex), Wrapper.GZIP))
                .isInstanceOf(type)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource({"gzip -c, 4", "gzip -c, 8", "xz -c --check=crc32, 0", "xz -c --check=sha256, 0", "zstd -qc, 4"})
    void checksAtTheEnd(String command, int fromEnd) throws Exception {
        byte[] packed = Filter.run(DISK, command.split(" "));
        Wrapper wrapper = wrapper(command);
        int at = wrapper == Wrapper.XZ ? xzCheckOffset(packed) : packed.length - fromEnd;
        packed[at] ^= 0x40;
        assertThat(Unpacked.refusal(packed, wrapper)).isInstanceOf(MalformedDiskException.class);
        assertThat(Filter.accepts(packed, program(command), "-t")).isFalse();
    }

    /** The last byte of the check, in front of the index, whose length the footer tells. */
    private static int xzCheckOffset(byte[] packed) {
        int indexBytes = (ByteBuffer.wrap(packed).order(ByteOrder.LITTLE_ENDIAN).getInt(packed.length - 8) + 1) * 4;
        return packed.length - 12 - indexBytes - 1;
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip -c", "xz -c0", "xz -c0 --check=sha256 --block-size=500", "zstd -qc"})
    void cutAnywhere(String command) {
        byte[] packed = Filter.run(Contents.text(2000, 4), command.split(" "));
        for (int length = 1; length < packed.length; length++) {
            for (int workers = 0; workers <= 2; workers += 2) {
                DiskException refusal = Unpacked.refusal(
                        Arrays.copyOf(packed, length), wrapper(command), UnpackLimits.DEFAULT, workers);
                assertThat(refusal).isInstanceOf(MalformedDiskException.class).hasMessageContaining("cut short");
                assertThat(refusal.offset()).isEqualTo(length);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip -cn", "xz -c0", "xz -c0 --check=sha256 --block-size=300", "zstd -qc"})
    void everyBit(String command) throws Exception {
        byte[] plain = Contents.text(700, 5);
        byte[] packed = Filter.run(plain, command.split(" "));
        for (int bit = 0; bit < 8 * packed.length; bit++) {
            byte[] flipped = packed.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            for (int workers = 0; workers <= 2; workers += 2) {
                byte[] found = unpackOrNull(flipped, wrapper(command), workers);
                assertThat(found == null || Arrays.equals(found, plain))
                        .as("bit %d", bit)
                        .isTrue();
            }
        }
    }

    private static byte[] unpackOrNull(byte[] packed, Wrapper wrapper, int workers) throws IOException {
        try {
            return Unpacked.of(packed, wrapper, UnpackLimits.DEFAULT, workers);
        } catch (BadContentException e) {
            assertThat(e.reason().offset()).isBetween(0L, (long) packed.length);
            return null;
        }
    }

    @Test
    void xzDictionaries() throws Exception {
        byte[] best = Filter.run(DISK, "xz", "-c9");
        assertThat(Unpacked.of(best, Wrapper.XZ)).isEqualTo(DISK);
        byte[] large = Filter.run(DISK, "xz", "-c", "--lzma2=preset=0,dict=1536MiB", "--memlimit-compress=0");
        for (int workers = 0; workers <= 2; workers += 2) {
            assertThat(Unpacked.refusal(large, Wrapper.XZ, UnpackLimits.DEFAULT, workers))
                    .isInstanceOf(DiskLimitException.class)
                    .hasMessageContaining("smaller dictionary");
        }
    }

    @ParameterizedTest
    @EnumSource(Wrapper.class)
    void troubleWithTheSourceIsNoTroubleWithTheFile(Wrapper wrapper) {
        IOException trouble = new EOFException("unplugged");
        ByteSource broken = new ByteSource() {
            @Override
            public long lengthBytes() {
                return 1 << 20;
            }

            @Override
            public void read(long offset, ByteBuffer target) throws IOException {
                throw trouble;
            }
        };
        assertThatThrownBy(() -> UnpackedStream.of(broken, wrapper, UnpackLimits.DEFAULT, 2)
                        .read())
                .isSameAs(trouble);
    }

    @ParameterizedTest
    @EnumSource(Wrapper.class)
    void failsAgainAndAgain(Wrapper wrapper) {
        InputStream in = UnpackedStream.of(
                new ByteArrayInputStream("#!/bin/sh\nexit 1\n".getBytes(StandardCharsets.US_ASCII)),
                wrapper,
                UnpackLimits.DEFAULT);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(in::read)
                    .isInstanceOf(BadContentException.class)
                    .cause()
                    .isInstanceOf(MalformedDiskException.class);
        }
    }

    @Test
    void byteByByteWithProgress() throws Exception {
        byte[] packed = Filter.run(DISK, "gzip", "-c");
        try (UnpackedStream in =
                UnpackedStream.of(new ByteArrayInputStream(packed), Wrapper.GZIP, UnpackLimits.DEFAULT)) {
            assertThat(in.packedBytes()).isZero();
            for (byte expected : DISK) {
                assertThat((byte) in.read()).isEqualTo(expected);
            }
            assertThat(in.read()).isEqualTo(-1);
            assertThat(in.packedBytes()).isEqualTo(packed.length);
        }
    }

    private static String program(String command) {
        return command.substring(0, command.indexOf(' '));
    }

    private static Wrapper wrapper(String command) {
        return switch (program(command)) {
            case "gzip" -> Wrapper.GZIP;
            case "xz" -> Wrapper.XZ;
            default -> Wrapper.ZSTD;
        };
    }
}
