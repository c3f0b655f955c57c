package io.virtualimage.watcher;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.k8s.ConditionReason;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.ObjectRefKind;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Storage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.ObjectKind;
import io.virtualimage.watcher.Dependency.Kind;
import io.virtualimage.watcher.DependencyReading.Missing;
import io.virtualimage.watcher.DependencyReading.Unclear;
import io.virtualimage.watcher.DependencyReading.Workable;
import io.virtualimage.watcher.SpecReading.Place;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class DependencyReadingTest {
    private static final String READY_IMAGE = """
            phase: Ready
            observedGeneration: 1
            cdrom: true
            format: iso
            size: {storedBytes: "1000", unpackedBytes: "2048"}
            target: {registryURL: "r/x:1"}
            """;
    private static final String READY_DISK = "{phase: Ready, target: {persistentVolumeClaimName: c}}";

    private final FakeSurroundings surroundings = new FakeSurroundings();

    private DependencyReading.Outcome read(VirtualImageSpec spec) {
        WantedImage image = Samples.spec(Samples.kept(), spec);
        surroundings.follow(Samples.UID, DependencyReading.needs(image));
        return DependencyReading.of(image, surroundings);
    }

    private Missing missing(VirtualImageSpec spec) {
        return (Missing) read(spec);
    }

    private void assertMissing(VirtualImageSpec spec, ConditionReason reason, String... words) {
        assertThat(read(spec)).isInstanceOfSatisfying(Missing.class, missing -> {
            assertThat(missing.reason()).isEqualTo(reason);
            assertThat(missing.condition().reasons(false)).contains(reason);
            assertThat(missing.message()).contains(words);
        });
    }

    private static VirtualImageSpec of(ObjectRefKind kind) {
        return VirtualImageSpec.inRegistry(new Origin.ObjectRef(kind, "a"));
    }

    private static VirtualImageSpec container(@Nullable String secret) {
        return VirtualImageSpec.inRegistry(new Origin.ContainerImage(
                "example.com/a", secret == null ? null : new Origin.PullSecret(secret), null));
    }

    private static VirtualImageSpec onClaim(Origin origin, @Nullable String storageClass) {
        return new VirtualImageSpec(
                Storage.PERSISTENT_VOLUME_CLAIM,
                new VirtualImageSpec.ClaimSettings(storageClass),
                io.virtualimage.k8s.DataSource.of(origin));
    }

    private static Referent deleting(String name) {
        return new Referent(name, "u", 2, true, Map.of(), Map.of("phase", "Ready", "observedGeneration", 2));
    }

    // ---- what is needed

    static Stream<Arguments> needs() {
        Origin upload = new Origin.Upload(null);
        return Stream.of(
                Arguments.of(Samples.http(Samples.URL, null), Set.of()),
                Arguments.of(container(null), Set.of()),
                Arguments.of(container("s"), Set.of(Dependency.in("ns", Kind.SECRET, "s"))),
                Arguments.of(VirtualImageSpec.inRegistry(upload), Set.of()),
                Arguments.of(onClaim(upload, "fast"), Set.of(Dependency.ofCluster(Kind.STORAGE_CLASS, "fast"))),
                Arguments.of(onClaim(upload, null), Set.of(Dependency.ofCluster(Kind.STORAGE_CLASS, null))),
                Arguments.of(of(ObjectRefKind.VIRTUAL_IMAGE), Set.of(Dependency.in("ns", Kind.VIRTUAL_IMAGE, "a"))),
                Arguments.of(
                        of(ObjectRefKind.CLUSTER_VIRTUAL_IMAGE),
                        Set.of(Dependency.ofCluster(Kind.CLUSTER_VIRTUAL_IMAGE, "a"))),
                Arguments.of(
                        of(ObjectRefKind.VIRTUAL_DISK),
                        Set.of(
                                Dependency.in("ns", Kind.VIRTUAL_DISK, "a"),
                                Dependency.allIn("ns", Kind.VIRTUAL_MACHINE))),
                Arguments.of(
                        onClaim(new Origin.ObjectRef(ObjectRefKind.VIRTUAL_DISK_SNAPSHOT, "a"), "fast"),
                        Set.of(
                                Dependency.in("ns", Kind.VIRTUAL_DISK_SNAPSHOT, "a"),
                                Dependency.ofCluster(Kind.STORAGE_CLASS, "fast"))),
                Arguments.of(new VirtualImageSpec(null, null, null), Set.of()));
    }

    @ParameterizedTest
    @MethodSource
    void needs(VirtualImageSpec spec, Set<Dependency> expected) {
        assertThat(DependencyReading.needs(Samples.spec(Samples.kept(), spec))).isEqualTo(expected);
    }

    // ---- the same for all

    static Stream<Arguments> everything() {
        return Stream.of(
                Arguments.of(container("a"), Kind.SECRET, "ContainerRegistrySecretNotFound", "Secret ns/a"),
                Arguments.of(of(ObjectRefKind.VIRTUAL_IMAGE), Kind.VIRTUAL_IMAGE, "ImageNotReady", "VirtualImage ns/a"),
                Arguments.of(
                        of(ObjectRefKind.CLUSTER_VIRTUAL_IMAGE),
                        Kind.CLUSTER_VIRTUAL_IMAGE,
                        "ClusterImageNotReady",
                        "ClusterVirtualImage a"),
                Arguments.of(
                        of(ObjectRefKind.VIRTUAL_DISK), Kind.VIRTUAL_DISK, "VirtualDiskNotReady", "VirtualDisk ns/a"),
                Arguments.of(
                        of(ObjectRefKind.VIRTUAL_DISK_SNAPSHOT),
                        Kind.VIRTUAL_DISK_SNAPSHOT,
                        "VirtualDiskSnapshotNotReady",
                        "VirtualDiskSnapshot ns/a"),
                Arguments.of(
                        onClaim(new Origin.Upload(null), "a"),
                        Kind.STORAGE_CLASS,
                        "StorageClassNotFound",
                        "StorageClass a"));
    }

    @ParameterizedTest
    @MethodSource("everything")
    void whatDoesNotExistIsNamed(VirtualImageSpec spec, Kind kind, String reason, String object) {
        assertMissing(spec, reason(reason), object + " does not exist");
    }

    @ParameterizedTest
    @MethodSource("everything")
    void whatIsBeingDeletedIsNotThere(VirtualImageSpec spec, Kind kind, String reason, String object) {
        surroundings.with(kind, deleting("a"));
        assertThat(missing(spec).message()).contains(object + " is being deleted");
        assertThat(missing(spec).reason())
                .isEqualTo(kind == Kind.STORAGE_CLASS ? ConditionReason.STORAGE_CLASS_NOT_READY : reason(reason));
    }

    @ParameterizedTest
    @MethodSource("everything")
    void whatIsNotServedDoesNotExist(VirtualImageSpec spec, Kind kind, String reason, String object) {
        surroundings.answering(kind, new Lookup.Unserved(true));
        assertMissing(spec, reason(reason), object + " does not exist", "doesn't serve " + kind.plural());
        Missing missing = missing(spec);
        surroundings.answering(kind, new Lookup.Unserved(false));
        assertThat(read(spec)).isEqualTo(new Unclear(true, missing));
    }

    @ParameterizedTest
    @MethodSource("everything")
    void whatCannotBeLookedUpIsNeitherThereNorMissing(VirtualImageSpec spec, Kind kind, String reason, String object) {
        surroundings.answering(kind, new Lookup.Unknown("403.", true));
        assertThat(read(spec)).isInstanceOfSatisfying(Unclear.class, unclear -> {
            assertThat(unclear.overdue()).isTrue();
            assertThat(unclear.missing().reason()).isEqualTo(reason(reason));
            assertThat(unclear.missing().message()).isEqualTo(object + " can't be looked up: 403.");
        });
    }

    private static ConditionReason reason(String wire) {
        ConditionReason reason = ConditionReason.parse(wire);
        assertThat(reason).as(wire).isNotNull();
        return reason;
    }

    // ---- each

    @Test
    void aSecretIsThere() {
        surroundings.with(Kind.SECRET, "a", "");
        assertThat(read(container("a")))
                .isEqualTo(
                        new Workable(new DataSource.ContainerImage("example.com/a", "a", false), Place.REGISTRY, null));
    }

    @ParameterizedTest
    @EnumSource(names = {"VIRTUAL_IMAGE", "CLUSTER_VIRTUAL_IMAGE"})
    void anImageInTheRegistry(ObjectRefKind kind) {
        surroundings.with(Kind.valueOf(kind.name()), "a", READY_IMAGE);
        assertThat(read(of(kind)))
                .isEqualTo(new Workable(
                        new DataSource.PublishedImage(
                                ObjectKind.valueOf(kind.name()), "a", "r/x:1", ImageFormat.ISO, true, 1000, 2048),
                        Place.REGISTRY,
                        "uid-a"));
    }

    @Test
    void anImageInTheRegistryForAClaimIsReadAsOneOfContainers() {
        surroundings.with(Kind.VIRTUAL_IMAGE, "a", READY_IMAGE).with(Kind.STORAGE_CLASS, "fast", "");
        assertThat(read(onClaim(new Origin.ObjectRef(ObjectRefKind.VIRTUAL_IMAGE, "a"), "fast")))
                .isEqualTo(new Workable(
                        new DataSource.ContainerImage("r/x:1", null, false),
                        new Place(io.virtualimage.topics.Storage.PERSISTENT_VOLUME_CLAIM, "fast"),
                        "uid-a"));
    }

    @Test
    void anImageOnAClaimIsAVolume() {
        surroundings.with(
                Kind.VIRTUAL_IMAGE,
                "a",
                "{phase: Ready, observedGeneration: 1, target: {persistentVolumeClaimName: c}}");
        assertThat(read(of(ObjectRefKind.VIRTUAL_IMAGE)))
                .isEqualTo(new Workable(
                        new DataSource.Volume(ObjectKind.VIRTUAL_IMAGE, "a", "c", null), Place.REGISTRY, "uid-a"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            {phase: Provisioning, observedGeneration: 1}                               | its phase is Provisioning
            {phase: ImageLost, observedGeneration: 1, target: {registryURL: r}}        | its phase is ImageLost
            {}                                                                         | it has no phase yet
            {phase: Ready, observedGeneration: 0, target: {registryURL: r}}            | speaks of an older version
            {phase: Ready, target: {registryURL: r}}                                   | no format that is known
            {phase: Ready, observedGeneration: 1}                                      | doesn't say where it is
            {phase: Ready, observedGeneration: 1, target: {registryURL: r}}            | no format that is known
            {phase: Ready, observedGeneration: 1, target: {registryURL: r}, format: a} | no format that is known
            {phase: Ready, observedGeneration: 1, target: {registryURL: r}, format: iso, size: {storedBytes: x}} | no sizes
            """)
    void anImageThatIsNotReady(String status, String words) {
        surroundings.with(Kind.VIRTUAL_IMAGE, "a", status).with(Kind.CLUSTER_VIRTUAL_IMAGE, "a", status);
        assertMissing(of(ObjectRefKind.VIRTUAL_IMAGE), ConditionReason.IMAGE_NOT_READY, "VirtualImage ns/a", words);
        assertMissing(
                of(ObjectRefKind.CLUSTER_VIRTUAL_IMAGE),
                ConditionReason.CLUSTER_IMAGE_NOT_READY,
                "ClusterVirtualImage a",
                words);
    }

    @Test
    void anImageOfItself() {
        VirtualImageSpec itself = VirtualImageSpec.inRegistry(
                new Origin.ObjectRef(ObjectRefKind.VIRTUAL_IMAGE, Samples.kept().name()));
        assertMissing(itself, ConditionReason.IMAGE_NOT_READY, "VirtualImage ns/disk refers to itself");
        surroundings.with(Kind.CLUSTER_VIRTUAL_IMAGE, Samples.kept().name(), READY_IMAGE);
        assertThat(read(VirtualImageSpec.inRegistry(new Origin.ObjectRef(
                        ObjectRefKind.CLUSTER_VIRTUAL_IMAGE, Samples.kept().name()))))
                .isInstanceOf(Workable.class);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
            {phase: Ready, volumeSnapshotName: s}    | -
            {phase: InProgress}                      | its phase is InProgress
            {phase: Ready}                           | names no VolumeSnapshot
            """)
    void aSnapshot(String status, @Nullable String words) {
        surroundings.with(Kind.VIRTUAL_DISK_SNAPSHOT, "a", status);
        if (words == null) {
            assertThat(read(of(ObjectRefKind.VIRTUAL_DISK_SNAPSHOT)))
                    .isEqualTo(new Workable(
                            new DataSource.Volume(ObjectKind.VIRTUAL_DISK_SNAPSHOT, "a", null, "s"),
                            Place.REGISTRY,
                            "uid-a"));
        } else {
            assertMissing(
                    of(ObjectRefKind.VIRTUAL_DISK_SNAPSHOT),
                    ConditionReason.VIRTUAL_DISK_SNAPSHOT_NOT_READY,
                    "VirtualDiskSnapshot ns/a",
                    words);
        }
    }

    @Nested
    class Disk {
        private final Workable workable =
                new Workable(new DataSource.Volume(ObjectKind.VIRTUAL_DISK, "a", "c", null), Place.REGISTRY, "uid-a");

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                {phase: Resizing, target: {persistentVolumeClaimName: c}} | its phase is Resizing
                {phase: Ready}                                            | doesn't say where it is
                {phase: Ready, target: {persistentVolumeClaimName: ''}}   | doesn't say where it is
                """)
        void isNotReady(String status, String words) {
            surroundings.with(Kind.VIRTUAL_DISK, "a", status);
            assertMissing(
                    of(ObjectRefKind.VIRTUAL_DISK), ConditionReason.VIRTUAL_DISK_NOT_READY, "VirtualDisk ns/a", words);
        }

        @Test
        void isAttachedToNothing() {
            surroundings.with(Kind.VIRTUAL_DISK, "a", READY_DISK).with(Kind.VIRTUAL_MACHINE, "vm", """
                            phase: Running
                            blockDeviceRefs: [{kind: VirtualDisk, name: b}, {kind: VirtualImage, name: a}]
                            """);
            assertThat(read(of(ObjectRefKind.VIRTUAL_DISK))).isEqualTo(workable);
        }

        @Test
        void isListedWithMachinesThatAreGoneOrStopped() {
            surroundings
                    .with(
                            Kind.VIRTUAL_DISK,
                            "a",
                            "{phase: Ready, target: {persistentVolumeClaimName: c}, attachedToVirtualMachines: [{name: gone}, {name: off}]}")
                    .with(Kind.VIRTUAL_MACHINE, "off", "phase: Stopped");
            assertThat(read(of(ObjectRefKind.VIRTUAL_DISK))).isEqualTo(workable);
        }

        @Test
        void isNotTakenForFreeWhileMachinesAreUnknown() {
            surroundings
                    .with(Kind.VIRTUAL_DISK, "a", READY_DISK)
                    .answering(Kind.VIRTUAL_MACHINE, new Lookup.Unknown("403.", false));
            assertThat(read(of(ObjectRefKind.VIRTUAL_DISK))).isInstanceOf(Unclear.class);
            surroundings.answering(Kind.VIRTUAL_MACHINE, new Lookup.Unserved(true));
            assertThat(read(of(ObjectRefKind.VIRTUAL_DISK)))
                    .isInstanceOfSatisfying(
                            Unclear.class,
                            unclear -> assertThat(unclear.missing().message())
                                    .contains("Any VirtualMachine in ns can't be looked up", "doesn't serve"));
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', textBlock = """
                [{name: vm}] | {phase: Running}                                                      | is Running
                []           | {phase: Stopping, blockDeviceRefs: [{kind: VirtualDisk, name: a}]}    | is Stopping
                [{name: vm}] | {}                                                                    | is of no phase yet
                [{name: vm}, {name: off}] | {phase: Terminating}                                     | is Terminating
                """)
        void isAttachedToAMachineThatRuns(String listed, String machine, String words) {
            surroundings
                    .with(
                            Kind.VIRTUAL_DISK,
                            "a",
                            "{phase: Ready, target: {persistentVolumeClaimName: c}, attachedToVirtualMachines: %s}"
                                    .formatted(listed))
                    .with(Kind.VIRTUAL_MACHINE, "off", "phase: Stopped")
                    .with(Kind.VIRTUAL_MACHINE, "vm", machine);
            assertMissing(
                    of(ObjectRefKind.VIRTUAL_DISK),
                    ConditionReason.VIRTUAL_DISK_ATTACHED_TO_VIRTUAL_MACHINE,
                    "VirtualDisk ns/a",
                    "VirtualMachine vm, which " + words);
        }
    }

    @Nested
    class StorageClass {
        private static final String DEFAULT = "storageclass.kubernetes.io/is-default-class";
        private final VirtualImageSpec unnamed = onClaim(new Origin.Upload(null), null);

        private void add(String name, boolean deleting, Map<String, String> annotations) {
            surroundings.with(Kind.STORAGE_CLASS, new Referent(name, "u", 1, deleting, annotations, Map.of()));
        }

        @Test
        void isThere() {
            add("fast", false, Map.of());
            assertThat(read(onClaim(new Origin.Upload(null), "fast"))).isInstanceOf(Workable.class);
        }

        @Test
        void isTheClustersDefault() {
            add("slow", false, Map.of());
            add("fast", false, Map.of(DEFAULT, "true"));
            assertThat(read(unnamed))
                    .isInstanceOfSatisfying(
                            Workable.class,
                            workable ->
                                    assertThat(workable.place().storageClass()).isEqualTo("fast"));
        }

        @Test
        void isForTheApiServerToChooseIfSeveralAreTheDefault() {
            add("faster", false, Map.of(DEFAULT, "true"));
            add("fast", false, Map.of(DEFAULT, "true"));
            assertThat(read(unnamed))
                    .isInstanceOfSatisfying(
                            Workable.class,
                            workable ->
                                    assertThat(workable.place().storageClass()).isNull());
        }

        @Test
        void isNoneTheClusterTakesByDefault() {
            add("slow", false, Map.of());
            add("fast", false, Map.of(DEFAULT, "false"));
            add("old", true, Map.of(DEFAULT, "true"));
            assertMissing(unnamed, ConditionReason.STORAGE_CLASS_NOT_FOUND, "no default one", DEFAULT);
        }

        @Test
        void isLookedForWhenTheSourceIsThere() {
            assertThat(missing(onClaim(new Origin.ObjectRef(ObjectRefKind.VIRTUAL_IMAGE, "a"), "fast"))
                            .condition())
                    .isEqualTo(ConditionType.DATASOURCE_READY);
        }
    }
}
