package io.virtualimage.volume.fill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunReaderTest {
    /** Made by another implementation of CRC-32C; the writer's test has the same. */
    private static final byte[] GOLDEN = HexFormat.of()
            .parseHex("0000000000000020000000000000001000fbaf88a10100000000000030000000000000000003616263ba"
                    + "b293b200000000000000300300000000000000056581b70902000000000000300800000000000000004e"
                    + "65e515");

    private final List<String> taken = new ArrayList<>();

    private void read(byte[] frames, long from, long to) throws Exception {
        new RunReader().read(new ByteArrayInputStream(frames), from, to, new RunReader.Sink() {
            @Override
            public void data(long offset, ByteBuffer bytes) {
                taken.add("%d %s".formatted(offset, StandardCharsets.US_ASCII.decode(bytes)));
            }

            @Override
            public void zeros(long offset, long lengthBytes) {
                taken.add("%d zeros %d".formatted(offset, lengthBytes));
            }
        });
    }

    @Test
    void runsAreHandedOver() throws Exception {
        read(GOLDEN, 8192, 12_296);
        assertThat(taken).containsExactly("8192 zeros 4096", "12288 abc", "12291 zeros 5");
        read(GOLDEN, 8192, 1 << 20);
        assertThat(taken).hasSize(6);
    }

    @Test
    void whatIsCutOffOrDamagedAnywhereIsNoticed() {
        for (int length = 0; length < GOLDEN.length; length++) {
            byte[] cut = Arrays.copyOf(GOLDEN, length);
            assertThatExceptionOfType(IOException.class).isThrownBy(() -> read(cut, 8192, 12_296));
        }
        for (int bit = 0; bit < 8 * GOLDEN.length; bit++) {
            byte[] damaged = GOLDEN.clone();
            damaged[bit / 8] ^= (byte) (1 << bit % 8);
            assertThatExceptionOfType(IOException.class)
                    .as("bit %d", bit)
                    .isThrownBy(() -> read(damaged, 8192, 12_296));
        }
    }

    @Test
    void whatWasNotAskedForIsRefused() {
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> read(GOLDEN, 8191, 12_296));
        assertThatExceptionOfType(IOException.class).isThrownBy(() -> read(GOLDEN, 8192, 12_295));
        assertThatExceptionOfType(IOException.class)
                .isThrownBy(() -> read(Arrays.copyOfRange(GOLDEN, GOLDEN.length - 21, GOLDEN.length), 12_296, 20_000));
    }
}
