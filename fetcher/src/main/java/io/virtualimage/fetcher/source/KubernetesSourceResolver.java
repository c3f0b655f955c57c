package io.virtualimage.fetcher.source;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.oci.Credentials;
import io.virtualimage.oci.ImageReference;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads from the VirtualImage what its events may not say, and from its Secret the registry's credentials. Asks the API
 * server only if there is such a thing.
 *
 * <p>The installation's own credentials for its own registry are used only for an image that refers to another object:
 * that object was looked up by the watcher, where a reference that a user wrote may name anything in that registry.
 */
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
    private final PullSecrets secrets;
    private final RegistryPlaces places;

    public KubernetesSourceResolver(KubernetesClient client, RegistryPlaces places) {
        this(
                (namespace, name) -> client.resources(VirtualImage.class)
                        .inNamespace(namespace)
                        .withName(name)
                        .get(),
                (namespace, name) ->
                        client.secrets().inNamespace(namespace).withName(name).get(),
                places);
    }

    KubernetesSourceResolver(Images images, PullSecrets.Secrets secrets, RegistryPlaces places) {
        this.images = images;
        this.secrets = new PullSecrets(secrets);
        this.places = places;
    }

    @Override
    public ResolvedSource resolve(Incarnation image, DataSource source)
            throws TaskAbandonedException, TaskDeferredException, ImageFailedException {
        return switch (source) {
            case DataSource.Http http ->
                http.partial() ? whole(image, http) : new ResolvedSource.Http(http.url(), null);
            case DataSource.ContainerImage container -> pulled(image, container);
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
        if (!(origin(image) instanceof Origin.Http origin)) {
            throw new TaskAbandonedException("the object's source is no HTTP server");
        }
        return new ResolvedSource.Http(origin.url(), bundle(origin.caBundle(), "dataSource.http.caBundle", http.url()));
    }

    private ResolvedSource pulled(Incarnation image, DataSource.ContainerImage container)
            throws TaskAbandonedException, TaskDeferredException, ImageFailedException {
        ImageReference reference = reference(container.image());
        Optional<RegistryPlaces.Own> own = places.ownOf(reference);
        if (!container.partial() && container.pullSecret() == null && own.isEmpty()) {
            return anonymous(reference);
        }
        return switch (origin(image)) {
            case Origin.ContainerImage origin -> {
                String secret = container.pullSecret();
                Credentials credentials = secret == null
                        ? null
                        : secrets.credentials(image.namespace(), secret, reference)
                                .orElse(null);
                String bundle = bundle(origin.caBundle(), "dataSource.containerImage.caBundle", reference.toString());
                yield new ResolvedSource.ContainerImage(
                        reference, places.endpointOf(reference), credentials, bundle, null);
            }
            case Origin.ObjectRef _ ->
                own.<ResolvedSource>map(ours -> new ResolvedSource.ContainerImage(
                                reference, ours.endpoint(), ours.credentials(), ours.caBundle(), null))
                        .orElseGet(() -> anonymous(reference));
            case Origin.Http _ -> throw new TaskAbandonedException("the object's source is no container image");
            case Origin.Upload _ -> throw new TaskAbandonedException("the object's source is no container image");
        };
    }

    private ResolvedSource anonymous(ImageReference reference) {
        return new ResolvedSource.ContainerImage(reference, places.endpointOf(reference), null, null, null);
    }

    private static ImageReference reference(String text) throws ImageFailedException {
        try {
            return ImageReference.parse(text);
        } catch (IllegalArgumentException e) {
            throw new ImageFailedException(
                    FailureReason.SOURCE_REFUSED,
                    "dataSource.containerImage.image, '%s', is no image reference: %s"
                            .formatted(ConnectionWords.plain(text), ConnectionWords.plain(e.getMessage())),
                    e);
        }
    }

    /** Where the object's bytes come from, as its spec stands, which has to be this version's. */
    private Origin origin(Incarnation image) throws TaskAbandonedException, TaskDeferredException {
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
        return spec.origin().orElseThrow(() -> new TaskAbandonedException("the object's source is of no known kind"));
    }

    private static @Nullable String bundle(@Nullable String encoded, String field, String source)
            throws ImageFailedException {
        if (encoded == null || encoded.isBlank()) {
            return null;
        }
        try {
            // What was given in lines is as good.
            return new String(Base64.getMimeDecoder().decode(encoded), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
            throw new ImageFailedException(
                    FailureReason.SOURCE_REFUSED,
                    "%s can't be used for %s: it is not in base64".formatted(field, source),
                    e);
        }
    }
}
