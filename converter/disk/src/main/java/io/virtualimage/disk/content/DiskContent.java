package io.virtualimage.disk.content;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.Extent;
import io.virtualimage.disk.PackedUnit;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.codec.UnitDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** The bytes that a guest sees, at any offset. Keeps the unit that was unpacked last. For one thread. */
public final class DiskContent implements ByteSource, AutoCloseable {
    private static final byte[] ZEROS = new byte[64 << 10];

    private final VirtualDisk disk;
    private final UnitDecoder decoder = new UnitDecoder();
    private @Nullable PackedUnit unpacked;
    private ByteBuffer plain = ByteBuffer.allocate(0);

    public DiskContent(VirtualDisk disk) {
        this.disk = disk;
    }

    @Override
    public long lengthBytes() {
        return disk.info().virtualSizeBytes();
    }

    @Override
    public long knownZeroBytes(long offset, long maxBytes) throws IOException {
        if (maxBytes <= 0 || offset >= lengthBytes()) {
            return 0;
        }
        return extentAt(offset) instanceof Extent.Zero zero ? Math.min(zero.lengthBytes(), maxBytes) : 0;
    }

    /** @throws BadContentException if the image turns out to be bad where it is read */
    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        checkRange(offset, target.remaining());
        int limit = target.limit();
        long position = offset;
        while (target.position() < limit) {
            Extent extent = extentAt(position);
            int count = (int) Math.min(extent.lengthBytes(), limit - target.position());
            target.limit(target.position() + count);
            copy(extent, target);
            target.limit(limit);
            position += count;
        }
    }

    private Extent extentAt(long offset) throws IOException {
        try {
            return disk.extentAt(offset);
        } catch (DiskException e) {
            throw new BadContentException(e);
        }
    }

    private void copy(Extent extent, ByteBuffer target) throws IOException {
        switch (extent) {
            case Extent.Zero ignored -> {
                while (target.hasRemaining()) {
                    target.put(ZEROS, 0, Math.min(ZEROS.length, target.remaining()));
                }
            }
            case Extent.Data data -> disk.source().read(data.sourceOffset(), target);
            case Extent.Packed packed -> {
                unpack(packed.unit());
                int count = target.remaining();
                target.put(target.position(), plain, packed.unitOffset(), count);
                target.position(target.position() + count);
            }
        }
    }

    private void unpack(PackedUnit unit) throws IOException {
        if (unit.equals(unpacked)) {
            return;
        }
        unpacked = null;
        if (plain.capacity() < unit.plainBytes()) {
            plain = ByteBuffer.allocate(unit.plainBytes());
        }
        try {
            decoder.decode(disk.source(), unit, plain.clear());
        } catch (DiskException e) {
            throw new BadContentException(e);
        }
        unpacked = unit;
    }

    @Override
    public void close() {
        decoder.close();
    }
}
