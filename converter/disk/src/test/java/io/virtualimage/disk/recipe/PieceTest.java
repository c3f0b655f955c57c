package io.virtualimage.disk.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ReadOnlyBufferException;
import java.util.List;
import org.junit.jupiter.api.Test;

class PieceTest {
    private static final Piece.Inline INLINE = new Piece.Inline(ByteBuffer.wrap(new byte[] {9, 1, 2, 3, 9}, 1, 3));

    @Test
    void trims() {
        assertThat(new Piece.Zeros(10).from(3)).isEqualTo(new Piece.Zeros(7));
        assertThat(new Piece.Zeros(10).until(3)).isEqualTo(new Piece.Zeros(3));
        assertThat(new Piece.Stored(10, 100).from(3)).isEqualTo(new Piece.Stored(7, 103));
        assertThat(new Piece.Stored(10, 100).until(3)).isEqualTo(new Piece.Stored(3, 100));
        assertThat(new Piece.Unpacked(10, 100).from(3)).isEqualTo(new Piece.Unpacked(7, 103));
        assertThat(new Piece.Unpacked(10, 100).until(3)).isEqualTo(new Piece.Unpacked(3, 100));
        assertThat(INLINE.lengthBytes()).isEqualTo(3);
        assertThat(INLINE.from(1)).isEqualTo(new Piece.Inline(ByteBuffer.wrap(new byte[] {2, 3})));
        assertThat(INLINE.until(2)).isEqualTo(new Piece.Inline(ByteBuffer.wrap(new byte[] {1, 2})));
    }

    @Test
    void keepsAtLeastAByteAndNoneThatItDoesNotHave() {
        for (Piece piece : List.of(new Piece.Zeros(3), new Piece.Stored(3, 0), new Piece.Unpacked(3, 0), INLINE)) {
            assertThat(piece.from(0)).isEqualTo(piece);
            assertThat(piece.until(3)).isEqualTo(piece);
            assertThatIllegalArgumentException().isThrownBy(() -> piece.from(3));
            assertThatIllegalArgumentException().isThrownBy(() -> piece.from(-1));
            assertThatIllegalArgumentException().isThrownBy(() -> piece.until(0));
            assertThatIllegalArgumentException().isThrownBy(() -> piece.until(4));
        }
    }

    @Test
    void noInvalidPieceExists() {
        assertThatIllegalArgumentException().isThrownBy(() -> new Piece.Zeros(0));
        assertThatIllegalArgumentException().isThrownBy(() -> new Piece.Stored(-1, 0));
        assertThatIllegalArgumentException().isThrownBy(() -> new Piece.Stored(1, -1));
        assertThatIllegalArgumentException().isThrownBy(() -> new Piece.Stored(2, Long.MAX_VALUE - 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new Piece.Unpacked(2, Long.MAX_VALUE - 1));
        assertThatIllegalArgumentException().isThrownBy(() -> new Piece.Inline(ByteBuffer.allocate(0)));
    }

    @Test
    void inlineBytesAreTheSameForAll() {
        ByteBuffer bytes = INLINE.bytes();
        assertThat(bytes.get()).isEqualTo((byte) 1);
        assertThat(INLINE.bytes().get()).isEqualTo((byte) 1);
        assertThatThrownBy(() -> bytes.put((byte) 5)).isInstanceOf(ReadOnlyBufferException.class);
    }
}
