package io.virtualimage.oci.layer;

import io.virtualimage.oci.RegistryException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** The entries of one layer, in the order of its archive. */
final class LayerScan implements Closeable {

    private final Compression compression;
    private final InputStream in;
    private final TarReader reader;

    LayerScan(Compression compression, InputStream in, TarReader reader) {
        this.compression = compression;
        this.in = in;
        this.reader = reader;
    }

    /** The next entry, or empty at the layer's end. */
    Optional<TarEntry> next() throws RegistryException, LayerException {
        try {
            return reader.next();
        } catch (IOException e) {
            throw damaged(reader.place(), compression, e);
        }
    }

    Compression compression() {
        return compression;
    }

    @Override
    public void close() {
        close(in);
    }

    static void close(InputStream in) {
        try {
            in.close();
        } catch (IOException e) {
            // What was wanted of it has been read, or there is a better failure.
        }
    }

    /** What the failure of an unpacker means. */
    static MalformedLayerException damaged(LayerPlace place, Compression compression, IOException failure)
            throws RegistryException {
        if (failure instanceof RegistryException refusal) {
            throw refusal;
        }
        return place.malformed("the " + compression + " data can't be unpacked: " + failure.getMessage(), failure);
    }
}
