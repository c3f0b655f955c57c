package io.virtualimage.disk.wrapper;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.Filter;
import io.virtualimage.disk.MemoryByteSource;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that cost much, though little comes out. */
@Timeout(30)
class XzAttackTest {
    private static final int MIB = 1 << 20;
    private static final int BLOCKS = 20_000;

    /** Properties of LZMA2: dictionaries of 4 KiB, 64 KiB, 24 MiB and 64 MiB. */
    private static final int[] DICTIONARIES = {0, 8, 25, 28};

    /** A block of 16 bytes may ask for 64 MiB. */
    @Test
    void emptyBlocks() throws Exception {
        byte[] packed = blocks("00", IntStream.range(0, BLOCKS).map(i -> 28).toArray());
        assertThat(Filter.accepts(packed, "xz", "-t")).isTrue();
        assertThat(arraysFor(packed, 0)).isEqualTo(2);
        assertThat(Unpacked.of(packed, Wrapper.XZ, UnpackLimits.DEFAULT, 2)).isEmpty();
    }

    @Test
    void dictionariesThatTakeTurns() throws Exception {
        int[] dictionaries = IntStream.range(0, BLOCKS)
                .map(i -> DICTIONARIES[i % DICTIONARIES.length])
                .toArray();
        assertThat(arraysFor(blocks("00", dictionaries), 0)).isLessThanOrEqualTo(8);
    }

    /** Blocks of one byte each can be sought, so threads take them. */
    @ParameterizedTest
    @ValueSource(ints = {28, 25, -1})
    void tinyBlocksByThreads(int dictionary) throws Exception {
        int[] dictionaries = IntStream.range(0, BLOCKS)
                .map(i -> dictionary < 0 ? DICTIONARIES[i % DICTIONARIES.length] : dictionary)
                .toArray();
        byte[] packed = blocks("01 0000 41 00", dictionaries);
        assertThat(Filter.accepts(packed, "xz", "-t")).isTrue();
        assertThat(Unpacked.of(packed, Wrapper.XZ, UnpackLimits.DEFAULT, 4))
                .hasSize(BLOCKS)
                .containsOnly('A');
    }

    /** Padding is read from its end on, 4 bytes at a time. */
    @Test
    void padding() throws Exception {
        byte[] two = Filter.run(new byte[200_000], "xz", "-c0", "--block-size=100000");
        MemoryByteSource packed = new MemoryByteSource(Unpacked.concatenate(two, new byte[MIB]));
        AtomicInteger reads = new AtomicInteger();
        ByteSource counted = new ByteSource() {
            @Override
            public long lengthBytes() {
                return packed.lengthBytes();
            }

            @Override
            public void read(long offset, ByteBuffer target) throws IOException {
                reads.incrementAndGet();
                packed.read(offset, target);
            }
        };
        try (UnpackedStream in = UnpackedStream.of(counted, Wrapper.XZ, UnpackLimits.DEFAULT, 2)) {
            assertThat(in.readAllBytes()).isEqualTo(new byte[200_000]);
        }
        // 9 for each of three that read the index, and what the blocks need.
        assertThat(reads).hasValueLessThan(50);
    }

    /** How many arrays were needed to unpack what has so many bytes in it. */
    private static int arraysFor(byte[] packed, int plainBytes) throws Exception {
        SpareArrays arrays = new SpareArrays();
        try (XzUnpacker unpacker = new XzUnpacker(new ByteArrayInputStream(packed), 80 * MIB, arrays)) {
            int count = 0;
            byte[] some = new byte[4096];
            for (int got = unpacker.read(some, 0, some.length); got > 0; got = unpacker.read(some, 0, some.length)) {
                count += got;
            }
            assertThat(count).isEqualTo(plainBytes);
        }
        return arrays.allocated();
    }

    /**
     * A stream without checks, of blocks that all have the same content.
     *
     * @param lzma2 the chunks of LZMA2, for at most one byte
     * @param dictionaries for each block the property that says how large its dictionary is
     */
    private static byte[] blocks(String lzma2, int... dictionaries) {
        byte[] chunks = HexFormat.of().parseHex(lzma2.replace(" ", ""));
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(HexFormat.of().parseHex("fd377a585a000000ff12d941"));
        ByteArrayOutputStream index = new ByteArrayOutputStream();
        index.write(0);
        number(index, dictionaries.length);
        for (int dictionary : dictionaries) {
            file.writeBytes(withChecksum(new byte[] {2, 0, 0x21, 1, (byte) dictionary, 0, 0, 0}));
            file.writeBytes(chunks);
            file.writeBytes(new byte[-chunks.length & 3]);
            number(index, 12 + chunks.length);
            number(index, chunks.length > 1 ? 1 : 0);
        }
        index.writeBytes(new byte[-index.size() & 3]);
        byte[] wholeIndex = withChecksum(index.toByteArray());
        file.writeBytes(wholeIndex);
        byte[] sizes = ByteBuffer.allocate(6)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(wholeIndex.length / 4 - 1)
                .array();
        file.writeBytes(checksum(sizes));
        file.writeBytes(sizes);
        file.writeBytes(new byte[] {'Y', 'Z'});
        return file.toByteArray();
    }

    private static void number(ByteArrayOutputStream target, int value) {
        int rest = value;
        while (rest > 0x7f) {
            target.write((rest & 0x7f) | 0x80);
            rest >>>= 7;
        }
        target.write(rest);
    }

    private static byte[] withChecksum(byte[] bytes) {
        return Unpacked.concatenate(bytes, checksum(bytes));
    }

    private static byte[] checksum(byte[] bytes) {
        CRC32 crc = new CRC32();
        crc.update(bytes);
        return ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt((int) crc.getValue())
                .array();
    }
}
