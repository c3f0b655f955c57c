package io.virtualimage.disk.wrapper;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.Contents;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Filter;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.MemoryByteSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class XzBlocksUnpackerTest {
    private static final int MIB = 1 << 20;
    private static final byte[] PLAIN = Contents.disk(4_000_000, 1);
    private static final byte[] PACKED = Filter.run(PLAIN, "xz", "-c1", "-T2", "--block-size=300000");

    /** From memory for all blocks to memory for less than one. */
    @ParameterizedTest
    @CsvSource({"2, 80", "3, 80", "16, 80", "2, 4", "3, 2", "16, 3"})
    void inOrder(int workers, int memoryMib) throws Exception {
        UnpackLimits limits = new UnpackLimits(1 << 30, 200, memoryMib * MIB, MIB);
        assertThat(Unpacked.of(PACKED, Wrapper.XZ, limits, workers)).isEqualTo(PLAIN);
    }

    @Test
    void largeBlocksAndSmallOnes() throws Exception {
        byte[] large = Contents.disk(9_000_000, 2);
        byte[] packed = Unpacked.concatenate(
                Filter.run(large, "xz", "-c0", "--block-size=8000000"),
                new byte[8],
                Filter.run(new byte[0], "xz", "-c"),
                PACKED);
        UnpackLimits limits = new UnpackLimits(1 << 30, 200, 5 * MIB, MIB);
        assertThat(Arrays.equals(Unpacked.of(packed, Wrapper.XZ, limits, 3), Unpacked.concatenate(large, PLAIN)))
                .isTrue();
    }

    /** Two threads read before either may go on. */
    @Test
    void atOnce() throws Exception {
        CountDownLatch both = new CountDownLatch(2);
        Set<Thread> seen = ConcurrentHashMap.newKeySet();
        Thread reader = Thread.currentThread();
        MemoryByteSource memory = new MemoryByteSource(PACKED);
        ByteSource source = new ByteSource() {
            @Override
            public long lengthBytes() {
                return memory.lengthBytes();
            }

            @Override
            public void read(long offset, ByteBuffer target) throws IOException {
                if (Thread.currentThread() != reader && seen.add(Thread.currentThread())) {
                    both.countDown();
                    try {
                        assertThat(both.await(30, TimeUnit.SECONDS)).isTrue();
                    } catch (InterruptedException e) {
                        throw new AssertionError(e);
                    }
                }
                memory.read(offset, target);
            }
        };
        try (InputStream in = UnpackedStream.of(source, Wrapper.XZ, UnpackLimits.DEFAULT, 2)) {
            assertThat(in.readAllBytes()).isEqualTo(PLAIN);
        }
        assertThat(seen).hasSize(2);
    }

    @Test
    void whatIsBeforeTheDamageIsThere() throws Exception {
        byte[] damaged = PACKED.clone();
        damaged[PACKED.length / 2] ^= 1;
        int before = 0;
        try (InputStream in = UnpackedStream.of(new MemoryByteSource(damaged), Wrapper.XZ, UnpackLimits.DEFAULT, 3)) {
            while (in.read() == (PLAIN[before] & 0xff)) {
                before++;
            }
        } catch (BadContentException e) {
            assertThat(e.reason()).isInstanceOf(MalformedDiskException.class);
            assertThat(e.reason().offset()).isBetween(PACKED.length / 2L - 200_000, PACKED.length / 2L + 400_000);
        }
        assertThat(before).isBetween(900_000, 3_100_000);
    }

    /** Blocks, their checks, the index, the footer: as if it was read from the start. */
    @Test
    void damageAnywhere() {
        Random random = new Random(3);
        byte[] packed = Filter.run(Contents.disk(400_000, 5), "xz", "-c0", "--block-size=100000");
        for (int round = 0; round < 100; round++) {
            byte[] damaged = packed.clone();
            int at = round < 40 ? packed.length - 1 - 2 * round : random.nextInt(packed.length);
            damaged[at] ^= (byte) (1 << random.nextInt(8));
            DiskException refusal = Unpacked.refusal(damaged, Wrapper.XZ, UnpackLimits.DEFAULT, 2);
            assertThat(refusal.offset()).isBetween(0L, (long) packed.length);
        }
    }

    @Test
    void troubleWithTheSource() throws Exception {
        IOException trouble = new IOException("unplugged");
        MemoryByteSource memory = new MemoryByteSource(PACKED);
        Thread reader = Thread.currentThread();
        ByteSource source = new ByteSource() {
            @Override
            public long lengthBytes() {
                return memory.lengthBytes();
            }

            @Override
            public void read(long offset, ByteBuffer target) throws IOException {
                if (Thread.currentThread() != reader) {
                    throw trouble;
                }
                memory.read(offset, target);
            }
        };
        try (InputStream in = UnpackedStream.of(source, Wrapper.XZ, UnpackLimits.DEFAULT, 2)) {
            assertThatThrownBy(in::read).isSameAs(trouble);
        }
    }

    /** Workers that wait for somebody to read are let go. */
    @Test
    void closedEarly() throws Exception {
        byte[] large = Filter.run(Contents.disk(12_000_000, 4), "xz", "-c0", "--block-size=5000000");
        UnpackLimits limits = new UnpackLimits(1 << 30, 200, 2 * MIB, MIB);
        try (InputStream in = UnpackedStream.of(new MemoryByteSource(large), Wrapper.XZ, limits, 2)) {
            assertThat(in.read()).isNotNegative();
        }
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("xz-")) {
                assertThat(thread.join(Duration.ofSeconds(30))).isTrue();
            }
        }
    }
}
