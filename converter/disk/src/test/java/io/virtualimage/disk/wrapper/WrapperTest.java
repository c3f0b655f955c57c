package io.virtualimage.disk.wrapper;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.Filter;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WrapperTest {
    @ParameterizedTest
    @CsvSource({"gzip, GZIP, gz", "xz, XZ, xz", "zstd, ZSTD, zst"})
    void byMagic(String program, Wrapper wrapper, String wireName) {
        byte[] packed = Filter.run(new byte[1], program, "-c");
        assertThat(Wrapper.of(ByteBuffer.wrap(packed))).contains(wrapper);
        assertThat(wrapper.wireName()).isEqualTo(wireName);
        // At a position, and not the start of the buffer.
        ByteBuffer moved =
                ByteBuffer.allocate(packed.length + 5).position(5).put(packed).position(5);
        assertThat(Wrapper.of(moved)).contains(wrapper);
        assertThat(moved.position()).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(strings = {"bzip2", "lz4"})
    void others(String program) {
        assertThat(Wrapper.of(ByteBuffer.wrap(Filter.run(new byte[1], program, "-c"))))
                .isEmpty();
    }

    /** As pzstd writes it: each frame behind one that tells its size. */
    @Test
    void zstdBehindAFrameToBeSkipped() {
        assertThat(of("502a4d18 04000000 00000000 28b52ffd")).isTrue();
        assertThat(of("502a4d18 00000000 5f2a4d18 01000000 00 28b52ffd")).isTrue();
        assertThat(of("502a4d18 04000000 00000000 04224d18")).isFalse();
        assertThat(of("502a4d18 ffffffff 28b52ffd")).isFalse();
        assertThat(of("502a4d18 04000000 00000000 28b52f")).isFalse();
        assertThat(of("502a4d18")).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "1f", "1f8b", "1f8b07", "fd377a585a", "fd377a585a01", "28b52f", "28b52ffc"})
    void almost(String hex) {
        assertThat(of(hex)).isFalse();
    }

    private static boolean of(String hex) {
        return Wrapper.of(ByteBuffer.wrap(HexFormat.of().parseHex(hex.replace(" ", ""))))
                .isPresent();
    }
}
