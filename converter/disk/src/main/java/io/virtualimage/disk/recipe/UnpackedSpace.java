package io.virtualimage.disk.recipe;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.codec.UnitDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * The unpacked space of a recipe, unpacked as it is read: for those who have not staged it. Keeps the unit that was
 * unpacked last, and knows the others of its group; an output that is read in order unpacks each unit once. For one thread.
 */
public final class UnpackedSpace implements ByteSource, AutoCloseable {
    private final RecipeReader recipe;
    private final ByteSource source;
    private final UnitDecoder decoder = new UnitDecoder();

    private int group = -1;
    private List<PackedUnit> units = List.of();
    private int unit;
    private long unitOffset;
    private ByteBuffer plain = ByteBuffer.allocate(0);
    private boolean unpacked;

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
            seek(position);
            unpack();
            int within = (int) (position - unitOffset);
            int count = Math.min(target.remaining(), units.get(unit).plainBytes() - within);
            target.put(target.position(), plain, within, count);
            target.position(target.position() + count);
            position += count;
        }
    }

    private void seek(long position) throws IOException {
        int wanted = recipe.groupAt(position);
        if (wanted != group || position < unitOffset) {
            units = wanted == group ? units : recipe.group(wanted).units();
            group = wanted;
            unit = 0;
            unitOffset = recipe.groupOffset(group);
            unpacked = false;
        }
        while (position >= unitOffset + units.get(unit).plainBytes()) {
            unitOffset += units.get(unit).plainBytes();
            unit++;
            unpacked = false;
        }
    }

    private void unpack() throws IOException {
        if (unpacked) {
            return;
        }
        if (plain.capacity() < units.get(unit).plainBytes()) {
            plain = ByteBuffer.allocate(units.get(unit).plainBytes());
        }
        try {
            decoder.decode(source, units.get(unit), plain.clear());
        } catch (DiskException e) {
            throw new BadContentException(e);
        }
        unpacked = true;
    }

    @Override
    public void close() {
        decoder.close();
    }
}
