package io.virtualimage.watcher;

import io.virtualimage.k8s.WellKnown;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Objects in a map, which is cache and API server in one. */
class FakeImageObjects implements ImageObjects {
    final Map<String, WantedImage> byUid = new HashMap<>();
    final List<String> liveLooks = new ArrayList<>();
    boolean conflict;

    @Override
    public Collection<String> uids() {
        return byUid.keySet();
    }

    @Override
    public Optional<WantedImage> known(String uid) {
        return Optional.ofNullable(byUid.get(uid));
    }

    @Override
    public boolean exists(String namespace, String name, String uid) {
        liveLooks.add(namespace + "/" + name);
        return byUid.containsKey(uid);
    }

    @Override
    public void addFinalizer(WantedImage image) {
        if (conflict) {
            throw new IllegalStateException("conflict");
        }
        byUid.put(image.uid(), Samples.withFinalizers(image, WellKnown.CLEANUP_FINALIZER));
    }

    @Override
    public void removeFinalizer(WantedImage image) {
        byUid.remove(image.uid());
    }
}
