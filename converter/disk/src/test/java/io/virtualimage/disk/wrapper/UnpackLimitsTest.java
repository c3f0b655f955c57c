package io.virtualimage.disk.wrapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.Allocations;
import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.Contents;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.Filter;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.util.Arrays;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What is small packed and huge unpacked: refused on the way, with memory that does not grow. */
@Timeout(60)
class UnpackLimitsTest {
    private static final int MIB = 1 << 20;

    /** 100 GiB of zeros, as so many pieces of 16 MiB. */
    private static final int PIECES = 6400;

    @ParameterizedTest
    @EnumSource(Wrapper.class)
    void hundredGibOfZeros(Wrapper wrapper) throws Exception {
        byte[] packed = Filter.run(new byte[16 * MIB], command(wrapper));
        InputStream bomb = new SequenceInputStream(Collections.enumeration(Collections.nCopies(PIECES, packed).stream()
                .map(ByteArrayInputStream::new)
                .toList()));
        UnpackLimits limits = new UnpackLimits(75 * MIB, 200, 80 * MIB, 8 * MIB);
        long before = Allocations.ofThisThread();
        long plainBytes = 0;
        byte[] buffer = new byte[64 << 10];
        try (InputStream in = UnpackedStream.of(bomb, wrapper, limits)) {
            while (true) {
                plainBytes += in.read(buffer);
            }
        } catch (BadContentException e) {
            assertThat(e.reason())
                    .isInstanceOf(DiskLimitException.class)
                    .hasMessageContaining("more than the limit of 78643200 bytes");
            // Far from the end, but more than the pieces before.
            assertThat(e.reason().offset()).isBetween(4L * packed.length, 6L * packed.length + (64 << 10));
        }
        assertThat(plainBytes).isBetween(74L * MIB, 75L * MIB);
        // Far from what was unpacked, though the library for xz has new buffers for each piece.
        assertThat(Allocations.ofThisThread() - before).isLessThan(10 * MIB);
    }

    /** Every byte but zeros: all that a page of the same letters packs to. */
    @ParameterizedTest
    @CsvSource({"GZIP, 1000", "XZ, 5000", "ZSTD, 10000"})
    void ratio(Wrapper wrapper, int ratio) throws Exception {
        byte[] plain = new byte[70 * MIB];
        Arrays.fill(plain, (byte) 'A');
        byte[] packed = Filter.run(plain, command(wrapper));
        assertThat(plain.length / packed.length).isGreaterThan(ratio);
        for (int workers = 0; workers <= 2; workers += 2) {
            DiskException refusal = Unpacked.refusal(packed, wrapper, UnpackLimits.DEFAULT, workers);
            assertThat(refusal)
                    .isInstanceOf(DiskLimitException.class)
                    .hasMessageContaining("over the limit of 200 times as many");
        }
        UnpackLimits lax = new UnpackLimits(1L << 40, 100_000, 80 * MIB, 8 * MIB);
        assertThat(count(packed, wrapper, lax)).isEqualTo(plain.length);
    }

    /** The least that makes a block count: one byte of each. */
    @Test
    void blocksThatAreNotAllZeros() throws Exception {
        byte[] plain = new byte[70 * MIB];
        for (int at = 0; at < plain.length; at += 64 << 10) {
            plain[at + at / (64 << 10) % (64 << 10)] = 1;
        }
        byte[] packed = Filter.run(plain, "zstd", "-qc");
        assertThat(packed).hasSizeLessThan(plain.length / 200);
        assertThat(Unpacked.refusal(packed, Wrapper.ZSTD)).isInstanceOf(DiskLimitException.class);
        // As many blocks as are free.
        byte[] free = Arrays.copyOf(plain, 64 * MIB);
        assertThat(count(Filter.run(free, "zstd", "-qc"), Wrapper.ZSTD, UnpackLimits.DEFAULT))
                .isEqualTo(free.length);
    }

    /** An honest disk: zeros for the most part, beside them what packs as data do. */
    @ParameterizedTest
    @EnumSource(Wrapper.class)
    void sparseDisks(Wrapper wrapper) throws Exception {
        byte[] plain = new byte[100 * MIB];
        byte[] disk = Contents.disk(MIB / 2, 1);
        System.arraycopy(disk, 0, plain, 7 * MIB + 512, disk.length);
        byte[] packed = Filter.run(plain, command(wrapper));
        assertThat(plain.length / packed.length).isGreaterThan(200);
        assertThat(count(packed, wrapper, UnpackLimits.DEFAULT)).isEqualTo(plain.length);
    }

    @ParameterizedTest
    @EnumSource(Wrapper.class)
    void exactlyTheLimit(Wrapper wrapper) throws Exception {
        byte[] plain = Contents.disk(100_000, 2);
        byte[] packed = Filter.run(plain, command(wrapper));
        assertThat(Unpacked.of(packed, wrapper, new UnpackLimits(100_000, 1, 80 * MIB, 2 * MIB), 0))
                .isEqualTo(plain);
        assertThat(Unpacked.refusal(packed, wrapper, new UnpackLimits(99_999, 1, 80 * MIB, 2 * MIB), 0))
                .isInstanceOf(DiskLimitException.class);
    }

    @Test
    void checkThemselves() {
        for (long[] wrong : new long[][] {
            {0, 1, MIB, MIB}, {1, 0, MIB, MIB}, {1, 1, 0, MIB}, {1, 1, MIB, 0}, {1, 1, MIB, (1 << 30) + 1}
        }) {
            assertThatThrownBy(() -> new UnpackLimits(wrong[0], (int) wrong[1], (int) wrong[2], (int) wrong[3]))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    private static long count(byte[] packed, Wrapper wrapper, UnpackLimits limits) throws IOException {
        try (InputStream in = UnpackedStream.of(new ByteArrayInputStream(packed), wrapper, limits)) {
            byte[] buffer = new byte[256 << 10];
            long count = 0;
            for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
                count += got;
            }
            return count;
        }
    }

    private static String[] command(Wrapper wrapper) {
        return switch (wrapper) {
            case GZIP -> new String[] {"gzip", "-c6"};
            case XZ -> new String[] {"xz", "-c0"};
            case ZSTD -> new String[] {"zstd", "-qc"};
        };
    }
}
