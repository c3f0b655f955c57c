package io.virtualimage.oci;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Images of one name, by platform (OCI image specification, "Image Index"; Docker's manifest list). */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({"schemaVersion", "mediaType", "manifests", "annotations"})
public record ImageIndex(
        String mediaType,
        @JsonInclude(JsonInclude.Include.ALWAYS) List<Descriptor> manifests,
        Map<String, String> annotations)
        implements Manifest {

    public ImageIndex {
        if (!mediaType.equals(MediaTypes.OCI_INDEX) && !mediaType.equals(MediaTypes.DOCKER_MANIFEST_LIST)) {
            throw new IllegalArgumentException("not the media type of an index: " + mediaType);
        }
        manifests = List.copyOf(manifests);
        annotations = Json.sorted(annotations);
    }

    /** The first manifest for this operating system and architecture; a wanted variant must match, too. */
    public Optional<Descriptor> forPlatform(Platform wanted) {
        return manifests.stream()
                .filter(each -> {
                    Platform platform = each.platform();
                    return platform != null
                            && Objects.equals(platform.os(), wanted.os())
                            && Objects.equals(platform.architecture(), wanted.architecture())
                            && (wanted.variant() == null || wanted.variant().equals(platform.variant()));
                })
                .findFirst();
    }

    @JsonProperty
    int schemaVersion() {
        return 2;
    }
}
