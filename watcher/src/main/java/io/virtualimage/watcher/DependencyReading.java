package io.virtualimage.watcher;

import io.virtualimage.k8s.ConditionReason;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.Phase;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.ObjectKind;
import io.virtualimage.topics.Storage;
import io.virtualimage.watcher.Dependency.Kind;
import io.virtualimage.watcher.SpecReading.Place;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What an image's spec comes to among the things that it depends on. Decides only; what there is, it is told. */
final class DependencyReading {
    /** What can be done for the image now. */
    sealed interface Outcome {}

    /**
     * It can be worked on.
     *
     * @param sourceUid UID of the object that the source refers to; null if it refers to none
     */
    record Workable(
            DataSource source, Place place, @Nullable String sourceUid) implements Outcome {}

    /** Something isn't there. The message names it. */
    record Missing(ConditionType condition, ConditionReason reason, String message) implements Outcome {}

    /**
     * It is not known for sure whether something is there.
     *
     * @param overdue whether people must be told already
     * @param missing what to tell them
     */
    record Unclear(boolean overdue, Missing missing) implements Outcome {}

    private final WantedImage image;
    private final Surroundings surroundings;

    private DependencyReading(WantedImage image, Surroundings surroundings) {
        this.image = image;
        this.surroundings = surroundings;
    }

    /** All that the image depends on. */
    static Set<Dependency> needs(WantedImage image) {
        Set<Dependency> needs = new HashSet<>();
        switch (SpecReading.of(image.spec())) {
            case SpecReading.Direct(
                    DataSource.ContainerImage(var ignored, String secret, var alsoIgnored),
                    Place place) -> {
                if (secret != null) {
                    needs.add(Dependency.in(image.namespace(), Kind.SECRET, secret));
                }
                addClass(needs, place);
            }
            case SpecReading.Direct(var ignored, Place place) -> addClass(needs, place);
            case SpecReading.Referring(ObjectKind kind, String name, Place place) -> {
                needs.add(referred(image, kind, name));
                if (kind == ObjectKind.VIRTUAL_DISK) {
                    needs.add(Dependency.allIn(image.namespace(), Kind.VIRTUAL_MACHINE));
                }
                addClass(needs, place);
            }
            case SpecReading.Unsupported ignored -> {}
        }
        return needs;
    }

    private static void addClass(Set<Dependency> needs, Place place) {
        if (place.isClaim()) {
            needs.add(Dependency.ofCluster(Kind.STORAGE_CLASS, place.storageClass()));
        }
    }

    private static Dependency referred(WantedImage image, ObjectKind kind, String name) {
        return switch (kind) {
            case VIRTUAL_IMAGE -> Dependency.in(image.namespace(), Kind.VIRTUAL_IMAGE, name);
            case CLUSTER_VIRTUAL_IMAGE -> Dependency.ofCluster(Kind.CLUSTER_VIRTUAL_IMAGE, name);
            case VIRTUAL_DISK -> Dependency.in(image.namespace(), Kind.VIRTUAL_DISK, name);
            case VIRTUAL_DISK_SNAPSHOT -> Dependency.in(image.namespace(), Kind.VIRTUAL_DISK_SNAPSHOT, name);
        };
    }

    /** Reads the image; looks for nothing but what it {@link #needs}. */
    static Outcome of(WantedImage image, Surroundings surroundings) {
        return new DependencyReading(image, surroundings).read();
    }

    private Outcome read() {
        return switch (SpecReading.of(image.spec())) {
            case SpecReading.Unsupported(String message) ->
                new Missing(ConditionType.READY, ConditionReason.PROVISIONING_NOT_STARTED, message);
            case SpecReading.Direct(DataSource source, Place place) -> withClass(direct(source, place), place);
            case SpecReading.Referring(ObjectKind kind, String name, Place place) ->
                withClass(referring(kind, name, place), place);
        };
    }

    // ---- where it goes

    private Outcome withClass(Outcome source, Place place) {
        if (!(source instanceof Workable workable) || !place.isClaim()) {
            return source;
        }
        String name = place.storageClass();
        if (name != null) {
            return one(
                    Dependency.ofCluster(Kind.STORAGE_CLASS, name),
                    ConditionType.STORAGE_CLASS_READY,
                    ConditionReason.STORAGE_CLASS_NOT_FOUND,
                    ConditionReason.STORAGE_CLASS_NOT_READY,
                    found -> source);
        }
        return all(
                Dependency.ofCluster(Kind.STORAGE_CLASS, null),
                ConditionType.STORAGE_CLASS_READY,
                ConditionReason.STORAGE_CLASS_NOT_FOUND,
                classes -> classes.stream().anyMatch(Referent::isDefaultClass)
                        ? withDefaultClass(workable, classes)
                        : new Missing(
                                ConditionType.STORAGE_CLASS_READY,
                                ConditionReason.STORAGE_CLASS_NOT_FOUND,
                                "spec.persistentVolumeClaim.storageClassName names no StorageClass, and the cluster has no"
                                        + " default one (annotation " + Referent.DEFAULT_CLASS_MARKS.getFirst()
                                        + ")."));
    }

