package io.virtualimage.oci.layer;

import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.FetchedManifest;
import io.virtualimage.oci.ImageIndex;
import io.virtualimage.oci.ImageManifest;
import io.virtualimage.oci.Manifest;
import io.virtualimage.oci.ManifestReference;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.Platform;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.RegistryException.Reason;
import io.virtualimage.oci.Repository;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One image, which a reference names or which was chosen from an index.
 *
 * @param digest the image manifest's
 */
record ImageChoice(Digest digest, ImageManifest image) {

    private static final String REFERENCE_TYPE = "vnd.docker.reference.type";
    private static final String UNKNOWN = "unknown";
    private static final int MAX_SHOWN = 10;

    /**
     * Reads the manifest. Of an index it is the image for the platform; else the only one there is; else the first that
     * names no platform. Attestations are no images. An index may stand in another, but not deeper.
     */
    static ImageChoice read(OciRegistry registry, Repository repository, ManifestReference reference, Platform platform)
            throws RegistryException, UnsupportedImageException {
        FetchedManifest fetched = registry.getManifest(repository, reference);
        for (int depth = 0; depth <= 2; depth++) {
            Digest digest = fetched.descriptor().digest();
            switch (parse(fetched, digest)) {
                case ImageManifest image -> {
                    LayerTypes.check(image, "the image " + digest);
                    return new ImageChoice(digest, image);
                }
                case ImageIndex index ->
                    fetched = registry.getManifest(
                            repository, choose(index, platform, digest).digest());
            }
        }
        throw new UnsupportedImageException("the index " + reference + " has indexes in indexes in it");
    }

    private static Manifest parse(FetchedManifest fetched, Digest digest)
            throws RegistryException, UnsupportedImageException {
        try {
            return fetched.parse();
        } catch (RegistryException e) {
            if (e.reason() != Reason.PROTOCOL) {
                throw e;
            }
            throw new UnsupportedImageException(
                    "the manifest " + digest + " can't be used: " + LayerTypes.shown(String.valueOf(e.getMessage())),
                    e);
        }
    }

    private static Descriptor choose(ImageIndex index, Platform platform, Digest digest)
            throws UnsupportedImageException {
        List<Descriptor> images =
                index.manifests().stream().filter(each -> !isAttestation(each)).toList();
        Descriptor wanted = new ImageIndex(index.mediaType(), images, index.annotations())
                .forPlatform(platform)
                .orElse(null);
        if (wanted != null) {
            return wanted;
        }
        if (images.size() == 1) {
            return images.getFirst();
        }
        return images.stream()
                .filter(each -> text(each.platform()).equals(UNKNOWN))
                .findFirst()
                .orElseThrow(() -> new UnsupportedImageException("the index " + digest + " has no image for "
                        + text(platform) + ": "
                        + (images.isEmpty()
                                ? "it is empty"
                                : "there are "
                                        + images.stream()
                                                .limit(MAX_SHOWN)
                                                .map(each -> LayerTypes.shown(text(each.platform())))
                                                .collect(Collectors.joining(", ")))));
    }

    private static boolean isAttestation(Descriptor descriptor) {
        Platform platform = descriptor.platform();
        boolean unknown = platform != null && UNKNOWN.equals(platform.os()) && UNKNOWN.equals(platform.architecture());
        return unknown || descriptor.annotations().containsKey(REFERENCE_TYPE);
    }

    private static String text(@Nullable Platform platform) {
        if (platform == null || platform.os() == null || platform.os().isEmpty()) {
            return UNKNOWN;
        }
        return platform.os() + "/" + platform.architecture()
                + (platform.variant() == null ? "" : "/" + platform.variant());
    }
}
