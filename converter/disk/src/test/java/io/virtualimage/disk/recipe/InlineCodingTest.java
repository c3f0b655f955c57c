package io.virtualimage.disk.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class InlineCodingTest {
    /** The form is a contract between versions: worked out by hand. */
    @ParameterizedTest
    @CsvSource({
        // Less than a number
        "010203, 0c 010203",
        // Two numbers that follow from nothing
        "00000000000000010000000000000005, 40 0000000000000001 0000000000000005",
        // Zeros, and a rest
        "0000000000000000000000000000000007, 09 04 07",
        // Begin: three numbers, 10 more than expected (20 as signed), steps of 2 (4)
        "000000000000000a000000000000000c000000000000000e, 0e 14 04",
        // After a gap, go on twice; steps of -1 (1)
        "000000000000000a00000000000000000000000000000009000000000000000800, 06 14 01 05 0b 04 00",
        // Begin anew: expected is 12, so 3 is -9 (17); all the same (0)
        "0000000000000003000000000000000600000000000000090000000000000003000000000000000300000000000000030000000000000003,"
                + " 0e 06 06 12 11 00",
    })
    void form(String bytes, String encoded) throws IOException {
        byte[] plain = HexFormat.of().parseHex(bytes);
        assertThat(HexFormat.of().formatHex(encode(plain))).isEqualTo(encoded.replace(" ", ""));
        assertThat(decode(HexFormat.of().parseHex(encoded.replace(" ", "")), plain.length))
                .isEqualTo(plain);
    }

    @Test
    void whateverTheBytesAre() throws IOException {
        Random random = new Random(7);
        for (int round = 0; round < 3000; round++) {
            ByteBuffer bytes = ByteBuffer.allocate(1 + random.nextInt(400));
            long value = random.nextLong();
            while (bytes.remaining() >= Long.BYTES) {
                value = switch (random.nextInt(8)) {
                    case 0 -> random.nextLong();
                    case 1 -> random.nextInt(4);
                    default -> value + (random.nextInt(9) == 0 ? 1 : 65536);
                };
                bytes.putLong(random.nextInt(4) == 0 ? 0 : value);
            }
            byte[] encoded = encode(bytes.array());
            assertThat(encoded).hasSizeLessThanOrEqualTo(bytes.capacity() + 10);
            assertThat(decode(encoded, bytes.capacity())).isEqualTo(bytes.array());
        }
    }

    @Test
    void tablesAreSmall() {
        ByteBuffer table = ByteBuffer.allocate(64 << 10);
        while (table.hasRemaining()) {
            table.putLong(table.position() % 16 == 0 ? 1L << 63 | (table.position() * 8192L + (5L << 40)) : 0);
        }
        assertThat(encode(table.array())).hasSizeLessThan(8192 + 30);
        ByteBuffer counts = ByteBuffer.allocate(64 << 10);
        while (counts.hasRemaining()) {
            counts.putShort((short) 1);
        }
        assertThat(encode(counts.array())).hasSizeLessThan(20);
    }

    @ParameterizedTest
    @CsvSource({"''", "0c01", "00", "10", "0d", "0a", "0a02", "0affffffffffffffffffff01", "02", "ffffffffffffffffff01"})
    void refusesWhatNoEncoderWrote(String encoded) {
        assertThatThrownBy(() -> decode(HexFormat.of().parseHex(encoded), 3))
                .isInstanceOf(IOException.class)
                .hasMessageStartingWith("recipe: the document 'd' is damaged: ");
    }

    private static byte[] encode(byte[] bytes) {
        DocumentWriter document = new DocumentWriter();
        InlineCoding.encode(ByteBuffer.wrap(bytes), document);
        return document.toBytes();
    }

    private static byte[] decode(byte[] encoded, int lengthBytes) throws IOException {
        DocumentReader document = new DocumentReader("d", encoded);
        byte[] bytes = InlineCoding.decode(document, lengthBytes).array();
        assertThat(document.atEnd()).isTrue();
        return bytes;
    }
}
