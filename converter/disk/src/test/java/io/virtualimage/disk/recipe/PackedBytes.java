package io.virtualimage.disk.recipe;

import io.virtualimage.disk.PackedUnit;
import java.util.Arrays;
import java.util.zip.Deflater;

/** Packs bytes as the units of images are packed. */
final class PackedBytes {
    private PackedBytes() {}

    /** A unit that is never unpacked. */
    static PackedUnit unit(long sourceOffset, int plainBytes) {
        return new PackedUnit(PackedUnit.Codec.ZLIB, sourceOffset, 1, plainBytes);
    }

    static byte[] zlib(byte[] plain, int offset, int count) {
        try (Deflater deflater = new Deflater()) {
            deflater.setInput(plain, offset, count);
            deflater.finish();
            byte[] packed = new byte[count + count / 100 + 100];
            return Arrays.copyOf(packed, deflater.deflate(packed));
        }
    }
}
