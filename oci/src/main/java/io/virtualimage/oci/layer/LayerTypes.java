package io.virtualimage.oci.layer;

import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.ImageManifest;
import io.virtualimage.oci.MediaTypes;
import java.util.Set;

/** Which media types are layers that can be read. */
final class LayerTypes {

    private static final Set<String> PLAIN = Set.of(MediaTypes.OCI_LAYER, MediaTypes.DOCKER_LAYER);
    private static final Set<String> PACKED = Set.of(
            MediaTypes.OCI_LAYER_GZIP,
            MediaTypes.OCI_LAYER_ZSTD,
            MediaTypes.DOCKER_LAYER_GZIP,
            MediaTypes.DOCKER_LAYER_ZSTD);
    private static final int MAX_LAYERS = 1000;
    private static final int MAX_SHOWN = 100;

    private LayerTypes() {}

    static boolean isPacked(String mediaType) {
        return PACKED.contains(mediaType);
    }

    /** Refuses an image with layers that are not there, or are no layers. */
    static void check(ImageManifest image, String name) throws UnsupportedImageException {
        if (image.layers().isEmpty()) {
            throw new UnsupportedImageException(name + " has no layers: it is not an image of files");
        }
        if (image.layers().size() > MAX_LAYERS) {
            throw new UnsupportedImageException(
                    name + " has " + image.layers().size() + " layers, and " + MAX_LAYERS + " are read at most");
        }
        for (Descriptor layer : image.layers()) {
            String type = layer.mediaType();
            if (type.contains("nondistributable") || type.contains(".foreign.")) {
                throw new UnsupportedImageException("the layer " + layer.digest() + " of " + name
                        + " is a foreign one, which the registry does not hold: its addresses are not followed");
            }
            if (!PLAIN.contains(type) && !PACKED.contains(type)) {
                throw new UnsupportedImageException("the layer " + layer.digest() + " of " + name + " is of the type '"
                        + shown(type) + "': it is not a container image's");
            }
        }
    }

    static String shown(String text) {
        String printable = text.replaceAll("[^\\x20-\\x7e]", "?");
        return printable.length() <= MAX_SHOWN ? printable : printable.substring(0, MAX_SHOWN) + "...";
    }
}