    /** Of several default classes the API server knows which counts. */
    private static Workable withDefaultClass(Workable source, Collection<Referent> classes) {
        List<String> names = classes.stream()
                .filter(Referent::isDefaultClass)
                .map(Referent::name)
                .toList();
        return names.size() == 1
                ? new Workable(
                        source.source(), new Place(source.place().storage(), names.getFirst()), source.sourceUid())
                : source;
    }

    // ---- where it comes from

    private Outcome direct(DataSource source, Place place) {
        Workable workable = new Workable(source, place, null);
        if (!(source instanceof DataSource.ContainerImage container) || container.pullSecret() == null) {
            return workable;
        }
        ConditionReason reason = ConditionReason.CONTAINER_REGISTRY_SECRET_NOT_FOUND;
        return one(
                Dependency.in(image.namespace(), Kind.SECRET, container.pullSecret()),
                ConditionType.DATASOURCE_READY,
                reason,
                reason,
                found -> workable);
    }

    private Outcome referring(ObjectKind kind, String name, Place place) {
        if (kind == ObjectKind.VIRTUAL_IMAGE && name.equals(image.name())) {
            return notReady(kind, referred(image, kind, name) + " refers to itself: it has no data to be made from.");
        }
        ConditionReason reason = reason(kind);
        return one(referred(image, kind, name), ConditionType.DATASOURCE_READY, reason, reason, found -> switch (kind) {
            case VIRTUAL_IMAGE -> ofImage(kind, found, place);
            case CLUSTER_VIRTUAL_IMAGE -> ofImage(kind, found, place);
            case VIRTUAL_DISK -> ofDisk(found, place);
            case VIRTUAL_DISK_SNAPSHOT -> ofSnapshot(found, place);
        });
    }

    private static ConditionReason reason(ObjectKind kind) {
        return switch (kind) {
            case VIRTUAL_IMAGE -> ConditionReason.IMAGE_NOT_READY;
            case CLUSTER_VIRTUAL_IMAGE -> ConditionReason.CLUSTER_IMAGE_NOT_READY;
            case VIRTUAL_DISK -> ConditionReason.VIRTUAL_DISK_NOT_READY;
            case VIRTUAL_DISK_SNAPSHOT -> ConditionReason.VIRTUAL_DISK_SNAPSHOT_NOT_READY;
        };
    }

    private Outcome ofImage(ObjectKind kind, Referent found, Place place) {
        Dependency object = referred(image, kind, found.name());
        if (!isReady(found)) {
            return notReady(kind, phaseOf(object, found));
        }
        if (!found.observed()) {
            return notReady(kind, object + " is not ready: its status speaks of an older version of it.");
        }
        String registryUrl = found.text("target", "registryURL");
        if (registryUrl != null) {
            return inRegistry(kind, found, registryUrl, place);
        }
        String claim = found.text("target", "persistentVolumeClaimName");
        return claim == null || kind != ObjectKind.VIRTUAL_IMAGE
                ? notReady(kind, object + " is Ready, but its status.target doesn't say where it is.")
                : new Workable(new DataSource.Volume(kind, found.name(), claim, null), place, found.uid());
    }

    private Outcome inRegistry(ObjectKind kind, Referent found, String registryUrl, Place place) {
        if (place.storage() == Storage.PERSISTENT_VOLUME_CLAIM) {
            return new Workable(new DataSource.ContainerImage(registryUrl, null, false), place, found.uid());
        }
        Optional<ImageFormat> format = Arrays.stream(ImageFormat.values())
                .filter(each -> each.wireName().equals(found.text("format")))
                .findFirst();
        Optional<Long> stored = bytes(found.text("size", "storedBytes"));
        Optional<Long> unpacked = bytes(found.text("size", "unpackedBytes"));
        if (format.isEmpty() || stored.isEmpty() || unpacked.isEmpty()) {
            return notReady(
                    kind,
                    referred(image, kind, found.name())
                            + " is Ready, but its status has no format that is known, or no sizes in bytes.");
        }
        boolean cdrom = Boolean.TRUE.equals(found.at("cdrom"));
        return new Workable(
                new DataSource.PublishedImage(
                        kind, found.name(), registryUrl, format.get(), cdrom, stored.get(), unpacked.get()),
                place,
                found.uid());
    }

