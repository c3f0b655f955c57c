package io.virtualimage.oci.layer;

import io.virtualimage.oci.Digest;
import org.jspecify.annotations.Nullable;

/** The reason lies at one place of one layer. */
public abstract sealed class LayerException extends UnusableImageException
        permits MalformedLayerException, UnsupportedLayerException, LayerLimitException {
    private final transient LayerPlace place;

    LayerException(LayerPlace place, String message, @Nullable Throwable cause) {
        super(message + " (" + place + ")", cause);
        this.place = place;
    }

    public Digest layer() {
        return place.layer();
    }

    /** In bytes from the start of the layer's archive, unpacked. */
    public long offsetBytes() {
        return place.offsetBytes();
    }
}
