package io.virtualimage.oci.layer;

import io.virtualimage.oci.Digest;
import org.jspecify.annotations.Nullable;

/**
 * Where something is.
 *
 * @param offsetBytes from the start of the layer's archive, unpacked
 */
record LayerPlace(Digest layer, long offsetBytes) {

    MalformedLayerException malformed(String message) {
        return malformed(message, null);
    }

    MalformedLayerException malformed(String message, @Nullable Throwable cause) {
        return new MalformedLayerException(this, message, cause);
    }

    UnsupportedLayerException unsupported(String message) {
        return new UnsupportedLayerException(this, message, null);
    }

    LayerLimitException overLimit(String message) {
        return new LayerLimitException(this, message, null);
    }

    @Override
    public String toString() {
        return "layer " + layer + ", byte " + offsetBytes;
    }
}
