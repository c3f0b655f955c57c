package io.virtualimage.disk.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.Extent;
import io.virtualimage.disk.PackedUnit;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class PieceMergerTest {
    private static final PackedUnit ONE = new PackedUnit(PackedUnit.Codec.ZLIB, 1000, 10, 100);
    private static final PackedUnit OTHER = new PackedUnit(PackedUnit.Codec.ZLIB, 2000, 10, 100);

    private final PieceList list = new PieceList();
    private final PieceMerger merger = new PieceMerger(list);

    @Test
    void joinsNeighboursThatAreOneRun() throws IOException {
        merger.put(new Piece.Stored(10, 0));
        merger.put(new Piece.Stored(5, 10));
        merger.put(new Piece.Stored(5, 16));
        merger.put(new Piece.Zeros(1));
        merger.put(new Extent.Zero(7, 2, true));
        merger.put(new Extent.Data(9, 3, 21));
        merger.put(new Piece.Stored(3, 24));
        merger.flush();
        assertThat(list.pieces())
                .containsExactly(
                        new Piece.Stored(15, 0), new Piece.Stored(5, 16), new Piece.Zeros(3), new Piece.Stored(6, 21));
    }

    @Test
    void inlineStaysAsItIs() throws IOException {
        Piece inline = new Piece.Inline(ByteBuffer.wrap(new byte[] {1}));
        merger.put(inline);
        merger.put(inline);
        merger.flush();
        assertThat(list.pieces()).containsExactly(inline, inline);
    }

    @Test
    void nothingIsHeldBackAfterTheEnd() throws IOException {
        merger.flush();
        merger.put(new Piece.Zeros(1));
        merger.flush();
        merger.flush();
        assertThat(list.pieces()).containsExactly(new Piece.Zeros(1));
    }

    @Test
    void placesAUnitOnceAsLongAsNoOtherComesBetween() throws IOException {
        merger.put(new Extent.Packed(0, 60, ONE, 0));
        merger.put(new Extent.Packed(60, 40, ONE, 60));
        merger.put(new Extent.Packed(100, 50, OTHER, 0));
        merger.put(new Extent.Zero(150, 50, false));
        merger.put(new Extent.Packed(200, 20, OTHER, 50));
        merger.put(new Extent.Packed(220, 100, ONE, 0));
        merger.flush();
        assertThat(list.units()).containsExactly(ONE, OTHER, ONE);
        assertThat(list.pieces())
                .containsExactly(
                        new Piece.Unpacked(150, 0),
                        new Piece.Zeros(50),
                        new Piece.Unpacked(20, 150),
                        new Piece.Unpacked(100, 200));
    }

    @Test
    void unpackedPiecesStayShort() throws IOException {
        long plainBytes = 3 << 20;
        for (int i = 0; i < 7; i++) {
            PackedUnit unit = new PackedUnit(PackedUnit.Codec.ZLIB, i, 1, (int) plainBytes);
            merger.put(new Extent.Packed(i * plainBytes, plainBytes, unit, 0));
        }
        merger.flush();
        assertThat(list.pieces())
                .containsExactly(
                        new Piece.Unpacked(5 * plainBytes, 0), new Piece.Unpacked(2 * plainBytes, 5 * plainBytes));
    }
}
