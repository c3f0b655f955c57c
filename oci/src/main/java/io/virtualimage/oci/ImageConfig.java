package io.virtualimage.oci;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The part of an image's configuration that an image of a disk has (OCI image specification, "Image Configuration").
 * It carries no date, so that the same image has the same config.
 *
 * @param diffIds digests of the uncompressed layers, lowest first
 */
public record ImageConfig(String architecture, String os, Map<String, String> labels, List<Digest> diffIds) {

    public ImageConfig {
        labels = Json.sorted(labels);
        diffIds = List.copyOf(diffIds);
    }

    /** Compact JSON; the same config gives the same bytes, always. */
    public byte[] toJson() {
        return Json.write(new Document(architecture, os, new Settings(labels), new RootFs("layers", diffIds)));
    }

    /** Reads OCI's and Docker's; labels and layers that are missing are empty. */
    public static ImageConfig parse(byte[] json) throws RegistryException {
        Document document = Json.read(json, Document.class, "read an image's configuration");
        Settings settings = document.config();
        RootFs rootFs = document.rootfs();
        return new ImageConfig(
                document.architecture() == null ? "" : document.architecture(),
                document.os() == null ? "" : document.os(),
                Json.sorted(settings == null ? null : settings.labels()),
                rootFs == null || rootFs.diffIds() == null ? List.of() : rootFs.diffIds());
    }

    @JsonPropertyOrder({"architecture", "os", "config", "rootfs"})
    record Document(
            @Nullable String architecture,
            @Nullable String os,
            @Nullable Settings config,
            @Nullable RootFs rootfs) {}

    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    record Settings(@JsonProperty("Labels") @Nullable Map<String, String> labels) {}

    @JsonPropertyOrder({"type", "diff_ids"})
    record RootFs(
            @Nullable String type,
            @JsonProperty("diff_ids") @Nullable List<Digest> diffIds) {}
}
