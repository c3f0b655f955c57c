package io.virtualimage.statuswriter;

import io.virtualimage.k8s.VirtualImageStatus;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** An API server in a map, with the rules that count here: UIDs and versions are held to, names of Events are unique. */
final class FakeImageApi implements ImageApi {
    final Map<String, StandingImage> images = new HashMap<>();
    final Set<String> events = new LinkedHashSet<>();

    /** Every Event that was to be created, in order. */
    final List<ImageNotice> notices = new ArrayList<>();

    /** Every status that was written, in order. */
    final List<VirtualImageStatus> written = new ArrayList<>();

    /** Done once, between the next read and what follows it. */
    @Nullable
    Runnable meanwhile;

    int failures;
    private long version;

    void put(String name, String uid, long generation) {
        StandingImage before = images.get(name);
        VirtualImageStatus status = before != null && before.uid().equals(uid) ? before.status() : null;
        images.put(name, new StandingImage(uid, generation, String.valueOf(++version), status));
    }

    @Override
    public Optional<StandingImage> get(String namespace, String name) throws ImageApiException {
        fail();
        Optional<StandingImage> image = Optional.ofNullable(images.get(name));
        if (meanwhile != null) {
            Runnable once = meanwhile;
            meanwhile = null;
            once.run();
        }
        return image;
    }

    @Override
    public Outcome applyStatus(
            String namespace, String name, String uid, @Nullable String resourceVersion, VirtualImageStatus status)
            throws ImageApiException {
        fail();
        StandingImage image = images.get(name);
        if (image == null) {
            return Outcome.GONE;
        }
        if (!image.uid().equals(uid) || (resourceVersion != null && !resourceVersion.equals(image.resourceVersion()))) {
            return Outcome.CONFLICT;
        }
        images.put(name, new StandingImage(uid, image.generation(), String.valueOf(++version), status));
        written.add(status);
        return Outcome.DONE;
    }

    @Override
    public Outcome createEvent(ImageNotice notice) throws ImageApiException {
        fail();
        notices.add(notice);
        events.add(notice.notice().reason() + " " + notice.name());
        return Outcome.DONE;
    }

    private void fail() throws ImageApiException {
        if (failures > 0) {
            failures--;
            throw new ImageApiException("away", new IllegalStateException());
        }
    }
}
