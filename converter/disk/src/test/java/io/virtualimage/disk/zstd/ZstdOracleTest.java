package io.virtualimage.disk.zstd;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.Contents;
import io.virtualimage.disk.Filter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the program {@code zstd} packed, in all the ways that it knows. */
class ZstdOracleTest {
    private static final String[] LEVELS = {
        "--fast=5",
        "-1",
        "-2",
        "-3",
        "-4",
        "-5",
        "-6",
        "-7",
        "-8",
        "-9",
        "-10",
        "-11",
        "-12",
        "-13",
        "-14",
        "-15",
        "-16",
        "-17",
        "-18",
        "-19",
        "-20",
        "-21",
        "-22"
    };

    @Test
    void everyLevel() throws Exception {
        byte[] mixed = concatenate(
                Contents.text(50_000, 1),
                Contents.disk(150_000, 2),
                Contents.random(140_000, 3),
                Contents.programs(150_000));
        for (String level : LEVELS) {
            assertUnpacks(mixed, "zstd", "-qc", "--ultra", level);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--no-check", "--no-content-size", "--format=zstd", "--no-compress-literals", "-B1000"})
    void everyOption(String option) throws Exception {
        assertUnpacks(Contents.disk(500_000, 4), "zstd", "-qc", option);
        assertUnpacks(Contents.disk(3_000_000, 5), "zstd", "-qc", "-T2", option);
    }

    @Test
    void small() throws Exception {
        Random random = new Random(6);
        for (int round = 0; round < 60; round++) {
            int length = round < 20 ? round : random.nextInt(100_000);
            String level = LEVELS[random.nextInt(LEVELS.length)];
            byte[] plain = switch (round % 4) {
                case 0 -> Contents.random(length, round);
                case 1 -> Contents.text(length, round);
                case 2 -> new byte[length];
                default -> Contents.disk(length, round);
            };
            assertUnpacks(plain, "zstd", "-qc", "--ultra", level);
        }
    }

    /** Windows of 1 KiB to 4 MiB, and content that is much larger: the ring goes round. */
    @ParameterizedTest
    @ValueSource(strings = {"wlog=10", "wlog=12", "wlog=17", "wlog=18", "wlog=20", "wlog=22,strat=6,clog=16,hlog=16"})
    void everyWindow(String parameters) throws Exception {
        byte[] plain = Contents.disk(3_000_000, 7);
        assertUnpacks(plain, "zstd", "-qc", "--no-content-size", "--zstd=" + parameters);
    }

    /** Matches that reach back over tens of megabytes. */
    @Test
    void longDistance() throws Exception {
        byte[] noise = Contents.random(9_000_000, 8);
        byte[] plain = concatenate(noise, Contents.text(100_000, 9), new byte[20_000_000], noise);
        byte[] packed = assertUnpacks(plain, "zstd", "-qc", "--long=27", "-1");
        assertThat(packed).hasSizeLessThan(10_000_000);
    }

    @Test
    void sparse() throws Exception {
        byte[] plain = new byte[50_000_000];
        plain[49_000_000] = 1;
        assertUnpacks(plain, "zstd", "-qc", "-3");
    }

    @Test
    void severalFrames() throws Exception {
        byte[] one = Contents.text(300_000, 10);
        byte[] two = Contents.disk(200_000, 11);
        byte[] packed = concatenate(
                Filter.run(one, "zstd", "-qc", "-1"),
                new byte[] {0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 9, 9, 9},
                Filter.run(new byte[0], "zstd", "-qc"),
                Filter.run(two, "zstd", "-qc", "-19"),
                new byte[] {0x50, 0x2a, 0x4d, 0x18, 0, 0, 0, 0});
        byte[] plain = Filter.run(packed, "zstd", "-qdc");
        assertThat(plain).isEqualTo(concatenate(one, two));
        assertThat(unpack(packed)).isEqualTo(plain);
        assertThat(unpackUnit(packed, plain.length)).isEqualTo(plain);
    }

    @Test
    void byteByByte() throws Exception {
        byte[] plain = Contents.text(1000, 12);
        byte[] packed = Filter.run(plain, "zstd", "-qc");
        try (InputStream in = new ZstdInputStream(new ByteArrayInputStream(packed), 2 << 20)) {
            for (byte expected : plain) {
                assertThat((byte) in.read()).isEqualTo(expected);
            }
            assertThat(in.read()).isEqualTo(-1);
            assertThat(in.read()).isEqualTo(-1);
        }
    }

    /** One decoder for many units, with its tables and its window from the one before. */
    @Test
    void unitsOneAfterTheOther() throws Exception {
        ZstdUnitDecoder decoder = new ZstdUnitDecoder();
        byte[] disk = Contents.disk(40 << 16, 13);
        for (int at = 0; at < disk.length; at += 1 << 16) {
            byte[] cluster = Arrays.copyOfRange(disk, at, at + (1 << 16));
            byte[] packed = Filter.run(cluster, "zstd", "-qc", LEVELS[(at >>> 16) % LEVELS.length], "--ultra");
            ByteBuffer plain = ByteBuffer.allocateDirect((1 << 16) + 7).position(7);
            // As in qcow2, where a cluster is followed by what comes next in its last sector.
            decoder.decode(ByteBuffer.wrap(concatenate(packed, Contents.random(300, at))), at, plain);
            assertThat(plain.hasRemaining()).isFalse();
            assertThat(plain.position(7)).isEqualTo(ByteBuffer.wrap(cluster));
        }
    }

    private static byte[] assertUnpacks(byte[] plain, String... command) throws Exception {
        byte[] packed = Filter.run(plain, command);
        assertThat(Arrays.equals(unpack(packed), plain))
                .as("%s of %d bytes", String.join(" ", command), plain.length)
                .isTrue();
        if (plain.length > 0) {
            assertThat(Arrays.equals(unpackUnit(packed, plain.length), plain))
                    .as("%s of %d bytes as a unit", String.join(" ", command), plain.length)
                    .isTrue();
        }
        return packed;
    }

    private static byte[] unpack(byte[] packed) throws IOException {
        try (InputStream in = new ZstdInputStream(new ByteArrayInputStream(packed), ZstdFormat.LONG_WINDOW_BYTES)) {
            return in.readAllBytes();
        }
    }

    private static byte[] unpackUnit(byte[] packed, int plainBytes) throws Exception {
        ByteBuffer plain = ByteBuffer.allocate(plainBytes);
        new ZstdUnitDecoder().decode(ByteBuffer.wrap(packed), 0, plain);
        return plain.array();
    }

    private static byte[] concatenate(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
