package io.virtualimage.oci;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Points at a blob or a manifest and says what it is (OCI image specification, "Content Descriptors").
 *
 * @param platform only in an index
 * @param annotations sorted by key, so that equal descriptors are equal bytes
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
@JsonPropertyOrder({"mediaType", "digest", "size", "platform", "annotations"})
public record Descriptor(
        String mediaType,
        Digest digest,

        @JsonProperty("size") @JsonInclude(JsonInclude.Include.ALWAYS)
        long lengthBytes,

        @Nullable Platform platform,
        @Nullable Map<String, String> annotations) {

    public Descriptor {
        Json.require(mediaType, "mediaType");
        Json.require(digest, "digest");
        if (lengthBytes < 0) {
            throw new IllegalArgumentException("a descriptor's size is not negative: " + lengthBytes);
        }
        annotations = Json.sorted(annotations);
    }

    public Descriptor(String mediaType, Digest digest, long lengthBytes) {
        this(mediaType, digest, lengthBytes, null, Map.of());
    }

    /** Describes these bytes, by their SHA-256. */
    public static Descriptor of(String mediaType, byte[] content) {
        return new Descriptor(mediaType, Digest.sha256(content), content.length);
    }

    @Override
    public Map<String, String> annotations() {
        return Json.sorted(annotations);
    }
}
