package io.virtualimage.topics;

import org.jspecify.annotations.Nullable;

/**
 * Where in a container image the file is: a piece of a layer's tar.
 *
 * @param layer digest of the layer's blob
 * @param layerBytes length of the blob
 * @param compression how the blob is compressed; null if it is a tar as it is, of which pieces can be fetched
 * @param offsetBytes where the file's content begins in the tar, once unpacked
 */
public record LayerEntry(
        String layer, long layerBytes, @Nullable Compression compression, long offsetBytes) {
    public LayerEntry {
        if (layerBytes < 0 || offsetBytes < 0) {
            throw new IllegalArgumentException("a file at " + offsetBytes + " of a layer of " + layerBytes + " bytes");
        }
    }
}
