package io.virtualimage.oci.layer;

import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.Repository;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.OptionalLong;

/** Where the layers of one search come from, and what is left of what it may take. */
record LayerSource(
        OciRegistry registry,
        Repository repository,
        LayerDecompressor decompressor,
        ScanBudget budget,
        ReadWatch watch) {

    /** Longer ones without compression are read by ranges, even if they can't be verified then. */
    static final long VERIFIED_BYTES = 64 << 20;

    private static final int BUFFER_BYTES = 16 << 10;

    /** Opens a layer at its archive's start, to be read as little of as will do. */
    LayerScan open(Descriptor layer) throws RegistryException, LayerException {
        return open(layer, false);
    }

    /**
     * Opens a layer that is going to be read to its end, and of which it matters what it does not have. It can be verified
     * if it is compressed, or no longer than {@value #VERIFIED_BYTES} bytes.
     */
    LayerScan openWhole(Descriptor layer) throws RegistryException, LayerException {
        return open(layer, layer.lengthBytes() <= VERIFIED_BYTES);
    }

    /** Reads a layer once more to verify it, unless it is too long. */
    void verify(Descriptor layer) throws RegistryException {
        if (layer.lengthBytes() <= VERIFIED_BYTES) {
            try (BlobStream whole = BlobStream.of(registry, repository, layer.digest(), layer.lengthBytes(), watch)) {
                whole.readToEnd();
            }
        }
    }

    /** How a layer is packed is seen by its bytes; its type only says what is likely. */
    private LayerScan open(Descriptor layer, boolean whole) throws RegistryException, LayerException {
        boolean likelyThrough = whole || LayerTypes.isPacked(layer.mediaType());
        InputStream blob = stream(layer, likelyThrough);
        Compression compression = Compression.NONE;
        boolean handedOver = false;
        try {
            PushbackInputStream looked = new PushbackInputStream(blob, Compression.MAGIC_BYTES);
            byte[] first = looked.readNBytes(Compression.MAGIC_BYTES);
            looked.unread(first);
            compression = Compression.of(first);
            boolean packed = compression != Compression.NONE;
            InputStream archive = looked;
            if ((whole || packed) != likelyThrough) {
                blob.close();
                blob = stream(layer, packed);
                archive = blob;
            }
            OptionalLong length = packed ? OptionalLong.empty() : OptionalLong.of(layer.lengthBytes());
            InputStream in = packed
                    ? decompressor.unpack(archive, compression)
                    : whole ? new BufferedInputStream(archive, BUFFER_BYTES) : archive;
            TarReader reader = new TarReader(in, layer.digest(), budget, length);
            LayerScan scan = new LayerScan(compression, blob, in, reader, watch);
            handedOver = true;
            return scan;
        } catch (IOException e) {
            throw LayerScan.damaged(new LayerPlace(layer.digest(), 0), compression, e);
        } finally {
            if (!handedOver) {
                LayerScan.close(blob);
            }
        }
    }

    private InputStream stream(Descriptor layer, boolean through) {
        return through
                ? BlobStream.of(registry, repository, layer.digest(), layer.lengthBytes(), watch)
                : new BlobWindows(registry, repository, layer.digest(), layer.lengthBytes(), watch);
    }
}
