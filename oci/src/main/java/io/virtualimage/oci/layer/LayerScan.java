package io.virtualimage.oci.layer;

import io.virtualimage.oci.RegistryException;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;

/** The entries of one layer, in the order of its archive. */
final class LayerScan implements Closeable {

    private final Compression compression;
    private final InputStream blob;
    private final InputStream in;
    private final TarReader reader;
    private final ReadWatch watch;

    /**
     * A scan that has read nothing yet.
     *
     * @param blob what is in the registry; its {@code close} gives back the connection and no more
     * @param in what the reader reads: the blob's archive
     */
    LayerScan(Compression compression, InputStream blob, InputStream in, TarReader reader, ReadWatch watch) {
        this.compression = compression;
        this.blob = blob;
        this.in = in;
        this.reader = reader;
        this.watch = watch;
    }

    /** The next entry, or empty at the layer's end. */
    Optional<TarEntry> next() throws RegistryException, LayerException {
        watch.read(0);
        try {
            return reader.next();
        } catch (IOException e) {
            throw damaged(reader.place(), compression, e);
        }
    }

    Compression compression() {
        return compression;
    }

    /**
     * Gives the connection back; the next entry is read over another one, if it has to be. So nobody waits for a
     * connection who holds one: a host gives only so many, and those who wait for each other would wait for ever.
     */
    void pause() {
        close(blob);
    }

    /**
     * Verifies a layer of which it matters what it does not have, by reading it to its end; one that was opened by ranges
     * is not.
     *
     * @return whether it could be done
     * @throws RegistryException {@code DIGEST_MISMATCH}
     */
    boolean verify() throws RegistryException {
        if (blob instanceof BlobStream whole) {
            whole.readToEnd();
            return true;
        }
        return false;
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
