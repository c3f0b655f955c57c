package io.virtualimage.disk.recipe;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.codec.UnitDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Units that are unpacked together, into one object of the unpacked space.
 *
 * @param offset where in the unpacked space the first one begins, in bytes
 * @param units one after another
 */
public record UnitGroup(long offset, List<PackedUnit> units) {
    public UnitGroup {
        units = List.copyOf(units);
    }

    public int lengthBytes() {
        return units.stream().mapToInt(PackedUnit::plainBytes).sum();
    }

    /**
     * Unpacks all of them.
     *
     * @param source the image file
     * @param target gets {@link #lengthBytes} bytes from its position on
     * @throws DiskException if the image turns out to be bad
     * @throws IOException as the source gives it
     */
    public void unpack(ByteSource source, UnitDecoder decoder, ByteBuffer target) throws IOException, DiskException {
        for (PackedUnit unit : units) {
            decoder.decode(source, unit, target);
        }
    }
}
