package io.virtualimage.oci.layer;

import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.Digest;

/**
 * Where an image's disk is.
 *
 * @param manifest of the one image, chosen from an index if there was one
 * @param layer the blob that holds the file
 * @param compression as the layer's bytes say
 * @param layerBytes the blob's length, as the manifest says
 * @param offsetBytes where the file begins in the unpacked layer: of a layer without compression, in the blob
 * @param lengthBytes the file's; of a layer without compression it lies within the blob, of another it is believed
 * @param name the file's path in the image, without the first slash; for people
 */
public record LayerFile(
        Digest manifest,
        Digest layer,
        Compression compression,
        long layerBytes,
        long offsetBytes,
        long lengthBytes,
        String name) {

    public LayerFile {
        if (layerBytes < 0 || offsetBytes < 0 || lengthBytes < 0 || offsetBytes > Long.MAX_VALUE - lengthBytes) {
            throw new IllegalArgumentException(
                    "not a part of a layer of " + layerBytes + " bytes: " + lengthBytes + " bytes from " + offsetBytes);
        }
        if (compression == Compression.NONE && offsetBytes + lengthBytes > layerBytes) {
            throw new IllegalArgumentException("a file reaches beyond its layer of " + layerBytes + " bytes: "
                    + lengthBytes + " bytes from " + offsetBytes);
        }
    }

    /** A regular file of a layer. */
    static LayerFile of(Digest manifest, Descriptor layer, Compression compression, TarEntry entry, TarPath name)
            throws UnsupportedLayerException {
        if (entry.sparse()) {
            throw entry.place()
                    .unsupported("'" + name + "' is stored as a sparse file, which is not supported: make"
                            + " the layer without tar's --sparse");
        }
        return new LayerFile(
                manifest,
                layer.digest(),
                compression,
                layer.lengthBytes(),
                entry.offsetBytes(),
                entry.lengthBytes(),
                name.toString());
    }
}
