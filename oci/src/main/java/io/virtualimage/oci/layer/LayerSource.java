package io.virtualimage.oci.layer;

import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.Repository;
import java.io.IOException;
import java.io.InputStream;
import java.io.PushbackInputStream;
import java.util.OptionalLong;

/** Where the layers of one search come from, and what is left of what it may take. */
record LayerSource(OciRegistry registry, Repository repository, LayerDecompressor decompressor, ScanBudget budget) {

    /** Opens a layer at its archive's start. How it is packed is seen by its bytes; its type only says what is likely. */
    LayerScan open(Descriptor layer) throws RegistryException, LayerException {
        boolean likelyPacked = LayerTypes.isPacked(layer.mediaType());
        InputStream in = stream(layer, likelyPacked);
        Compression compression = Compression.NONE;
        boolean handedOver = false;
        try {
            PushbackInputStream looked = new PushbackInputStream(in, Compression.MAGIC_BYTES);
            byte[] first = looked.readNBytes(Compression.MAGIC_BYTES);
            looked.unread(first);
            compression = Compression.of(first);
            boolean packed = compression != Compression.NONE;
            InputStream archive = looked;
            if (packed != likelyPacked) {
                in.close();
                in = stream(layer, packed);
                archive = in;
            }
            OptionalLong length = packed ? OptionalLong.empty() : OptionalLong.of(layer.lengthBytes());
            in = packed ? decompressor.unpack(archive, compression) : archive;
            TarReader reader = new TarReader(in, layer.digest(), budget, length);
            LayerScan scan = new LayerScan(compression, in, reader);
            handedOver = true;
            return scan;
        } catch (IOException e) {
            throw LayerScan.damaged(new LayerPlace(layer.digest(), 0), compression, e);
        } finally {
            if (!handedOver) {
                LayerScan.close(in);
            }
        }
    }

    private InputStream stream(Descriptor layer, boolean packed) {
        return packed
                ? BlobStream.of(registry, repository, layer.digest(), layer.lengthBytes())
                : new BlobWindows(registry, repository, layer.digest(), layer.lengthBytes());
    }
}
