package io.virtualimage.sandbox.simulator;

import io.virtualimage.k8s.WellKnown;
import io.virtualimage.watcher.ImageObjects;
import io.virtualimage.watcher.WantedImage;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** The VirtualImages as one watcher process sees them: through a cache that an informer fills, one version at a time. */
final class SimImageObjects implements ImageObjects {
    private final SimProcess process;
    private final KubeApi api;
    private final Faults faults;
    private final Consumer<String> onChange;
    private final SortedMap<String, KubeApi.Version> cache = new TreeMap<>();
    private int position;
    private boolean synced;

    SimImageObjects(SimProcess process, KubeApi api, Faults faults, Consumer<String> onChange) {
        this.process = process;
        this.api = api;
        this.faults = faults;
        this.onChange = onChange;
        process.start("informer", this::inform);
    }

    boolean synced() {
        return synced;
    }

    private void inform() {
        process.effect("lists", "objects");
        api.objects().forEach(object -> cache.put(object.uid(), object));
        position = api.history().size();
        synced = true;
        cache.keySet().forEach(onChange);
        while (true) {
            process.scheduler().await(() -> position < api.history().size(), Duration.ofDays(1));
            if (position < api.history().size()) {
                process.effect("watches", position);
                KubeApi.Version version = api.history().get(position++);
                if (version.gone()) {
                    cache.remove(version.uid());
                } else {
                    cache.put(version.uid(), version);
                }
                onChange.accept(version.uid());
            }
        }
    }

    @Override
    public Collection<String> uids() {
        return List.copyOf(cache.keySet());
    }

    @Override
    public Optional<WantedImage> known(String uid) {
        return Optional.ofNullable(cache.get(uid)).map(version -> WantedImage.of(version.object()));
    }

    @Override
    public boolean exists(String namespace, String name, String uid) {
        before("asks for", uid);
        return api.find(namespace, name)
                .filter(object -> object.uid().equals(uid))
                .isPresent();
    }

    @Override
    public void addFinalizer(WantedImage image) {
        before("adds finalizer to", image.uid());
        api.addFinalizer(image.uid(), WellKnown.CLEANUP_FINALIZER, Long.parseLong(image.resourceVersion()));
    }

    @Override
    public void removeFinalizer(WantedImage image) {
        before("removes finalizer from", image.uid());
        api.removeFinalizer(image.uid(), WellKnown.CLEANUP_FINALIZER);
    }

    private void before(String what, String uid) {
        process.effect(what, uid);
        if (faults.strike(0.02)) {
            throw new KubeApi.ConflictException("simulated: no answer");
        }
    }
}
