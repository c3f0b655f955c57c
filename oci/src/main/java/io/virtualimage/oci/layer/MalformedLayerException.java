package io.virtualimage.oci.layer;

import org.jspecify.annotations.Nullable;

/** A layer breaks the rules of its format: it is damaged, cut short, or made up. */
public final class MalformedLayerException extends LayerException {
    MalformedLayerException(LayerPlace place, String message, @Nullable Throwable cause) {
        super(place, message, cause);
    }
}
