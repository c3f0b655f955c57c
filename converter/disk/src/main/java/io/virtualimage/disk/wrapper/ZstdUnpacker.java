package io.virtualimage.disk.wrapper;

import io.virtualimage.disk.zstd.ZstdInputStream;
import java.io.IOException;
import java.io.InputStream;

/** Unpacks zstd. */
final class ZstdUnpacker implements Unpacker {
    private final PackedStream packed;
    private final ZstdInputStream plain;

    ZstdUnpacker(InputStream packed, int maxWindowBytes) {
        this.packed = new PackedStream(packed);
        this.plain = new ZstdInputStream(this.packed, maxWindowBytes);
    }

    @Override
    public long packedBytes() {
        return packed.offset();
    }

    @Override
    public int read(byte[] target, int offset, int count) throws IOException {
        return plain.read(target, offset, count);
    }

    @Override
    public void close() throws IOException {
        plain.close();
    }
}
