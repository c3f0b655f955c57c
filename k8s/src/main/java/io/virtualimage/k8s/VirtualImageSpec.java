package io.virtualimage.k8s;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a user asks for.
 *
 * @param storage null if left out in a manifest (the API server fills it in), or not known to this version
 * @param persistentVolumeClaim settings of the claim; without effect in a registry
 * @param dataSource null only in an object that the API server wouldn't take
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
public record VirtualImageSpec(
        @Nullable Storage storage,
        @Nullable ClaimSettings persistentVolumeClaim,
        @Nullable DataSource dataSource) {

    /** The common case: an image in the registry. */
    public static VirtualImageSpec inRegistry(Origin origin) {
        return new VirtualImageSpec(Storage.CONTAINER_REGISTRY, null, DataSource.of(origin));
    }

    /** Where the bytes come from; empty if this version doesn't know such a source. */
    public Optional<Origin> origin() {
        return dataSource == null ? Optional.empty() : dataSource.origin();
    }

    /**
     * Settings of the claim.
     *
     * @param storageClassName null or empty for the cluster's default class
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record ClaimSettings(@Nullable String storageClassName) {}
}
