package io.virtualimage.oci;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What a tag points at: one image, or an index of several by platform. */
public sealed interface Manifest permits ImageManifest, ImageIndex {

    String mediaType();

    Map<String, String> annotations();

    /** Compact JSON; the same manifest gives the same bytes, always. */
    default byte[] toJson() {
        return Json.write(this);
    }

    /**
     * Reads an OCI or Docker (schema 2) manifest or index.
     *
     * <p>The media type may stand in the document, beside it, or both; where both say something, they must agree, and a
     * document may not be an image and an index at once: else two readers see two images in the same digest.
     *
     * @param mediaType what the registry's {@code Content-Type} or the descriptor says; null if nothing does
     * @throws RegistryException ({@code PROTOCOL}) if it is malformed, ambiguous, or of another kind
     */
    static Manifest parse(byte[] json, @Nullable String mediaType) throws RegistryException {
        String deed = "read a manifest";
        Document document = Json.read(json, Document.class, deed);
        if (document.schemaVersion() == 1) {
            throw malformed(deed, Manifests.OLD_SCHEMA);
        }
        String outer = mediaType != null && MediaTypes.MANIFESTS.contains(mediaType) ? mediaType : null;
        String inner = document.mediaType();
        if (outer != null && inner != null && !inner.equals(outer)) {
            throw malformed(deed, "it came as " + outer + " but calls itself " + inner);
        }
        boolean image = document.config() != null || document.layers() != null;
        boolean index = document.manifests() != null;
        if (image == index) {
            throw malformed(
                    deed, image ? "it is an image and an index at once" : "it has neither layers nor manifests");
        }
        String type =
                outer != null ? outer : inner != null ? inner : index ? MediaTypes.OCI_INDEX : MediaTypes.OCI_MANIFEST;
        try {
            return switch (type) {
                case MediaTypes.OCI_MANIFEST, MediaTypes.DOCKER_MANIFEST -> document.toImage(type);
                case MediaTypes.OCI_INDEX, MediaTypes.DOCKER_MANIFEST_LIST -> document.toIndex(type);
                default -> throw malformed(deed, "manifests of type " + type + " are not supported");
            };
        } catch (IllegalArgumentException e) {
            throw RegistryException.of(RegistryException.Reason.PROTOCOL, deed, String.valueOf(e.getMessage()), e);
        }
    }

    private static RegistryException malformed(String deed, String why) {
        return RegistryException.of(RegistryException.Reason.PROTOCOL, deed, why, null);
    }

    /** The union of both kinds, as it may arrive. */
    record Document(
            int schemaVersion,
            @Nullable String mediaType,
            @Nullable Descriptor config,
            @Nullable List<Descriptor> layers,
            @Nullable List<Descriptor> manifests,
            @Nullable Map<String, String> annotations) {

        private ImageManifest toImage(String type) {
            if (config == null || layers == null) {
                throw new IllegalArgumentException("an image manifest has a config and layers, and one is missing");
            }
            return new ImageManifest(type, config, layers, Json.sorted(annotations));
        }

        private ImageIndex toIndex(String type) {
            if (manifests == null) {
                throw new IllegalArgumentException("an index has manifests, and they are missing");
            }
            return new ImageIndex(type, manifests, Json.sorted(annotations));
        }
    }
}
