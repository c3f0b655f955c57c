package io.virtualimage.k8s;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import io.fabric8.kubernetes.api.model.Namespaced;
import io.fabric8.kubernetes.client.CustomResource;
import io.fabric8.kubernetes.model.annotation.Categories;
import io.fabric8.kubernetes.model.annotation.Group;
import io.fabric8.kubernetes.model.annotation.Kind;
import io.fabric8.kubernetes.model.annotation.Plural;
import io.fabric8.kubernetes.model.annotation.ShortNames;
import io.fabric8.kubernetes.model.annotation.Singular;
import io.fabric8.kubernetes.model.annotation.Version;
import org.jspecify.annotations.Nullable;

/**
 * The resource itself. {@link #getSpec()} is null only before it was set, {@link #getStatus()} until the status was
 * written for the first time.
 *
 * <p>Unknown fields are lost on reading: write with patches, never by replacing the object.
 */
@JsonIgnoreProperties(ignoreUnknown = true)
@Group(WellKnown.GROUP)
@Version(WellKnown.VERSION)
@Kind(WellKnown.KIND)
@Plural(WellKnown.PLURAL)
@Singular("virtualimage")
@ShortNames("vi")
@Categories("virtualization")
public final class VirtualImage extends CustomResource<VirtualImageSpec, @Nullable VirtualImageStatus>
        implements Namespaced {

    @Override
    protected @Nullable VirtualImageSpec initSpec() {
        return null; // a record has no empty instance to start from
    }

    @Override
    protected @Nullable VirtualImageStatus initStatus() {
        return null;
    }

    @Override
    public @Nullable VirtualImageStatus getStatus() {
        return super.getStatus();
    }

    /** The phase that the status tells; null before the first one and for one that this version doesn't know. */
    public @Nullable Phase phase() {
        VirtualImageStatus current = getStatus();
        return current == null ? null : current.phase();
    }
}
