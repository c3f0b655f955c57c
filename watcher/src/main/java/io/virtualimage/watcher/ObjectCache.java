package io.virtualimage.watcher;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.BasicItemStore;
import io.fabric8.kubernetes.client.informers.cache.Cache;
import java.net.HttpURLConnection;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Objects of one kind, by an informer. Of each no more is kept than a {@link Referent} has: metadata and a little of the
 * status, so nothing of what a Secret holds. An API server that doesn't serve the kind is asked again until it does.
 */
final class ObjectCache implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(ObjectCache.class);

    /** What can't be looked up for so long is told to people; what isn't served for so long isn't there. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Duration RETRY = Duration.ofSeconds(5);
    private static final Executor LATER =
            CompletableFuture.delayedExecutor(RETRY.toMillis(), TimeUnit.MILLISECONDS, Thread::startVirtualThread);

    private final String what;
    private final FilterWatchListDeletable<
                    GenericKubernetesResource, GenericKubernetesResourceList, Resource<GenericKubernetesResource>>
            objects;
    private final Consumer<ObjectMeta> onChange;
    private final Clock clock;
    private final Instant begun;
    private @Nullable SharedIndexInformer<GenericKubernetesResource> informer;
    private boolean closed;
    private volatile @Nullable Throwable failure;

    /**
     * Begins to fill it.
     *
     * @param what is kept here; for logs
     * @param objects which they are
     * @param onChange called with every object that appeared, changed in what is kept of it, or went; must only hand over
     */
    ObjectCache(
            String what,
            FilterWatchListDeletable<
                            GenericKubernetesResource,
                            GenericKubernetesResourceList,
                            Resource<GenericKubernetesResource>>
                    objects,
            Consumer<ObjectMeta> onChange,
            Clock clock) {
        this.what = what;
        this.objects = objects;
        this.onChange = onChange;
        this.clock = clock;
        this.begun = clock.instant();
        Thread.startVirtualThread(this::begin);
    }

    /** Asks first: an informer of what isn't served fills the log with its complaints. */
    private void begin() {
        try {
            if (open()) {
                objects.list(new ListOptionsBuilder().withLimit(1L).build());
                start();
            }
        } catch (RuntimeException e) {
            failed(e);
            LATER.execute(this::begin);
        }
    }

    private synchronized boolean open() {
        return !closed;
    }

    private synchronized void start() {
        if (closed) {
            return;
        }
        SharedIndexInformer<GenericKubernetesResource> next = objects.runnableInformer(0);
        next.itemStore(new Trimmed());
        next.addEventHandler(new Handover(onChange));
        next.exceptionHandler((filled, e) -> {
            failed(e);
            return true;
        });
        informer = next;
        var started = next.start();
        started.exceptionally(e -> null);
    }

    private void failed(Throwable e) {
        Throwable cause = e instanceof CompletionException && e.getCause() != null ? e.getCause() : e;
        if (failure == null) {
            log.atWarn()
                    .addKeyValue("objects", what)
                    .addKeyValue("message", cause.getMessage())
                    .log("objects can't be listed, and are asked for again");
        }
        failure = cause;
    }

    /**
     * What there is.
     *
     * @param namespace null for kinds that live in none
     * @param name null for all
     */
    Lookup look(@Nullable String namespace, @Nullable String name) {
        SharedIndexInformer<GenericKubernetesResource> current = current();
        if (current != null && current.hasSynced()) {
            return new Lookup.Known(find(current, namespace, name).stream()
                    .map(ObjectCache::referent)
                    .toList());
        }
        boolean overdue = !begun.plus(PATIENCE).isAfter(clock.instant());
        Throwable last = failure;
        boolean unserved =
                last instanceof KubernetesClientException e && e.getCode() == HttpURLConnection.HTTP_NOT_FOUND;
        return unserved ? new Lookup.Unserved(overdue) : new Lookup.Unknown(why(last), overdue);
    }

    private static List<GenericKubernetesResource> find(
            SharedIndexInformer<GenericKubernetesResource> informer,
            @Nullable String namespace,
            @Nullable String name) {
        if (name != null) {
            GenericKubernetesResource object = informer.getStore().getByKey(Cache.namespaceKeyFunc(namespace, name));
            return object == null ? List.of() : List.of(object);
        }
        return namespace == null
                ? informer.getStore().list()
                : informer.getIndexer().byIndex(Cache.NAMESPACE_INDEX, namespace);
    }

    static String why(@Nullable Throwable failure) {
        return switch (failure) {
            case null -> "the API server has not answered yet.";
            case KubernetesClientException e
            when e.getCode() > 0 -> "the API server answers %d.".formatted(e.getCode());
            case Throwable ignored -> "the API server can't be reached.";
        };
    }

    @SuppressWarnings("unchecked") // JSON
    static Referent referent(GenericKubernetesResource object) {
        ObjectMeta meta = object.getMetadata();
        Object status = object.getAdditionalProperties().get("status");
        return new Referent(
                meta.getName(),
                meta.getUid(),
                Objects.requireNonNullElse(meta.getGeneration(), 1L),
                meta.getDeletionTimestamp() != null,
                Objects.requireNonNullElse(meta.getAnnotations(), Map.of()),
                status instanceof Map<?, ?> map ? (Map<String, ?>) map : Map.of());
    }

    private synchronized @Nullable SharedIndexInformer<GenericKubernetesResource> current() {
        return informer;
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (informer != null) {
            informer.stop();
        }
    }

    /** Drops, before anything is kept, what a {@link Referent} doesn't have. */
    static final class Trimmed extends BasicItemStore<GenericKubernetesResource> {
        Trimmed() {
            super(Cache::metaNamespaceKeyFunc);
        }

        @Override
        public GenericKubernetesResource put(String key, GenericKubernetesResource object) {
            Map<String, Object> status = new HashMap<>();
            if (object.getAdditionalProperties().get("status") instanceof Map<?, ?> told) {
                Referent.STATUS_FIELDS.forEach(field -> status.put(field, told.get(field)));
            }
            object.getAdditionalProperties().clear();
            object.setAdditionalProperty("status", status);
            ObjectMeta meta = object.getMetadata();
            meta.setManagedFields(List.of());
            meta.setLabels(Map.of());
            Map<String, String> marks = new HashMap<>(Objects.requireNonNullElse(meta.getAnnotations(), Map.of()));
            marks.keySet().retainAll(Referent.DEFAULT_CLASS_MARKS);
            meta.setAnnotations(marks);
            return super.put(key, object);
        }
    }

    /** Hands over what changed, and does nothing itself: the informer waits for it. */
    private record Handover(Consumer<ObjectMeta> onChange) implements ResourceEventHandler<GenericKubernetesResource> {
        @Override
        public void onAdd(GenericKubernetesResource object) {
            onChange.accept(object.getMetadata());
        }

        @Override
        public void onUpdate(GenericKubernetesResource before, GenericKubernetesResource object) {
            if (!referent(before).equals(referent(object))) { // a machine's status changes all the time
                onAdd(object);
            }
        }

        @Override
        public void onDelete(GenericKubernetesResource object, boolean deletedFinalStateUnknown) {
            onAdd(object);
        }
    }
}
