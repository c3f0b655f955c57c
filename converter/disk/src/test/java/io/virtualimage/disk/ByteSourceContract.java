package io.virtualimage.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

/** What every source must do. */
public abstract class ByteSourceContract {
    /** A source of exactly these bytes; closed by the subclass. */
    protected abstract ByteSource sourceOf(byte[] bytes) throws IOException;

    @Test
    void givesAnyRange() throws IOException {
        ByteSource source = sourceOf(new byte[] {10, 11, 12, 13, 14});
        assertThat(source.lengthBytes()).isEqualTo(5);
        assertThat(source.read(0, 5).array()).containsExactly(10, 11, 12, 13, 14);
        assertThat(source.read(3, 2).array()).containsExactly(13, 14);
        assertThat(source.read(1, 2).array()).containsExactly(11, 12);
        assertThat(source.read(5, 0).remaining()).isZero();
    }

    @Test
    void fillsFromPositionToLimit() throws IOException {
        ByteBuffer target = ByteBuffer.allocateDirect(6).position(2).limit(4);
        sourceOf(new byte[] {10, 11, 12}).read(1, target);
        assertThat(target.position()).isEqualTo(4);
        assertThat(new byte[] {target.get(1), target.get(2), target.get(3)}).containsExactly(0, 11, 12);
    }

    @Test
    void refusesRangesThatLeaveTheSource() throws IOException {
        ByteSource source = sourceOf(new byte[] {10, 11, 12});
        for (long offset : new long[] {2, 3, 4, Integer.MAX_VALUE, Long.MAX_VALUE, -1, Long.MIN_VALUE}) {
            assertThatThrownBy(() -> source.read(offset, 2))
                    .as("2 bytes at %d", offset)
                    .isInstanceOf(EOFException.class);
        }
    }

    @Test
    void mayBeEmpty() throws IOException {
        ByteSource source = sourceOf(new byte[0]);
        assertThat(source.lengthBytes()).isZero();
        assertThatThrownBy(() -> source.read(0, 1)).isInstanceOf(EOFException.class);
    }
}
