package io.virtualimage.disk.convert;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.codec.UnitDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Brings portions into memory. Keeps its buffers for the next one; for one thread. */
final class PortionReader implements AutoCloseable {
    private final ByteSource source;
    private final UnitDecoder decoder = new UnitDecoder();
    private ByteBuffer unit = ByteBuffer.allocate(0);

    PortionReader(ByteSource source) {
        this.source = source;
    }

    /** Fills {@code target}, from its position on, with what a guest sees there. */
    void read(Portion portion, ByteBuffer target) throws IOException, DiskException {
        for (Extent extent : portion.extents()) {
            switch (extent) {
                case Extent.Data data -> {
                    int limit = target.limit();
                    target.limit(target.position() + (int) data.lengthBytes());
                    source.read(data.sourceOffset(), target);
                    target.limit(limit);
                }
                case Extent.Packed packed -> unpack(packed, target);
                case Extent.Zero zero -> throw new IllegalArgumentException("not part of a portion: " + zero);
            }
        }
    }

    private void unpack(Extent.Packed packed, ByteBuffer target) throws IOException, DiskException {
        PackedUnit from = packed.unit();
        int length = (int) packed.lengthBytes();
        if (packed.unitOffset() == 0 && length == from.plainBytes()) {
            decoder.decode(source, from, target);
            return;
        }
        if (unit.capacity() < from.plainBytes()) {
            unit = ByteBuffer.allocate(from.plainBytes());
        }
        decoder.decode(source, from, unit.clear());
        target.put(target.position(), unit, packed.unitOffset(), length);
        target.position(target.position() + length);
    }

    @Override
    public void close() {
        decoder.close();
    }
}
