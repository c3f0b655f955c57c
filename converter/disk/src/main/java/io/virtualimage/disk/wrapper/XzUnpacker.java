package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.DiskException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;
import org.tukaani.xz.XZIOException;
import org.tukaani.xz.XZInputStream;

/** Unpacks xz from its start to its end: streams, blocks, their checks, the indexes, the padding. */
final class XzUnpacker implements Unpacker {
    private final PackedStream packed;
    private final int memoryKib;
    private final SpareArrays arrays;
    private @Nullable XZInputStream plain;

    XzUnpacker(InputStream packed, int maxMemoryBytes) {
        this(packed, maxMemoryBytes, new SpareArrays());
    }

    XzUnpacker(InputStream packed, int maxMemoryBytes, SpareArrays arrays) {
        this.packed = new PackedStream(packed);
        this.memoryKib = maxMemoryBytes >>> 10;
        this.arrays = arrays;
    }

    @Override
    public long packedBytes() {
        return packed.offset();
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException, DiskException {
        try {
            if (plain == null) {
                plain = new XZInputStream(packed, memoryKib, true, arrays);
            }
            return plain.read(target, offset, count);
        } catch (XZIOException e) {
            throw XzFailure.of(e, packed.offset());
        } catch (EOFException e) {
            if (packed.ended()) {
                throw XzFailure.cutShort(packed.offset());
            }
            // The source's own.
            throw e;
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw XzFailure.of(e, packed.offset());
        }
    }

    @Override
    public void close() throws IOException {
        packed.close();
    }
}
