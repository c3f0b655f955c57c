package io.virtualimage.fetcher.source;

import io.virtualimage.disk.wrapper.UnpackLimits;
import io.virtualimage.disk.wrapper.UnpackedStream;
import io.virtualimage.disk.wrapper.Wrapper;
import io.virtualimage.oci.layer.Compression;
import io.virtualimage.oci.layer.LayerDecompressor;
import java.io.InputStream;

/** Unpacks layers within limits of memory, length and ratio, and without any native code. */
final class LayerUnpacker implements LayerDecompressor {
    @Override
    public InputStream unpack(InputStream packed, Compression compression) {
        return switch (compression) {
            case NONE -> throw new IllegalArgumentException("not packed");
            case GZIP -> UnpackedStream.of(packed, Wrapper.GZIP, UnpackLimits.DEFAULT);
            case ZSTD -> UnpackedStream.of(packed, Wrapper.ZSTD, UnpackLimits.DEFAULT);
        };
    }
}
