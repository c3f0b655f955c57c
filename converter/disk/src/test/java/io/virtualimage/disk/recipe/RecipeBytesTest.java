package io.virtualimage.disk.recipe;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.ByteSourceContract;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.UnreadSource;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RecipeBytesTest extends ByteSourceContract {
    /** A byte of each kind in turn. */
    @Override
    protected ByteSource sourceOf(byte[] bytes) throws IOException {
        MemoryPartStore store = new MemoryPartStore();
        RecipeWriter recipe = new RecipeWriter(store, 0);
        if (bytes.length > 0) {
            recipe.place(PackedBytes.unit(0, bytes.length));
        }
        for (int i = 0; i < bytes.length; i++) {
            recipe.put(
                    switch (i % 3) {
                        case 0 -> new Piece.Stored(1, i);
                        case 1 -> new Piece.Unpacked(1, i);
                        default -> new Piece.Inline(ByteBuffer.wrap(bytes, i, 1));
                    });
        }
        recipe.finish();
        return new RecipeBytes(
                RecipeReader.open(store), new MemoryByteSource(bytes), new MemoryByteSource(bytes.clone()));
    }

    @Test
    void anyRangeInAnyOrder() throws IOException {
        byte[] bytes = new byte[4000];
        Random random = new Random(1);
        random.nextBytes(bytes);
        ByteSource source = sourceOf(bytes);
        for (int round = 0; round < 300; round++) {
            int offset = random.nextInt(bytes.length);
            int count = random.nextInt(bytes.length - offset + 1);
            assertThat(source.read(offset, count)).isEqualTo(ByteBuffer.wrap(bytes, offset, count));
        }
    }

    @Test
    void zerosAreZerosAndKnown() throws IOException {
        MemoryPartStore store = new MemoryPartStore();
        RecipeWriter recipe = new RecipeWriter(store, 0);
        recipe.place(PackedBytes.unit(0, 1000));
        recipe.put(new Piece.Zeros(200_000));
        recipe.put(new Piece.Stored(1000, 50));
        recipe.put(new Piece.Unpacked(1000, 0));
        recipe.put(new Piece.Inline(ByteBuffer.allocate(10)));
        recipe.finish();
        ByteSource bytes = new RecipeBytes(
                RecipeReader.open(store),
                new UnreadSource(2000).zeros(100, 5000),
                new UnreadSource(1000).zeros(0, 300));
        byte[] read = new byte[200_000];
        new Random(1).nextBytes(read);
        bytes.read(0, ByteBuffer.wrap(read));
        assertThat(read).containsOnly(0);
        assertThat(bytes.knownZeroBytes(1, 1L << 40)).isEqualTo(199_999);
        assertThat(bytes.knownZeroBytes(1, 7)).isEqualTo(7);
        assertThat(bytes.knownZeroBytes(1, 0)).isZero();
        assertThat(bytes.knownZeroBytes(200_000, 10)).isZero();
        assertThat(bytes.knownZeroBytes(200_060, 5000)).isEqualTo(940);
        assertThat(bytes.knownZeroBytes(201_100, 5000)).isEqualTo(200);
        assertThat(bytes.knownZeroBytes(202_000, 5000)).isZero();
        assertThat(bytes.knownZeroBytes(202_010, 5000)).isZero();
    }
}
