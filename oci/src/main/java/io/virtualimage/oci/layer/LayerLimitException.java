package io.virtualimage.oci.layer;

import org.jspecify.annotations.Nullable;

/** A layer may be well-formed, but goes beyond a limit that keeps reading it cheap. */
public final class LayerLimitException extends LayerException {
    LayerLimitException(LayerPlace place, String message, @Nullable Throwable cause) {
        super(place, message, cause);
    }
}
