package io.virtualimage.fetcher.source;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import org.jspecify.annotations.Nullable;

/** Reads from the VirtualImage what its events may not say. Asks the API server only if there is such a thing. */
public final class KubernetesSourceResolver implements SourceResolver {
    /** Where the objects are. */
    interface Images {
        /**
         * The object of that name as it stands now; null if there is none.
         *
         * @throws KubernetesClientException if the API server can't be asked
         */
        @Nullable
        VirtualImage get(String namespace, String name);
    }

    private final Images images;

    public KubernetesSourceResolver(KubernetesClient client) {
        this((namespace, name) -> client.resources(VirtualImage.class)
                .inNamespace(namespace)
                .withName(name)
                .get());
    }

    KubernetesSourceResolver(Images images) {
        this.images = images;
    }

    @Override
    public ResolvedSource resolve(Incarnation image, DataSource source)
            throws TaskAbandonedException, TaskDeferredException, ImageFailedException {
        return switch (source) {
            case DataSource.Http http -> http.partial() ? whole(image, http) : new ResolvedSource(http.url(), null);
            case DataSource.ContainerImage ignored -> throw foreign(source);
            case DataSource.Upload ignored -> throw foreign(source);
            case DataSource.PublishedImage ignored -> throw foreign(source);
            case DataSource.Volume ignored -> throw foreign(source);
        };
    }

    private static IllegalArgumentException foreign(DataSource source) {
        return new IllegalArgumentException(source.getClass().getSimpleName() + " is no source to be asked for bytes");
    }

    private ResolvedSource whole(Incarnation image, DataSource.Http http)
            throws TaskAbandonedException, TaskDeferredException, ImageFailedException {
        VirtualImage object;
        try {
            object = images.get(image.namespace(), image.name());
        } catch (KubernetesClientException e) {
            throw TaskDeferredException.outage("the Kubernetes API can't be asked for " + image.subject(), e);
        }
        if (object == null || !image.uid().equals(object.getMetadata().getUid())) {
            throw new TaskAbandonedException("the object is gone");
        }
        VirtualImageSpec spec = object.getSpec();
        if (!Long.valueOf(image.generation()).equals(object.getMetadata().getGeneration()) || spec == null) {
            throw new TaskAbandonedException("the object has another spec by now");
        }
        if (!(spec.origin().orElse(null) instanceof Origin.Http origin)) {
            throw new TaskAbandonedException("the object's source is no HTTP server");
        }
        String caBundle = origin.caBundle();
        try {
            // What was given in lines is as good.
            String pem = caBundle == null || caBundle.isBlank()
                    ? null
                    : new String(Base64.getMimeDecoder().decode(caBundle), StandardCharsets.UTF_8);
            return new ResolvedSource(origin.url(), pem);
        } catch (IllegalArgumentException e) {
            throw new ImageFailedException(
                    FailureReason.SOURCE_REFUSED,
                    "dataSource.http.caBundle can't be used for " + http.url() + ": it is not in base64",
                    e);
        }
    }
}
