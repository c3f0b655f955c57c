package io.virtualimage.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.DiskLimitException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.FixedDisk;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.UnreadSource;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.recipe.MemoryPartStore;
import io.virtualimage.disk.recipe.Piece;
import io.virtualimage.disk.recipe.PieceList;
import io.virtualimage.disk.recipe.RecipeWriter;
import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class Qcow2WriterLayoutTest {
    private static final long C = 65_536;
    private static final long SPAN = 512L << 20;

    private final PieceList body = new PieceList();

    @Test
    void dataThenTheirTableThenTheRest() throws Exception {
        Qcow2Writer.Written written = write(
                3 * SPAN,
                new Extent.Data(C, 2 * C, 5 * C),
                new Extent.Data(3 * C, C, 100),
                new Extent.Data(2 * SPAN - C, 2 * C, 20 * C));
        // 1, 2, 3: data; 4: L2; 5: data; 6: L2; 7: data; 8: L2; 9: L1; 10: refcount block; 11: refcount table
        assertThat(body.pieces())
                .containsExactly(
                        new Piece.Stored(2 * C, 5 * C),
                        new Piece.Stored(C, 100),
                        table(8 * 1, used(1), used(2), used(3)),
                        new Piece.Stored(C, 20 * C),
                        table(8 * 8191, used(5)),
                        new Piece.Stored(C, 21 * C),
                        table(0, used(7)),
                        table(0, used(4), used(6), used(8)),
                        table(0, 0x0001_0001_0001_0001L, 0x0001_0001_0001_0001L, 0x0001_0001_0001_0001L),
                        table(0, 10 * C));
        assertThat(written.lengthBytes()).isEqualTo(12 * C);
        assertThat(body.lengthBytes()).isEqualTo(11 * C);
        ByteBuffer head = written.head().bytes();
        assertThat(head.remaining()).isEqualTo(Qcow2Writer.HEAD_BYTES);
        // Magic, version, no backing file, 64 KiB, size, no encryption, L1, refcounts, no snapshots, features, order,
        // length
        byte[] expected = ByteBuffer.allocate((int) C)
                .putInt(0x514649fb)
                .putInt(3)
                .putLong(0)
                .putInt(0)
                .putInt(16)
                .putLong(3 * SPAN)
                .putInt(0)
                .putInt(3)
                .putLong(9 * C)
                .putLong(11 * C)
                .putInt(1)
                .putInt(0)
                .putLong(0)
                .putLong(0)
                .putLong(0)
                .putLong(0)
                .putInt(4)
                .putInt(112)
                .array();
        assertThat(head).isEqualTo(ByteBuffer.wrap(expected));
        Qcow2HeaderReader.read(new MemoryByteSource(withHead(head, written.lengthBytes())));
    }

    private static byte[] withHead(ByteBuffer head, long lengthBytes) {
        byte[] file = new byte[(int) lengthBytes];
        head.get(file, 0, head.remaining());
        return file;
    }

    @Test
    void aClusterOfSeveralRunsIsPutTogether() throws Exception {
        PackedUnit unit = new PackedUnit(PackedUnit.Codec.ZLIB, 77, 100, 4096);
        write(
                4 * C,
                new Extent.Data(C - 512, 1024, 9000),
                new Extent.Packed(C + 2048, 3072, unit, 1024),
                new Extent.Data(3 * C - 1024, C + 1024, 20_000));
        assertThat(body.pieces().subList(0, 6))
                .containsExactly(
                        new Piece.Zeros(C - 512),
                        new Piece.Stored(1024, 9000),
                        new Piece.Zeros(2048 - 512),
                        new Piece.Unpacked(3072, 1024),
                        new Piece.Zeros(C - 5120 + C - 1024),
                        new Piece.Stored(C + 1024, 20_000));
        assertThat(body.pieces().get(6)).isEqualTo(table(0, used(1), used(2), used(3), used(4)));
        assertThat(body.units()).containsExactly(unit);
    }

    @ParameterizedTest
    @ValueSource(longs = {512, 1024, C - 512})
    void theLastClusterIsFilledUp(long last) throws Exception {
        write(C + last, new Extent.Data(0, C + last, 4096));
        assertThat(body.pieces())
                .startsWith(new Piece.Stored(C + last, 4096), new Piece.Zeros(C - last), table(0, used(1), used(2)));
    }

    @Test
    void whatIsKnownToBeZeroIsNotAllocated() throws Exception {
        UnreadSource source = new UnreadSource(100 * C)
                .zeros(0, 2 * C)
                .zeros(3 * C, C - 1)
                .zeros(5 * C + 4096, C)
                .zeros(9 * C, 2 * C);
        Qcow2Writer.Written written = Qcow2Writer.write(
                new FixedDisk(
                        40 * C,
                        source,
                        new Extent.Data(0, 12 * C, 0),
                        // As a mixed cluster: zeros of the image, and zeros of the source
                        new Extent.Zero(20 * C, 512, true),
                        new Extent.Data(20 * C + 512, 1024, 1000),
                        // The same, but for one byte
                        new Extent.Data(21 * C + 512, C / 2 + 1, 3 * C + C / 2 - 1)),
                body,
                Long.MAX_VALUE);
        assertThat(body.pieces())
                .startsWith(
                        new Piece.Stored(7 * C, 2 * C),
                        new Piece.Stored(C, 11 * C),
                        new Piece.Zeros(512),
                        new Piece.Stored(C / 2 + 1, 3 * C + C / 2 - 1),
                        new Piece.Zeros(C / 2 - 513));
        assertThat(written.lengthBytes()).isEqualTo((1 + 9 + 1 + 1 + 2) * C);
    }

    @Test
    void aDiskOfZerosHasNothingButTables() throws Exception {
        Qcow2Writer.Written written = write(10L << 40);
        assertThat(written.lengthBytes()).isEqualTo((1 + 3 + 2) * C);
        assertThat(body.pieces()).startsWith(new Piece.Zeros(3 * C)).hasSize(3);
    }

    @Test
    void refcountBlocksCountThemselves() throws Exception {
        // A block counts 32,768 clusters. With 32,759 of data: head, 4 L2 tables, L1, block, table fill it.
        for (int data = 32_755; data <= 32_770; data++) {
            PieceList pieces = new PieceList();
            Qcow2Writer.Written written = Qcow2Writer.write(
                    new FixedDisk(1L << 40, new UnreadSource(1L << 40), new Extent.Data(0, data * C, 0)),
                    pieces,
                    Long.MAX_VALUE);
            int tables = Math.ceilDiv(data, 8192);
            int blocks = data + tables + 1 + 1 + 1 + 1 <= 32_768 ? 1 : 2;
            assertThat(written.lengthBytes()).isEqualTo((1 + data + tables + 1 + blocks + 1) * C);
            assertThat(pieces.lengthBytes()).isEqualTo(written.lengthBytes() - C);
        }
    }

    @Test
    void aUnitThatIsMetAgainIsPlacedAgain() throws Exception {
        PackedUnit one = new PackedUnit(PackedUnit.Codec.DEFLATE, 0, 10, (int) C);
        PackedUnit other = new PackedUnit(PackedUnit.Codec.DEFLATE, 10, 10, (int) C);
        write(
                5 * C,
                new Extent.Packed(0, C, one, 0),
                new Extent.Packed(C, C, one, 0),
                new Extent.Packed(2 * C, C, other, 0),
                new Extent.Packed(4 * C, C, one, 0));
        assertThat(body.units()).isEqualTo(List.of(one, other, one));
        assertThat(body.pieces()).startsWith(new Piece.Unpacked(C, 0), new Piece.Unpacked(3 * C, 0));
    }

    /** A terabyte that stands in one run takes a few kilobytes, tables included. */
    @Test
    void tablesOfTheRecipeAreSmall() throws Exception {
        long size = 1L << 40;
        MemoryPartStore store = new MemoryPartStore();
        RecipeWriter recipe = new RecipeWriter(store, Qcow2Writer.HEAD_BYTES);
        VirtualDisk disk = new FixedDisk(size, new UnreadSource(size), new Extent.Data(0, size, 0));
        Qcow2Writer.Written written = Qcow2Writer.write(disk, recipe, Long.MAX_VALUE);
        recipe.finish(written.head());
        assertThat(store.totalBytes()).isLessThan(64 << 10);
    }

    @Test
    void disksThatQemuWouldNotTake() throws Exception {
        // 2 PiB: an L1 table of just 32 MiB
        write(1L << 51);
        assertThatThrownBy(() -> write((1L << 51) + 512))
                .isInstanceOf(DiskLimitException.class)
                .hasMessageContaining("an L1 table over the limit of 32 MiB");
        assertThatThrownBy(() -> write(Long.MAX_VALUE / 512 * 512)).isInstanceOf(DiskLimitException.class);
    }

    @Test
    void smallImagesDoNotMakeHugeOnes() throws Exception {
        VirtualDisk disk = new FixedDisk(1L << 50, new UnreadSource(C)) {
            @Override
            public Extent extentAt(long offset) {
                return new Extent.Data(offset, C, 0);
            }
        };
        assertThatThrownBy(() -> Qcow2Writer.write(disk, body, 1L << 30))
                .isInstanceOf(DiskLimitException.class)
                .hasMessageContaining("over the limit of 1073741824 bytes");
        assertThat(body.lengthBytes()).isLessThanOrEqualTo(1L << 30);
        VirtualDisk small = new FixedDisk(C, new UnreadSource(C), new Extent.Data(0, C, 0));
        assertThat(Qcow2Writer.write(small, new PieceList(), 6 * C).lengthBytes())
                .isEqualTo(6 * C);
        assertThatThrownBy(() -> Qcow2Writer.write(small, new PieceList(), 6 * C - 1))
                .isInstanceOf(DiskLimitException.class);
    }

    private Qcow2Writer.Written write(long virtualSizeBytes, Extent... extents) throws Exception {
        return Qcow2Writer.write(
                new FixedDisk(virtualSizeBytes, new UnreadSource(1L << 60), extents), body, Long.MAX_VALUE);
    }

    private static long used(long cluster) {
        return 1L << 63 | cluster * C;
    }

    private static Piece table(int offset, long... entries) {
        ByteBuffer table = ByteBuffer.allocate((int) C).position(offset);
        for (long entry : entries) {
            table.putLong(entry);
        }
        return new Piece.Inline(table.clear());
    }
}
