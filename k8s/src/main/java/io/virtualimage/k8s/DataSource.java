package io.virtualimage.k8s;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code spec.dataSource} in the shape that it has in JSON; {@link #origin()} is the shape to work with.
 *
 * @param type null for one that this version doesn't know
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
@JsonIgnoreProperties(ignoreUnknown = true)
public record DataSource(
        @Nullable DataSourceType type,
        Origin.@Nullable Http http,
        Origin.@Nullable ContainerImage containerImage,
        Origin.@Nullable ObjectRef objectRef,
        Origin.@Nullable Upload upload) {

    /** The one block that belongs to the type; empty if the type is unknown or its block is missing. */
    public Optional<Origin> origin() {
        if (type == null) {
            return Optional.empty();
        }
        return switch (type) {
            case HTTP -> Optional.ofNullable(http);
            case CONTAINER_IMAGE -> Optional.ofNullable(containerImage);
            case OBJECT_REF -> Optional.ofNullable(objectRef);
            case UPLOAD -> Optional.of(upload == null ? new Origin.Upload(null) : upload);
        };
    }

    public static DataSource of(Origin origin) {
        return switch (origin) {
            case Origin.Http http -> new DataSource(DataSourceType.HTTP, http, null, null, null);
            case Origin.ContainerImage image -> new DataSource(DataSourceType.CONTAINER_IMAGE, null, image, null, null);
            case Origin.ObjectRef object -> new DataSource(DataSourceType.OBJECT_REF, null, null, object, null);
            case Origin.Upload upload -> new DataSource(DataSourceType.UPLOAD, null, null, null, upload);
        };
    }
}
