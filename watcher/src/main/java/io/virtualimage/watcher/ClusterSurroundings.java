package io.virtualimage.watcher;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.WellKnown;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What there is in the cluster, by informers that are started when an image first waits for something of their kind. A
 * Secret has one of its own, and only as long as an image waits for it: others are none of our business.
 */
final class ClusterSurroundings implements Surroundings, AutoCloseable {
    private final KubernetesClient client;
    private final ClusterImages images;
    private final Consumer<String> onChange;
    private final Clock clock;
    private final Followers followers = new Followers();
    private final Map<Dependency, ObjectCache> caches = new HashMap<>();
    private boolean closed;

    /**
     * Follows nothing yet.
     *
     * @param images where VirtualImages are
     * @param onChange called with the UID of an image that waits for something that changed; must only hand over
     */
    ClusterSurroundings(KubernetesClient client, ClusterImages images, Consumer<String> onChange, Clock clock) {
        this.client = client;
        this.images = images;
        this.onChange = onChange;
        this.clock = clock;
    }

    /** A VirtualImage appeared, changed or went. */
    void changed(VirtualImage image) {
        changed(Dependency.Kind.VIRTUAL_IMAGE, image.getMetadata());
    }

    private void changed(Dependency.Kind kind, ObjectMeta meta) {
        followers
                .of(kind, kind.namespaced() ? meta.getNamespace() : null, meta.getName())
                .forEach(onChange);
    }

    @Override
    public synchronized void follow(String uid, Set<Dependency> dependencies) {
        followers.follow(uid, dependencies);
        if (closed) {
            return;
        }
        for (Dependency each : dependencies) {
            if (each.kind() != Dependency.Kind.VIRTUAL_IMAGE) {
                caches.computeIfAbsent(scope(each), this::open);
            }
        }
        Set<Dependency> followed = followers.dependencies();
        caches.entrySet().removeIf(entry -> {
            boolean over = entry.getKey().kind() == Dependency.Kind.SECRET && !followed.contains(entry.getKey());
            if (over) {
                entry.getValue().close();
            }
            return over;
        });
    }

    /** What one cache is filled with. */
    private static Dependency scope(Dependency dependency) {
        return dependency.kind() == Dependency.Kind.SECRET
                ? dependency
                : new Dependency(dependency.kind(), dependency.kind().namespaced() ? "*" : null, null);
    }

    private ObjectCache open(Dependency scope) {
        return new ObjectCache(
                scope.toString(),
                scope.name() == null ? all(scope.kind()).inAnyNamespace() : ask(scope),
                meta -> changed(scope.kind(), meta),
                clock);
    }

    private MixedOperation<
                    GenericKubernetesResource, GenericKubernetesResourceList, Resource<GenericKubernetesResource>>
            all(Dependency.Kind kind) {
        return client.genericKubernetesResources(definition(kind));
    }

    /** The objects that a dependency names, wherever it says. */
    private FilterWatchListDeletable<
                    GenericKubernetesResource, GenericKubernetesResourceList, Resource<GenericKubernetesResource>>
            ask(Dependency dependency) {
        var there = dependency.namespace() == null
                ? all(dependency.kind())
                : all(dependency.kind()).inNamespace(dependency.namespace());
        return dependency.name() == null ? there : there.withField("metadata.name", dependency.name());
    }

    private static ResourceDefinitionContext definition(Dependency.Kind kind) {
        String version = switch (kind) {
            case SECRET, STORAGE_CLASS -> "v1";
            case VIRTUAL_IMAGE, CLUSTER_VIRTUAL_IMAGE, VIRTUAL_DISK, VIRTUAL_DISK_SNAPSHOT, VIRTUAL_MACHINE ->
                WellKnown.VERSION;
        };
        return new ResourceDefinitionContext.Builder()
                .withGroup(kind.group().isEmpty() ? null : kind.group())
                .withVersion(version)
                .withKind(kind.wire())
                .withPlural(kind.plural())
                .withNamespaced(kind.namespaced())
                .build();
    }

    @Override
    public Lookup look(Dependency dependency) {
        if (dependency.kind() == Dependency.Kind.VIRTUAL_IMAGE) {
            return new Lookup.Known(image(dependency).stream().toList());
        }
        ObjectCache cache = cache(dependency);
        return cache == null
                ? new Lookup.Unknown("nobody has asked for it yet.", false)
                : cache.look(dependency.namespace(), dependency.name());
    }

    @Override
    public Surroundings live() {
        return new Live();
    }

    /** Looks by asking. What isn't served there is nothing new of: then the cache knows how long that has been so. */
    private final class Live implements Surroundings {
        @Override
        public void follow(String uid, Set<Dependency> dependencies) {
            ClusterSurroundings.this.follow(uid, dependencies);
        }

        @Override
        public Lookup look(Dependency dependency) {
            try {
                return new Lookup.Known(ask(dependency).list().getItems().stream()
                        .map(ObjectCache::referent)
                        .toList());
            } catch (KubernetesClientException e) {
                boolean unserved = e.getCode() == HttpURLConnection.HTTP_NOT_FOUND;
                // A cache that was filled once doesn't count: an API server that has just started may not know yet.
                return unserved && ClusterSurroundings.this.look(dependency) instanceof Lookup.Unserved known
                        ? known
                        : new Lookup.Unknown(ObjectCache.why(e), false);
            }
        }

        @Override
        public Surroundings live() {
            return this;
        }
    }

    private synchronized @Nullable ObjectCache cache(Dependency dependency) {
        return caches.get(scope(dependency));
    }

    private Optional<Referent> image(Dependency dependency) {
        return images.find(Objects.requireNonNull(dependency.namespace()), Objects.requireNonNull(dependency.name()))
                .map(object -> ObjectCache.referent(
                        client.getKubernetesSerialization().convertValue(object, GenericKubernetesResource.class)));
    }

    @Override
    public synchronized void close() {
        closed = true;
        caches.values().forEach(ObjectCache::close);
        caches.clear();
    }
}
