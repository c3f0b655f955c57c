package io.virtualimage.disk.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.FixedDisk;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.Program;
import io.virtualimage.disk.SyntheticDisk;
import io.virtualimage.disk.VirtualDisk;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.zip.Deflater;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class ParallelCopyTest {
    private static final int MIB = 1 << 20;

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(ints = {512, 4096, 65536, 2 * MIB})
    void copiesEveryKindOfRun(int grainBytes) throws Exception {
        for (int seed = 0; seed < 4; seed++) {
            SyntheticDisk disk = SyntheticDisk.random(seed, grainBytes, Math.max(200, 16 * grainBytes / 512) + seed);
            byte[] expected = disk.content();
            for (int threads : new int[] {1, 3}) {
                assertThat(Arrays.mismatch(toRaw(disk, threads), expected)).isEqualTo(-1);
                assertSeenByQemu(disk, threads, expected);
            }
        }
    }

    @Test
    void copiesUnitsThatAreLargerThanAPortion() throws Exception {
        byte[] plain = new byte[3 * MIB];
        new Random(1).nextBytes(plain);
        Arrays.fill(plain, 0, 2 * MIB, (byte) 5);
        byte[] packed = deflated(plain);
        PackedUnit unit = new PackedUnit(PackedUnit.Codec.DEFLATE, 0, packed.length, plain.length);
        VirtualDisk disk = new FixedDisk(
                8 * MIB,
                new MemoryByteSource(packed),
                new Extent.Data(0, 512, 100),
                new Extent.Packed(512, plain.length, unit, 0),
                new Extent.Packed(512 + plain.length, 512, unit, 1024));
        byte[] expected = new byte[8 * MIB];
        System.arraycopy(packed, 100, expected, 0, 512);
        System.arraycopy(plain, 0, expected, 512, plain.length);
        System.arraycopy(plain, 1024, expected, 512 + plain.length, 512);
        assertThat(Arrays.mismatch(toRaw(disk, 2), expected)).isEqualTo(-1);
        assertSeenByQemu(disk, 2, expected);
    }

    /** Of whatever thread, the reason comes out, and nothing hangs. */
    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void endsWhenDataAreDamaged(int threads) throws Exception {
        byte[] source = new byte[64 * MIB];
        Arrays.fill(source, (byte) 1);
        PackedUnit damaged = new PackedUnit(PackedUnit.Codec.DEFLATE, 7, 100, 65536);
        VirtualDisk disk = new FixedDisk(
                64 * MIB,
                new MemoryByteSource(source),
                new Extent.Data(0, 10 * MIB, 0),
                new Extent.Packed(10 * MIB, 65536, damaged, 0),
                new Extent.Data(11 * MIB, 53 * MIB, 0));
        assertThatThrownBy(() -> toRaw(disk, threads)).isInstanceOf(MalformedDiskException.class);
        assertThatThrownBy(() -> toQcow2(disk, threads)).isInstanceOf(MalformedDiskException.class);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4})
    void endsWhenTheMapIsBad(int threads) {
        byte[] source = new byte[64 * MIB];
        Arrays.fill(source, (byte) 1);
        VirtualDisk disk = new FixedDisk(64 * MIB, new MemoryByteSource(source)) {
            @Override
            public Extent extentAt(long offset) {
                if (offset >= 40 * MIB) {
                    throw new IllegalStateException("no map");
                }
                return new Extent.Data(offset, Math.min(512 << 10, 40 * MIB - offset), offset);
            }
        };
        assertThatThrownBy(() -> toRaw(disk, threads)).hasMessage("no map");
        assertThatThrownBy(() -> toQcow2(disk, threads)).hasMessage("no map");
    }

    @Test
    void endsWhenTheSourceCannotBeRead() {
        ByteSource source = new FailingSource(new byte[64 * MIB], 30 * MIB);
        VirtualDisk disk = new FixedDisk(64 * MIB, source, new Extent.Data(0, 64 * MIB, 0));
        assertThatThrownBy(() -> toRaw(disk, 4))
                .isExactlyInstanceOf(IOException.class)
                .hasMessage("no more");
    }

    @Test
    void readsDataOnceForRawAndLittleMoreForQcow2() throws Exception {
        byte[] bytes = new byte[16 * MIB];
        new Random(2).nextBytes(bytes);
        CountingSource source = new CountingSource(bytes);
        VirtualDisk disk = new FixedDisk(bytes.length, source, new Extent.Data(0, bytes.length, 0));
        toRaw(disk, 2);
        assertThat(source.read.getAndSet(0)).isEqualTo(bytes.length);
        toQcow2(disk, 2);
        assertThat(source.read.get()).isLessThan(bytes.length + bytes.length / 10);
    }

    /** Of a disk that would take years. */
    @Test
    void isEndedByAnInterrupt() {
        VirtualDisk disk = new FixedDisk(1L << 50, new MemoryByteSource(new byte[4096])) {
            @Override
            public Extent extentAt(long offset) {
                return new Extent.Data(offset, 4096, 0);
            }
        };
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> toRaw(disk, 2)).isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
    }

    private static final class FailingSource implements ByteSource {
        private final MemoryByteSource source;
        private final long end;

        FailingSource(byte[] bytes, long end) {
            this.source = new MemoryByteSource(bytes);
            this.end = end;
        }

        @Override
        public long lengthBytes() {
            return source.lengthBytes();
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            if (offset + target.remaining() > end) {
                throw new IOException("no more");
            }
            source.read(offset, target);
        }
    }

    private static final class CountingSource implements ByteSource {
        final AtomicInteger read = new AtomicInteger();
        private final MemoryByteSource source;

        CountingSource(byte[] bytes) {
            this.source = new MemoryByteSource(bytes);
        }

        @Override
        public long lengthBytes() {
            return source.lengthBytes();
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            read.addAndGet(target.remaining());
            source.read(offset, target);
        }
    }

    private byte[] toRaw(VirtualDisk disk, int threads) throws Exception {
        Path file = directory.resolve("copy.raw");
        Files.deleteIfExists(file);
        try (RandomAccessFile target = new RandomAccessFile(file.toFile(), "rw")) {
            ParallelCopy.toRaw(disk, target.getChannel(), threads);
            target.setLength(disk.info().virtualSizeBytes());
        }
        return Files.readAllBytes(file);
    }

    private Path toQcow2(VirtualDisk disk, int threads) throws Exception {
        Path file = directory.resolve("copy.qcow2");
        Files.deleteIfExists(file);
        try (RandomAccessFile target = new RandomAccessFile(file.toFile(), "rw")) {
            target.setLength(ParallelCopy.toQcow2(disk, target.getChannel(), threads));
        }
        return file;
    }

    private void assertSeenByQemu(VirtualDisk disk, int threads, byte[] expected) throws Exception {
        Path file = toQcow2(disk, threads);
        Path raw = directory.resolve("seen.raw");
        Program.qemuImg("check", "-q", file);
        Program.qemuImg("convert", "-f", "qcow2", "-O", "raw", file, raw);
        assertThat(Arrays.mismatch(Files.readAllBytes(raw), expected)).isEqualTo(-1);
    }

    private static byte[] deflated(byte[] plain) {
        try (Deflater deflater = new Deflater(1, true)) {
            deflater.setInput(plain);
            deflater.finish();
            byte[] packed = new byte[plain.length + 1024];
            return Arrays.copyOf(packed, deflater.deflate(packed));
        }
    }
}
