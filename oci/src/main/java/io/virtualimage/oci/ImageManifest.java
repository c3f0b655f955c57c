package io.virtualimage.oci;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import java.util.Map;

/**
 * One image: its config and its layers, lowest first (OCI image specification, "Image Manifest"; Docker's schema 2 has
 * the same shape).
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({"schemaVersion", "mediaType", "config", "layers", "annotations"})
public record ImageManifest(
        String mediaType,
        Descriptor config,
        @JsonInclude(JsonInclude.Include.ALWAYS) List<Descriptor> layers,
        Map<String, String> annotations)
        implements Manifest {

    public ImageManifest {
        if (!mediaType.equals(MediaTypes.OCI_MANIFEST) && !mediaType.equals(MediaTypes.DOCKER_MANIFEST)) {
            throw new IllegalArgumentException("not the media type of an image manifest: " + mediaType);
        }
        layers = List.copyOf(layers);
        annotations = Json.sorted(annotations);
    }

    /** An OCI image. */
    public ImageManifest(Descriptor config, List<Descriptor> layers, Map<String, String> annotations) {
        this(MediaTypes.OCI_MANIFEST, config, layers, annotations);
    }

    @JsonProperty
    int schemaVersion() {
        return 2;
    }
}
