package io.virtualimage.watcher;

import io.virtualimage.k8s.Checksum;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Topic;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Objects, and records about them, that tests begin with. */
final class Samples {
    static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    static final String UID = "0b5c6a7e";
    static final String URL = "https://example.com/disk.qcow2";

    private Samples() {}

    static VirtualImageSpec http(String url, @Nullable Checksum checksum) {
        return VirtualImageSpec.inRegistry(new Origin.Http(url, null, checksum));
    }

    /** An object of generation 1 that nobody has touched yet. */
    static WantedImage fresh() {
        return new WantedImage("ns", "disk", UID, 1, "10", null, null, false, List.of(), http(URL, null), null, null);
    }

    static WantedImage spec(WantedImage i, VirtualImageSpec spec) {
        return new WantedImage(
                i.namespace(),
                i.name(),
                i.uid(),
                i.generation(),
                i.resourceVersion(),
                i.retry(),
                i.check(),
                i.deleting(),
                i.finalizers(),
                spec,
                i.phase(),
                i.observedGeneration());
    }

    static WantedImage kept() {
        return withFinalizers(fresh(), WellKnown.CLEANUP_FINALIZER);
    }

    static WantedImage withFinalizers(WantedImage i, String... finalizers) {
        return new WantedImage(
                i.namespace(),
                i.name(),
                i.uid(),
                i.generation(),
                i.resourceVersion(),
                i.retry(),
                i.check(),
                i.deleting(),
                List.of(finalizers),
                i.spec(),
                i.phase(),
                i.observedGeneration());
    }

    static WantedImage generation(WantedImage i, long generation) {
        return new WantedImage(
                i.namespace(),
                i.name(),
                i.uid(),
                generation,
                i.resourceVersion(),
                i.retry(),
                i.check(),
                i.deleting(),
                i.finalizers(),
                i.spec(),
                i.phase(),
                i.observedGeneration());
    }

    static WantedImage retry(WantedImage i, @Nullable String retry) {
        return new WantedImage(
                i.namespace(),
                i.name(),
                i.uid(),
                i.generation(),
                i.resourceVersion(),
                retry,
                i.check(),
                i.deleting(),
                i.finalizers(),
                i.spec(),
                i.phase(),
                i.observedGeneration());
    }

    static WantedImage check(WantedImage i, @Nullable String check) {
        return new WantedImage(
                i.namespace(),
                i.name(),
                i.uid(),
                i.generation(),
                i.resourceVersion(),
                i.retry(),
                check,
                i.deleting(),
                i.finalizers(),
                i.spec(),
                i.phase(),
                i.observedGeneration());
    }

    /** As the API server does it: the generation is raised. */
    static WantedImage deleted(WantedImage i) {
        return new WantedImage(
                i.namespace(),
                i.name(),
                i.uid(),
                i.generation() + 1,
                i.resourceVersion(),
                i.retry(),
                i.check(),
                true,
                i.finalizers(),
                i.spec(),
                i.phase(),
                i.observedGeneration());
    }

    static WantedImage phase(WantedImage i, Phase phase, long observedGeneration) {
        return new WantedImage(
                i.namespace(),
                i.name(),
                i.uid(),
                i.generation(),
                i.resourceVersion(),
                i.retry(),
                i.check(),
                i.deleting(),
                i.finalizers(),
                i.spec(),
                phase,
                observedGeneration);
    }

    static Incarnation incarnation(long generation, long run) {
        return new Incarnation("ns", "disk", UID, generation, run);
    }

    static ImageRequested requested(long generation, long run, @Nullable String retry) {
        return new ImageRequested(
                incarnation(generation, run),
                new DataSource.Http(URL, false, Checksums.NONE),
                Storage.CONTAINER_REGISTRY,
                retry,
                null,
                null);
    }

    static ImagePublished published(long generation, long run) {
        return new ImagePublished(
                incarnation(generation, run),
                0,
                "r/vi/ns/disk:x",
                "sha256:m",
                "sha256:l",
                1,
                ImageFormat.QCOW2,
                false,
                1,
                1,
                null);
    }

    static OnRecord record(Event... events) {
        OnRecord record = OnRecord.NOTHING;
        for (Event event : events) {
            record = record.with(viewed(event, NOW));
        }
        return record;
    }

    static ViewRecord viewed(Event event, Instant time) {
        Topic topic = Topic.of(event);
        return new ViewRecord(topic, UID, new Recorded(event, topic, new Position(0, 0), time));
    }
}
