package io.virtualimage.sandbox;

import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientTimeoutException;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.virtualimage.k8s.Checksum;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.k8s.VirtualImageStatus;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A user of the pipeline, for tests and benches: makes VirtualImages in one namespace, and waits for what becomes of them. */
public final class Images implements AutoCloseable {
    private final KubernetesClient client;
    private final String namespace;

    public Images(Path kubeconfig, String namespace) {
        this.client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(kubeconfig.toFile()))
                .build();
        this.namespace = namespace;
    }

    /** Applies an image from an HTTP server, in place of what stands under that name. */
    public VirtualImage apply(String name, URI url, @Nullable Checksum checksum) {
        return apply(name, new Origin.Http(url.toString(), null, checksum));
    }

    /** Applies an image, in place of what stands under that name. */
    public VirtualImage apply(String name, Origin origin) {
        return apply(name, VirtualImageSpec.inRegistry(origin));
    }

    /** Applies an image, in place of what stands under that name. */
    public VirtualImage apply(String name, VirtualImageSpec spec) {
        VirtualImage image = new VirtualImage();
        image.setMetadata(
                new ObjectMetaBuilder().withName(name).withNamespace(namespace).build());
        image.setSpec(spec);
        return client.resource(image).forceConflicts().serverSideApply();
    }

    /** As in {@code kubectl annotate}. */
    public void retry(String name, String value) {
        image(name).edit(image -> {
            image.getMetadata().getAnnotations().put("virtualimage.io/retry", value);
            return image;
        });
    }

    /** Asks for the deletion, and returns at once. */
    public void delete(String name) {
        image(name).delete();
    }

    /** Waits until the image has that phase for its present spec. */
    public VirtualImage await(String name, Phase phase, Duration atMost) {
        return await(name, "the phase " + phase, atMost, image -> {
            VirtualImageStatus status = image.getStatus();
            return image.phase() == phase
                    && status != null
                    && image.getMetadata().getGeneration().equals(status.observedGeneration());
        });
    }

    /**
     * Waits until the image is as it should be.
     *
     * @throws IllegalStateException if it isn't in time, saying what it is instead
     */
    public VirtualImage await(String name, String what, Duration atMost, Predicate<VirtualImage> wanted) {
        try {
            return image(name)
                    .waitUntilCondition(
                            image -> image != null && wanted.test(image), atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (KubernetesClientTimeoutException e) {
            throw new IllegalStateException(
                    "%s did not come to %s within %d s; it is: %s"
                            .formatted(
                                    name, what, atMost.toSeconds(), find(name).map(Images::words)),
                    e);
        }
    }

    /** Waits until there is no image of that name. */
    public void awaitGone(String name, Duration atMost) {
        try {
            image(name).waitUntilCondition(image -> image == null, atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (KubernetesClientTimeoutException e) {
            throw new IllegalStateException(
                    "%s was not gone within %d s; it is: %s"
                            .formatted(name, atMost.toSeconds(), find(name).map(Images::words)),
                    e);
        }
    }

    public Optional<VirtualImage> find(String name) {
        return Optional.ofNullable(image(name).get());
    }

    /** Phase, progress and the condition {@code Ready}, as in {@code Failed 12.5%: ProvisioningFailed: 404 Not Found}. */
    public static String words(VirtualImage image) {
        VirtualImageStatus status = image.getStatus();
        if (status == null) {
            return "(no status)";
        }
        String ready = status.condition(ConditionType.READY)
                .map(condition -> condition.getReason() + ": " + condition.getMessage())
                .orElse("(no condition)");
        return status.phase() + " " + status.progress() + ": " + ready;
    }

    private Resource<VirtualImage> image(String name) {
        return client.resources(VirtualImage.class).inNamespace(namespace).withName(name);
    }

    @Override
    public void close() {
        client.close();
    }
}
