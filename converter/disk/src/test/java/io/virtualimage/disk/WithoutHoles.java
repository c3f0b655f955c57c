package io.virtualimage.disk;

import java.io.IOException;
import java.nio.ByteBuffer;

/** A file of which it isn't known where it has holes. */
public record WithoutHoles(ByteSource file) implements ByteSource {
    @Override
    public long lengthBytes() {
        return file.lengthBytes();
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        file.read(offset, target);
    }
}
