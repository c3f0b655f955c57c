package io.virtualimage.disk.recipe;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.codec.UnitDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * The unpacked space of a recipe, unpacked as it is read: for those who have not staged it. Keeps the group that was read
 * last. For one thread.
 */
public final class UnpackedSpace implements ByteSource, AutoCloseable {
    private final RecipeReader recipe;
    private final ByteSource source;
    private final UnitDecoder decoder = new UnitDecoder();
    private int unpackedGroup = -1;
    private ByteBuffer plain = ByteBuffer.allocate(0);

    /** @param source the image file */
    public UnpackedSpace(RecipeReader recipe, ByteSource source) {
        this.recipe = recipe;
        this.source = source;
    }

    @Override
    public long lengthBytes() {
        return recipe.unpackedBytes();
    }

    /** @throws BadContentException if the image turns out to be bad where it is unpacked */
    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        checkRange(offset, target.remaining());
        long position = offset;
        while (target.hasRemaining()) {
            int group = recipe.groupAt(position);
            unpack(group);
            int within = (int) (position - recipe.groupOffset(group));
            int count = Math.min(target.remaining(), recipe.groupLengthBytes(group) - within);
            target.put(target.position(), plain, within, count);
            target.position(target.position() + count);
            position += count;
        }
    }

    private void unpack(int group) throws IOException {
        if (group == unpackedGroup) {
            return;
        }
        unpackedGroup = -1;
        if (plain.capacity() < recipe.groupLengthBytes(group)) {
            plain = ByteBuffer.allocate(recipe.groupLengthBytes(group));
        }
        try {
            recipe.group(group).unpack(source, decoder, plain.clear());
        } catch (DiskException e) {
            throw new BadContentException(e);
        }
        unpackedGroup = group;
    }

    @Override
    public void close() {
        decoder.close();
    }
}
