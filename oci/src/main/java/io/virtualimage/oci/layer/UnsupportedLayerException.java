package io.virtualimage.oci.layer;

import org.jspecify.annotations.Nullable;

/** A layer may be well-formed, but uses what this package can't read. */
public final class UnsupportedLayerException extends LayerException {
    UnsupportedLayerException(LayerPlace place, String message, @Nullable Throwable cause) {
        super(place, message, cause);
    }
}
