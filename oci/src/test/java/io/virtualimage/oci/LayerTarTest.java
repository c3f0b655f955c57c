package io.virtualimage.oci;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LayerTarTest {

    @Test
    void isPlainUstarWhereThatIsEnough() {
        LayerTar tar = LayerTar.of("disk.qcow2", 1000);
        byte[] head = tar.head();
        assertThat(head).hasSize(512);
        assertThat(text(head, 0, 100)).isEqualTo("disk/disk.qcow2");
        assertThat(ascii(head, 100, 48).replace('\0', '|'))
                .isEqualTo("0000644|0000000|0000000|00000001750|00000000000|");
        assertThat(ascii(head, 156, 1)).isEqualTo("0");
        assertThat(ascii(head, 257, 8).replace('\0', '|')).isEqualTo("ustar|00");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 511, 512, 513, 077777777777L, 0100000000000L, 1L << 50})
    void isWholeBlocks(long length) {
        LayerTar tar = LayerTar.of("disk.img", length);
        assertThat(tar.head().length + length + tar.tail().length).isEqualTo(tar.totalLength());
        assertThat(tar.totalLength() % 512).isZero();
        assertThat(tar.tail().length).isBetween(1024, 1024 + 511);
        assertThat(tar.tail()).containsOnly(0);
        assertThat(LayerTar.of("disk.img", length).head()).isEqualTo(tar.head());
    }

    @Test
    void saysALengthBeyondUstarInAnExtendedHeader() {
        assertThat(LayerTar.of("disk.img", 077777777777L).head()).hasSize(512);
        byte[] head = LayerTar.of("disk.img", 8L << 30).head();
        assertThat(head).hasSize(3 * 512);
        assertThat((char) head[156]).isEqualTo('x');
        assertThat(text(head, 512, 512)).isEqualTo("19 size=8589934592\n");
        assertThat(text(head, 1024, 100)).isEqualTo("disk/disk.img");
    }

    @Test
    void saysLongAndForeignNamesInAnExtendedHeader() {
        assertThat(LayerTar.of("n".repeat(95), 1).head()).hasSize(512);
        assertThat(text(LayerTar.of("n".repeat(96), 1).head(), 512, 512))
                .isEqualTo("111 path=disk/" + "n".repeat(96) + "\n");
        assertThat(text(LayerTar.of("диск", 1).head(), 512, 512)).isEqualTo("22 path=disk/диск\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a/b", "a\0", "a\nb"})
    void refusesWhatIsNoFileName(String name) {
        assertThatThrownBy(() -> LayerTar.of(name, 1)).isInstanceOf(IllegalArgumentException.class);
    }

    private static String text(byte[] bytes, int at, int length) {
        String all = new String(bytes, at, length, UTF_8);
        int end = all.indexOf('\0');
        return end < 0 ? all : all.substring(0, end);
    }

    private static String ascii(byte[] bytes, int at, int length) {
        return new String(bytes, at, length, US_ASCII);
    }
}
