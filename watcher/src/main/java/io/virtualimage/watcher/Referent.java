package io.virtualimage.watcher;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * An object that an image waits for, as far as the watcher looks at it: never at what a Secret holds.
 *
 * @param deleting whether its deletion was asked for
 * @param annotations those of {@link #DEFAULT_CLASS_MARKS}
 * @param status as it stands in JSON, at least {@link #STATUS_FIELDS}; empty if there is none
 */
public record Referent(
        String name,
        String uid,
        long generation,
        boolean deleting,
        Map<String, String> annotations,
        Map<String, ?> status) {

    /** What is looked at in a status, of any kind. */
    static final List<String> STATUS_FIELDS = List.of(
            "phase",
            "observedGeneration",
            "cdrom",
            "format",
            "size",
            "target",
            "volumeSnapshotName",
            "attachedToVirtualMachines",
            "blockDeviceRefs");

    /** What marks a cluster's default class; the second is the older spelling, which API servers still honour. */
    static final List<String> DEFAULT_CLASS_MARKS =
            List.of("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class");

    /** Whether claims that name no class get this one. */
    boolean isDefaultClass() {
        return !deleting && DEFAULT_CLASS_MARKS.stream().anyMatch(mark -> "true".equals(annotations.get(mark)));
    }

    /** {@code status.phase}; empty as long as there is none. */
    String phase() {
        String phase = text("phase");
        return phase == null ? "" : phase;
    }

    /** Whether a machine is off, so that it uses nothing; one of no phase yet is not. */
    boolean isStopped() {
        return phase().equals("Stopped");
    }

    /** Whether a machine has a device of this kind and name. */
    boolean hasDevice(Dependency.Kind kind, String device) {
        return entries("blockDeviceRefs")
                .anyMatch(each -> kind.wire().equals(each.get("kind")) && device.equals(each.get("name")));
    }

    /** The objects of a list in the status; none if it is no list. */
    Stream<Map<?, ?>> entries(String... path) {
        return at(path) instanceof List<?> entries
                ? entries.stream().mapMulti((entry, sink) -> {
                    if (entry instanceof Map<?, ?> map) {
                        sink.accept(map);
                    }
                })
                : Stream.of();
    }

    /** Whether the status speaks of the object as it is now, as far as it says of which it speaks. */
    boolean observed() {
        return !(status.get("observedGeneration") instanceof Number observed) || observed.longValue() == generation;
    }

    /** A text in the status; null if there is none, or an empty one. */
    @Nullable
    String text(String... path) {
        return at(path) instanceof String text && !text.isEmpty() ? text : null;
    }

    /** Whatever is there in the status; null if nothing is. */
    @Nullable
    Object at(String... path) {
        Object found = status;
        for (String step : path) {
            found = found instanceof Map<?, ?> map ? map.get(step) : null;
        }
        return found;
    }
}