    private static Optional<Long> bytes(@Nullable String decimal) {
        try {
            return Optional.ofNullable(decimal).map(Long::valueOf);
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
    }

    private Outcome ofDisk(Referent disk, Place place) {
        ObjectKind kind = ObjectKind.VIRTUAL_DISK;
        Dependency object = referred(image, kind, disk.name());
        String claim = disk.text("target", "persistentVolumeClaimName");
        if (!isReady(disk)) {
            return notReady(kind, phaseOf(object, disk));
        }
        if (claim == null) {
            return notReady(kind, object + " is Ready, but its status.target doesn't say where it is.");
        }
        return all(
                Dependency.allIn(image.namespace(), Kind.VIRTUAL_MACHINE),
                ConditionType.DATASOURCE_READY,
                ConditionReason.VIRTUAL_DISK_NOT_READY,
                machines -> running(disk, machines)
                        .<Outcome>map(machine -> new Missing(
                                ConditionType.DATASOURCE_READY,
                                ConditionReason.VIRTUAL_DISK_ATTACHED_TO_VIRTUAL_MACHINE,
                                "%s is attached to the VirtualMachine %s, which is %s and has to be Stopped."
                                        .formatted(
                                                object,
                                                machine.name(),
                                                machine.phase().isEmpty() ? "of no phase yet" : machine.phase())))
                        .orElseGet(() -> new Workable(
                                new DataSource.Volume(kind, disk.name(), claim, null), place, disk.uid())));
    }

    /** The first machine, by name, that may write to the disk. */
    private static Optional<Referent> running(Referent disk, List<Referent> machines) {
        Set<String> listed = new HashSet<>();
        disk.entries("attachedToVirtualMachines").forEach(each -> listed.add(String.valueOf(each.get("name"))));
        return machines.stream()
                .filter(machine -> listed.contains(machine.name()) || machine.hasDevice(Kind.VIRTUAL_DISK, disk.name()))
                .filter(machine -> !machine.isStopped())
                .min(Comparator.comparing(Referent::name));
    }

    private Outcome ofSnapshot(Referent snapshot, Place place) {
        ObjectKind kind = ObjectKind.VIRTUAL_DISK_SNAPSHOT;
        Dependency object = referred(image, kind, snapshot.name());
        String volumeSnapshot = snapshot.text("volumeSnapshotName");
        if (!isReady(snapshot)) {
            return notReady(kind, phaseOf(object, snapshot));
        }
        return volumeSnapshot == null
                ? notReady(kind, object + " is Ready, but its status names no VolumeSnapshot.")
                : new Workable(
                        new DataSource.Volume(kind, snapshot.name(), null, volumeSnapshot), place, snapshot.uid());
    }

    private static boolean isReady(Referent found) {
        return found.phase().equals(Phase.READY.wire());
    }

    private static String phaseOf(Dependency object, Referent found) {
        return found.phase().isEmpty()
                ? object + " is not ready: it has no phase yet."
                : "%s is not ready: its phase is %s.".formatted(object, found.phase());
    }

    private static Missing notReady(ObjectKind kind, String message) {
        return new Missing(ConditionType.DATASOURCE_READY, reason(kind), message);
    }

    // ---- looking

    private Outcome one(
            Dependency dependency,
            ConditionType condition,
            ConditionReason absent,
            ConditionReason leaving,
            Function<Referent, Outcome> then) {
        return all(dependency, condition, absent, found -> {
            if (found.isEmpty()) {
                return new Missing(condition, absent, dependency + " does not exist.");
            }
            Referent object = found.getFirst();
            return object.deleting()
                    ? new Missing(condition, leaving, dependency + " is being deleted.")
                    : then.apply(object);
        });
    }

    /** For all objects that there are; if the dependency names one, there is at most one. */
    private Outcome all(
            Dependency dependency,
            ConditionType condition,
            ConditionReason absent,
            Function<List<Referent>, Outcome> then) {
        Kind kind = dependency.kind();
        return switch (surroundings.look(dependency)) {
            case Lookup.Known(List<Referent> objects) -> then.apply(objects);
            case Lookup.Unserved(boolean lasting) -> {
                Missing missing = new Missing(
                        condition,
                        absent,
                        "%s %s: the API server doesn't serve %s.%s, its kind of resource."
                                .formatted(
                                        dependency,
                                        dependency.name() == null ? "can't be looked up" : "does not exist",
                                        kind.plural(),
                                        kind.group()));
                // That none of a kind is there is believed of no one who doesn't know the kind.
                yield lasting && dependency.name() != null ? missing : new Unclear(true, missing);
            }
            case Lookup.Unknown(String why, boolean overdue) ->
                new Unclear(
                        overdue,
                        new Missing(condition, absent, "%s can't be looked up: %s".formatted(dependency, why)));
        };
    }
}
