package io.virtualimage.oci.layer;

import java.io.IOException;
import java.io.InputStream;

/** Unpacks what a layer's archive is packed with. */
@FunctionalInterface
public interface LayerDecompressor {

    /**
     * A stream of what is packed, all members or frames of it one after the other. Closing it closes the packed one.
     *
     * <p>What the packed stream throws comes through unchanged; any other {@link IOException}, here or while reading,
     * means that the bytes can't be unpacked, and its message says why.
     *
     * @param packed from its start
     * @param compression never {@code NONE}
     */
    InputStream unpack(InputStream packed, Compression compression) throws IOException;
}
