package io.virtualimage.disk.zstd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.disk.Allocations;
import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.Contents;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.Filter;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.UnsupportedDiskException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Frames that are damaged or made up: only the exceptions that are promised, and no loop without end. */
@Timeout(60)
class ZstdAttackTest {
    private final ZstdUnitDecoder decoder = new ZstdUnitDecoder();

    @ParameterizedTest
    @ValueSource(strings = {"-1", "-19"})
    void everyBitOfASmallFrame(String level) throws Exception {
        byte[] plain = Contents.text(700, 1);
        byte[] packed = Filter.run(plain, "zstd", "-qc", level);
        for (int bit = 0; bit < 8 * packed.length; bit++) {
            byte[] flipped = packed.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            byte[] found = unpackOrNull(flipped);
            // The checksum is 32 bits long; the one bit that is ignored is in the header.
            assertThat(found == null || Arrays.equals(found, plain))
                    .as("bit %d", bit)
                    .isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-1", "-3", "-19"})
    void flippedWithoutAChecksum(String level) throws Exception {
        Random random = new Random(2);
        byte[] plain = Contents.disk(20_000, 3);
        byte[] packed = Filter.run(plain, "zstd", "-qc", "--no-check", level);
        for (int round = 0; round < 3000; round++) {
            byte[] flipped = packed.clone();
            for (int i = random.nextInt(1, 4); i > 0; i--) {
                flipped[random.nextInt(6, flipped.length)] = (byte) random.nextInt();
            }
            assertThat(unpackOrNull(flipped))
                    .satisfiesAnyOf(
                            found -> assertThat(found).isNull(),
                            found -> assertThat(found).hasSizeLessThan(1 << 20));
            unpackUnitOrRefuse(flipped, random.nextInt(1, 40_000));
        }
    }

    @Test
    void noiseInBlocks() throws Exception {
        Random random = new Random(4);
        for (int round = 0; round < 20_000; round++) {
            byte[] noise = Contents.random(random.nextInt(2, 300), round);
            // Sections that are more likely to be read to their end.
            noise[0] = (byte)
                    switch (round % 4) {
                        case 0 -> random.nextInt(16) << 4 | 2 | random.nextInt(2) << 2;
                        case 1 -> random.nextInt(8) << 3;
                        case 2 -> random.nextInt(32) << 3 | 1;
                        default -> noise[0];
                    };
            byte[] frame = CraftedFrame.withWindow(17)
                    .block(CraftedFrame.RAW, 3, "414243")
                    .lastBlock(
                            CraftedFrame.COMPRESSED,
                            noise.length,
                            HexFormat.of().formatHex(noise))
                    .bytes();
            unpackOrNull(frame);
            unpackUnitOrRefuse(frame, 5000);
        }
    }

    @Test
    void cutAnywhere() throws Exception {
        byte[] packed = Filter.run(Contents.disk(3000, 5), "zstd", "-qc");
        for (int length = 0; length < packed.length; length++) {
            DiskException refusal = refusal(Arrays.copyOf(packed, length));
            assertThat(refusal).isInstanceOf(MalformedDiskException.class).hasMessageContaining("cut short");
            assertThat(refusal.offset()).isEqualTo(length);
        }
    }

    @Test
    void whatFollowsTheLastFrame() throws Exception {
        byte[] packed = Filter.run(new byte[100], "zstd", "-qc");
        byte[] longer = Arrays.copyOf(packed, packed.length + 4);
        assertThat(Filter.accepts(longer, "zstd", "-t")).isFalse();
        DiskException refusal = refusal(longer);
        assertThat(refusal)
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageContaining("what follows the last frame");
        assertThat(refusal.offset()).isEqualTo(packed.length);
    }

    @Test
    void failsAgainAndAgain() {
        InputStream in = new ZstdInputStream(new ByteArrayInputStream(new byte[9]), 1 << 20);
        for (int i = 0; i < 3; i++) {
            assertThatThrownBy(in::read)
                    .isInstanceOf(BadContentException.class)
                    .hasMessage("zstd: there is no frame (at offset 0x0)");
        }
    }

    @Test
    void troubleWithTheSourceIsNoTroubleWithTheFrame() throws IOException {
        InputStream broken = InputStream.nullInputStream();
        broken.close();
        assertThatThrownBy(() -> new ZstdInputStream(broken, 1 << 20).read())
                .isExactlyInstanceOf(IOException.class)
                .hasMessage("Stream closed");
    }

    @ParameterizedTest
    @CsvSource({
        "28b52ffd 01 00 07 010000, needs a dictionary",
        "28b52ffd 03 00 00000080 010000, needs a dictionary",
        "28b52ffd 08 00 010000, reserved bit",
        "1eb52ffd 00 00 010000, version before 0.8",
        "22b52ffd 00 00 010000, version before 0.8",
        "27b52ffd 00 00 010000, version before 0.8",
    })
    void unsupported(String hex, String message) {
        assertRefused(CraftedFrame.withHeader(hex), UnsupportedDiskException.class, message);
    }

    /** A dictionary with the number 0 is none, and one bit of the header means nothing. */
    @ParameterizedTest
    @ValueSource(strings = {"28b52ffd 01 00 00", "28b52ffd 10 00", "28b52ffd 20 00"})
    void emptyFrames(String header) throws Exception {
        byte[] frame = CraftedFrame.withHeader(header).hex("010000").bytes();
        assertThat(Filter.accepts(frame, "zstd", "-t")).isTrue();
        assertThat(unpackOrNull(frame)).isEmpty();
    }

    @Test
    void windowOverTheLimit() throws Exception {
        for (byte[] packed : new byte[][] {
            CraftedFrame.withWindow(24).lastBlock(CraftedFrame.RAW, 0, "").bytes(),
            CraftedFrame.withWindow(41).lastBlock(CraftedFrame.RAW, 0, "").bytes(),
            CraftedFrame.withHeader("28b52ffd a0 01000001").bytes(),
            CraftedFrame.withHeader("28b52ffd e0 ffffffffffffff7f").bytes(),
            CraftedFrame.withHeader("28b52ffd e0 ffffffffffffffff").bytes(),
        }) {
            assertThat(refusal(packed)).isInstanceOf(DiskLimitException.class).hasMessageContaining("limit");
        }
        byte[] fits =
                CraftedFrame.withWindow(23).lastBlock(CraftedFrame.RAW, 1, "41").bytes();
        assertThat(unpackOrNull(fits)).containsExactly('A');
    }

    /** A header that announces a large window costs nothing until so much has come. */
    @Test
    void memoryIsAsMuchAsHasCome() throws Exception {
        byte[] packed = CraftedFrame.withWindow(27)
                .lastBlock(CraftedFrame.RLE, 100, "41")
                .bytes();
        long before = Allocations.ofThisThread();
        ByteBuffer plain = ByteBuffer.allocate(100);
        new ZstdUnitDecoder().decode(ByteBuffer.wrap(packed), 0, plain);
        assertThat(Allocations.ofThisThread() - before).isLessThan(2 << 20);
    }

    @ParameterizedTest
    @CsvSource({
        "3, 1, 00, reserved type",
        "0, 1025, 00, larger than the frame allows",
        "1, 1025, 00, larger than the frame allows",
        "2, 0, '', a compressed block is empty",
        "2, 1, 00, the block ends before the number of its sequences",
        "2, 2, 0002, modes of the tables",
        "2, 3, 000101, modes of the tables",
        "2, 3, 000000, 1 bytes are left behind",
        "2, 2, 0841, the block ends before the number",
        "2, 1, 04, ends inside the header of its literals",
        "2, 2, 2041, 4 raw literals reach over the end",
        "2, 1, 21, the literal to be repeated is missing",
        "2, 5, 0d ff 00 41 00, 4080 literals are more than a block of 1024",
        "2, 5, 43 00 00 00 00, use the tree of a block before",
        "2, 4, 00 01 fc 00, use the table of a block before",
        "2, 4, 00 01 3c 00, use the table of a block before",
        "2, 5, 00 01 54 24 00, is missing or is none",
        "2, 6, 42 40 00 80 00 00, the Huffman tree",
    })
    void damagedBlock(int type, int size, String hex, String message) {
        CraftedFrame frame = CraftedFrame.withWindow(10).lastBlock(type, size, hex);
        assertRefused(frame, MalformedDiskException.class, message.replace("missing or", "missing, or"));
        // An empty compressed block is passed over by one of its decoders, and refused by the other.
        assertThat(size > 0 && Filter.accepts(frame.bytes(), "zstd", "-t"))
                .as(hex)
                .isFalse();
    }

    /** One sequence with an offset from before the first, right at the start, where nothing is behind. */
    @Test
    void matchBeforeTheStart() {
        // Modes: RLE with 0 literals, offset code 1, and a match of 3.
        CraftedFrame frame = CraftedFrame.withWindow(10).lastBlock(CraftedFrame.COMPRESSED, 7, "00 01 54 00 01 00 02");
        assertRefused(frame, MalformedDiskException.class, "reaches back 8 bytes, of which 0 are in the window");
        assertThat(Filter.accepts(frame.bytes(), "zstd", "-t")).isFalse();
    }

    @Test
    void wrongSizeAndChecksum() throws Exception {
        CraftedFrame size = CraftedFrame.withHeader("28b52ffd 20 05").lastBlock(CraftedFrame.RAW, 3, "414243");
        assertRefused(size, MalformedDiskException.class, "unpacks to 5 bytes, but these are 3");
        CraftedFrame less = CraftedFrame.withHeader("28b52ffd 60 0000").lastBlock(CraftedFrame.RLE, 257, "41");
        assertRefused(less, MalformedDiskException.class, "larger than the frame allows");
        CraftedFrame more = CraftedFrame.withHeader("28b52ffd 40 00 0000").lastBlock(CraftedFrame.RLE, 257, "41");
        assertRefused(more, MalformedDiskException.class, "unpacks to 256 bytes, but these are 257");
        CraftedFrame hash = CraftedFrame.withHeader("28b52ffd 04 00")
                .lastBlock(CraftedFrame.RAW, 0, "")
                .hex("00000000");
        assertRefused(hash, MalformedDiskException.class, "should be 00000000, but is 51d8e999");
        assertThat(refusal(hash.bytes()).offset()).isEqualTo(9);
    }

    @Test
    void unitsThatAreTooShort() {
        byte[] packed = CraftedFrame.withWindow(10)
                .lastBlock(CraftedFrame.RAW, 3, "414243")
                .bytes();
        assertThatThrownBy(() -> decoder.decode(ByteBuffer.wrap(packed), 0x1000, ByteBuffer.allocate(4)))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessage("zstd: the compressed data unpack to 3 bytes, not to 4 (at offset 0x%x)"
                        .formatted(0x1000 + packed.length));
        byte[] cut = Arrays.copyOf(packed, packed.length - 1);
        assertThatThrownBy(() -> decoder.decode(ByteBuffer.wrap(cut), 0x1000, ByteBuffer.allocate(4)))
                .isInstanceOf(MalformedDiskException.class)
                .hasMessageContaining("cut short");
    }

    /** The last cluster of a disk may be wanted only in part. */
    @Test
    void unitsThatAreTooLong() throws Exception {
        byte[] plain = Contents.disk(1 << 16, 6);
        byte[] packed = Filter.run(plain, "zstd", "-qc");
        ByteBuffer part = ByteBuffer.allocate(1000);
        decoder.decode(ByteBuffer.wrap(packed), 0, part);
        assertThat(part.array()).isEqualTo(Arrays.copyOf(plain, 1000));
    }

    /** A unit is only whole with its frame's end: the checksum, if it has one. */
    @Test
    void unitWithAWrongChecksum() {
        byte[] packed = Filter.run(Contents.text(1000, 7), "zstd", "-qc");
        packed[packed.length - 1] ^= 1;
        assertThatThrownBy(() -> decoder.decode(ByteBuffer.wrap(packed), 0, ByteBuffer.allocate(1000)))
                .hasMessageContaining("checksum");
    }

    private void assertRefused(CraftedFrame frame, Class<? extends DiskException> type, String message) {
        assertThat(refusal(frame.bytes()))
                .isInstanceOf(type)
                .hasMessageStartingWith("zstd: ")
                .hasMessageContaining(message);
    }

    private static DiskException refusal(byte[] packed) {
        BadContentException failure = catchThrowableOfType(BadContentException.class, () -> unpack(packed));
        assertThat(failure).isNotNull();
        return failure.reason();
    }

    private static byte[] unpackOrNull(byte[] packed) throws IOException {
        try {
            return unpack(packed);
        } catch (BadContentException e) {
            assertThat(e.reason().offset()).isBetween(0L, (long) packed.length);
            return null;
        }
    }

    private static byte[] unpack(byte[] packed) throws IOException {
        try (InputStream in =
                new ZstdInputStream(new ByteArrayInputStream(packed), ZstdFormat.RECOMMENDED_WINDOW_BYTES)) {
            return in.readAllBytes();
        }
    }

    private void unpackUnitOrRefuse(byte[] packed, int plainBytes) {
        ByteBuffer plain = ByteBuffer.allocate(plainBytes);
        try {
            decoder.decode(ByteBuffer.wrap(packed), 0, plain);
            assertThat(plain.hasRemaining()).isFalse();
        } catch (DiskException e) {
            assertThat(e.offset()).isBetween(0L, (long) packed.length);
        }
    }
}
