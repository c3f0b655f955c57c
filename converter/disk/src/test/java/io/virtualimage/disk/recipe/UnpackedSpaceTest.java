package io.virtualimage.disk.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.ByteSourceContract;
import io.virtualimage.disk.MalformedDiskException;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.codec.UnitDecoder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class UnpackedSpaceTest extends ByteSourceContract {
    private final List<UnpackedSpace> opened = new ArrayList<>();
    private final ByteArrayOutputStream image = new ByteArrayOutputStream();
    private final MemoryPartStore store = new MemoryPartStore();

    /** Units of two bytes. */
    @Override
    protected ByteSource sourceOf(byte[] bytes) throws IOException {
        return sourceOf(bytes, 2);
    }

    private UnpackedSpace sourceOf(byte[] bytes, int unitBytes) throws IOException {
        RecipeWriter recipe = new RecipeWriter(store, 0, PackedUnit.MAX_BYTES);
        for (int offset = 0; offset < bytes.length; offset += unitBytes) {
            int count = Math.min(unitBytes, bytes.length - offset);
            byte[] packed = PackedBytes.zlib(bytes, offset, count);
            recipe.place(new PackedUnit(PackedUnit.Codec.ZLIB, image.size(), packed.length, count));
            image.writeBytes(packed);
        }
        recipe.finish();
        return open(image.toByteArray());
    }

    private UnpackedSpace open(byte[] bytes) throws IOException {
        UnpackedSpace space = new UnpackedSpace(RecipeReader.open(store), new MemoryByteSource(bytes));
        opened.add(space);
        return space;
    }

    @AfterEach
    void close() {
        opened.forEach(UnpackedSpace::close);
    }

    @Test
    void anyRangeInAnyOrder() throws Exception {
        Random random = new Random(2);
        byte[] bytes = new byte[9 << 20];
        random.nextBytes(bytes);
        UnpackedSpace space = sourceOf(bytes, 300_000);
        for (int round = 0; round < 50; round++) {
            int offset = random.nextInt(bytes.length);
            int count = Math.min(random.nextInt(700_000), bytes.length - offset);
            assertThat(space.read(offset, count)).isEqualTo(ByteBuffer.wrap(bytes, offset, count));
        }
        RecipeReader recipe = RecipeReader.open(store);
        assertThat(recipe.groupCount()).isEqualTo(3);
        ByteBuffer group = ByteBuffer.allocate(recipe.groupLengthBytes(1));
        try (UnitDecoder decoder = new UnitDecoder()) {
            recipe.group(1).unpack(new MemoryByteSource(image.toByteArray()), decoder, group);
        }
        assertThat(group.flip())
                .isEqualTo(ByteBuffer.wrap(bytes, (int) recipe.groupOffset(1), recipe.groupLengthBytes(1)));
    }

    @Test
    void saysWhereTheImageIsBad() throws IOException {
        byte[] bytes = new byte[1000];
        sourceOf(bytes, 500);
        byte[] bad = image.toByteArray();
        long second = RecipeReader.open(store).group(0).units().get(1).sourceOffset();
        bad[(int) second] = 0;
        UnpackedSpace space = open(bad);
        assertThat(space.read(0, 500).array()).containsOnly(0);
        BadContentException thrown = catchThrowableOfType(BadContentException.class, () -> space.read(499, 2));
        assertThat(thrown.reason()).isInstanceOf(MalformedDiskException.class);
        assertThat(thrown.reason().offset()).isEqualTo(second);
        assertThat(space.read(400, 100).array()).containsOnly(0);
    }
}
