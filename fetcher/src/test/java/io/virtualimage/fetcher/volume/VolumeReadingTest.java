package io.virtualimage.fetcher.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.fabric8.kubernetes.api.model.ContainerStateTerminated;
import io.fabric8.kubernetes.api.model.EnvVar;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaimBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.batch.v1.Job;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.virtualimage.fetcher.volume.VolumeObjects.Snapshot;
import io.virtualimage.k8s.volume.VolumeProgram;
import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.access.AccessTokens.Door;
import io.virtualimage.stage.work.FakeContext;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.ObjectKind;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Task;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class VolumeReadingTest {
    private static final Incarnation IMAGE = new Incarnation("team-a", "vi", "uid-1", 2, 1);
    private static final DataSource.Volume DISK = new DataSource.Volume(ObjectKind.VIRTUAL_DISK, "root", "disk", null);
    private static final DataSource.Volume SNAPSHOT =
            new DataSource.Volume(ObjectKind.VIRTUAL_DISK_SNAPSHOT, "before", null, "snap");
    private static final AccessTokens TOKENS = new AccessTokens("0123456789".repeat(4));
    private static final ReadingSettings SETTINGS = new ReadingSettings(
            VolumeProgram.of("volume:1", "run it", "256Mi", "1"), URI.create("http://fetcher:8081/"), TOKENS);

    private final FakeVolumes volumes = new FakeVolumes();
    private final List<Event> announced = new ArrayList<>();
    private Clock clock = at("00:00:59");
    private final VolumeReading reading = new VolumeReading(volumes, SETTINGS, new Clock() {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            throw new UnsupportedOperationException();
        }

        @Override
        public Instant instant() {
            return clock.instant();
        }
    });

    private static Clock at(String time) {
        return Clock.fixed(Instant.parse("2026-01-01T" + time + "Z"), ZoneOffset.UTC);
    }

    private static Snapshot snapshot(boolean ready, String restoreSize, String sourceClaim, String... annotations) {
        Map<String, String> said = new HashMap<>();
        for (int i = 0; i < annotations.length; i += 2) {
            said.put(annotations[i], annotations[i + 1]);
        }
        return new Snapshot("snapshot-uid", ready, restoreSize, sourceClaim, said);
    }

    private static Task.ReadVolume task(DataSource.Volume source, int epoch) {
        return new Task.ReadVolume(new Task.Header(IMAGE, epoch, new Position(0, 7), 1), source, 1 << 20);
    }

    private TaskDeferredException look(DataSource.Volume source) {
        return catchThrowableOfType(
                TaskDeferredException.class, () -> reading.run(task(source, 0), new FakeContext(announced)));
    }

    private static PersistentVolumeClaim claim(String phase, String mode) {
        return new PersistentVolumeClaimBuilder()
                .withNewMetadata()
                .withName("disk")
                .withUid("claim-uid")
                .endMetadata()
                .withNewSpec()
                .withVolumeMode(mode)
                .withStorageClassName("fast")
                .withAccessModes("ReadWriteMany", "ReadWriteOnce")
                .withNewResources()
                .addToRequests("storage", new Quantity("10Gi"))
                .endResources()
                .endSpec()
                .withNewStatus()
                .withPhase(phase)
                .endStatus()
                .build();
    }

    private Job onlyJob() {
        assertThat(volumes.jobs).hasSize(1);
        return volumes.jobs.values().iterator().next();
    }

    private void settle(String condition) {
        volumes.jobs.replaceAll((name, job) -> job.edit()
                .withNewStatus()
                .addNewCondition()
                .withType(condition)
                .withStatus("True")
                .withMessage("as the controller says")
                .endCondition()
                .endStatus()
                .build());
    }

    private Pod pod(int exitCode, String message) {
        return new PodBuilder()
                .withNewMetadata()
                .addNewOwnerReference()
                .withUid(onlyJob().getMetadata().getUid())
                .endOwnerReference()
                .endMetadata()
                .withNewStatus()
                .addNewContainerStatus()
                .withNewState()
                .withTerminated(terminated(exitCode, message))
                .endState()
                .endContainerStatus()
                .endStatus()
                .build();
    }

    private static ContainerStateTerminated terminated(int exitCode, String message) {
        ContainerStateTerminated end = new ContainerStateTerminated();
        end.setExitCode(exitCode);
        end.setMessage(message);
        end.setReason("Error");
        end.setFinishedAt("2026-01-01T00:00:00Z");
        return end;
    }

    @Test
    void makesAJobAndComesAgainToLookAfterIt() {
        volumes.claims.put("disk", claim("Bound", "Block"));

        TaskDeferredException first = look(DISK);
        TaskDeferredException second = look(DISK);

        assertThat(List.of(first, second))
                .allSatisfy(deferred -> assertThat(deferred.deferral()).isEqualTo(Deferral.STARVED))
                .allSatisfy(deferred -> assertThat(deferred.delay()).isEqualTo(Duration.ofSeconds(15)));
        var container =
                onlyJob().getSpec().getTemplate().getSpec().getContainers().getFirst();
        assertThat(container.getVolumeDevices()).hasSize(1);
        assertThat(container.getEnv())
                .contains(new EnvVar(
                        "VOLUME_URL",
                        "http://fetcher:8081/volumes/uid-1/2.1.0/claim-uid/" + TOKENS.token(Door.READ_VOLUME, IMAGE),
                        null));
        assertThat(announced).isEmpty();
    }

    @Test
    void aClaimThatIsNotThereOrNotBoundIsTheSourcesTrouble() {
        assertThat(look(DISK).deferral()).isEqualTo(Deferral.SOURCE);
        assertThat(look(DISK).words()).isEqualTo("the PersistentVolumeClaim disk of the VirtualDisk root is not there");

        volumes.claims.put("disk", claim("Pending", null));
        assertThat(look(DISK).words())
                .isEqualTo("the PersistentVolumeClaim disk of the VirtualDisk root is not bound to a volume");
        assertThat(volumes.jobs).isEmpty();
    }

    @Test
    void whatTheProgramSaysOfTheVolumeIsTheSourcesTroubleAndTheJobIsMadeAgain() {
        volumes.claims.put("disk", claim("Bound", null));
        look(DISK);
        volumes.pods.add(pod(1, "a warning\nthe volume holds no disk.img\n"));
        settle("Failed");

        TaskDeferredException deferred = look(DISK);

        assertThat(deferred.deferral()).isEqualTo(Deferral.SOURCE);
        assertThat(deferred.words()).isEqualTo("the volume holds no disk.img");
        assertThat(volumes.jobs).isEmpty();
        assertThat(look(DISK).deferral()).isEqualTo(Deferral.STARVED);
        assertThat(onlyJob().getStatus()).isNull();
    }

    @Test
    void aServiceThatCouldNotBeReachedIsAnOutageAndTheUnforeseenADefect() {
        volumes.claims.put("disk", claim("Bound", null));
        look(DISK);
        volumes.pods.add(pod(75, "fetcher:8081 could not be reached"));
        settle("Failed");
        assertThat(look(DISK).deferral()).isEqualTo(Deferral.OUTAGE);

        look(DISK);
        volumes.pods.clear();
        volumes.pods.add(pod(137, null));
        settle("Failed");
        TaskDeferredException killed = look(DISK);
        assertThat(killed.deferral()).isEqualTo(Deferral.FAULT);
        assertThat(killed.words()).isEqualTo("the program in the Pod ended with 137 (Error)");
    }

    @Test
    void whatAPodWaitsForIsSaid() {
        volumes.claims.put("disk", claim("Bound", null));
        look(DISK);
        volumes.pods.add(pod(0, null)
                .edit()
                .editStatus()
                .editFirstContainerStatus()
                .withNewState()
                .withNewWaiting("no such image", "ErrImagePull")
                .endState()
                .endContainerStatus()
                .endStatus()
                .build());

        assertThat(look(DISK).words()).endsWith("its Pod waits: ErrImagePull: no such image");
    }

    @Test
    void aJobThatIsDoneWhileTheSourceIsNotCompleteEndsTheEpoch() throws Exception {
        volumes.claims.put("disk", claim("Bound", null));
        look(DISK);
        settle("Complete");

        reading.run(task(DISK, 0), new FakeContext(announced));

        assertThat(announced).singleElement().isInstanceOfSatisfying(StreamBroken.class, broken -> {
            assertThat(broken.cause()).isEqualTo(StreamBroken.Cause.INTERRUPTED);
            assertThat(broken.epoch()).isZero();
        });
        assertThat(volumes.jobs).isEmpty();
    }

    @Test
    void aSnapshotBecomesAClaimThatGoesWithTheJob() {
        volumes.claims.put("disk", claim("Bound", "Block"));
        volumes.snapshots.put("snap", snapshot(true, "12Gi", "disk"));

        assertThat(look(SNAPSHOT).deferral()).isEqualTo(Deferral.STARVED);

        PersistentVolumeClaim made = volumes.claims.get(onlyJob().getMetadata().getName());
        assertThat(made.getSpec().getDataSource().getName()).isEqualTo("snap");
        assertThat(made.getSpec().getStorageClassName()).isEqualTo("fast");
        assertThat(made.getSpec().getVolumeMode()).isEqualTo("Block");
        assertThat(made.getSpec().getAccessModes()).containsExactly("ReadWriteMany");
        assertThat(made.getSpec().getResources().getRequests()).containsEntry("storage", new Quantity("12Gi"));
        assertThat(made.getMetadata().getOwnerReferences())
                .singleElement()
                .satisfies(owner -> assertThat(owner.getUid())
                        .isEqualTo(onlyJob().getMetadata().getUid()));
        assertThat(onlyJob().toString()).contains("snapshot-uid");
    }

    @Test
    void aSnapshotWhoseClaimIsGoneIsRestoredAsItsAnnotationsSay() {
        volumes.snapshots.put(
                "snap",
                snapshot(
                        true,
                        null,
                        "disk",
                        "virtualization.deckhouse.io/storage-class-name",
                        "replicated",
                        "virtualization.deckhouse.io/volume-mode",
                        "Block",
                        "virtualization.deckhouse.io/access-mode",
                        "ReadWriteMany"));

        look(SNAPSHOT);

        assertThatClaimIs("replicated", "Block", "ReadWriteMany");
        assertThat(onlyJob()
                        .getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers()
                        .getFirst()
                        .getVolumeDevices())
                .hasSize(1);
    }

    @Test
    void aClaimThatGoesWhileItsSnapshotIsReadIsOfNoMatter() {
        volumes.claims.put("disk", claim("Bound", "Block"));
        volumes.snapshots.put("snap", snapshot(true, null, "disk"));
        look(SNAPSHOT);
        volumes.claims.remove("disk");

        assertThat(look(SNAPSHOT).deferral()).isEqualTo(Deferral.STARVED);
        volumes.jobs.clear();
        look(SNAPSHOT);
        assertThat(onlyJob()
                        .getSpec()
                        .getTemplate()
                        .getSpec()
                        .getContainers()
                        .getFirst()
                        .getVolumeDevices())
                .hasSize(1);
    }

    @Test
    void whatOlderPlatformsWroteIsUnderstoodToo() {
        volumes.snapshots.put(
                "snap",
                snapshot(
                        true,
                        null,
                        null,
                        "storageClass",
                        "local",
                        "volumeMode",
                        "Filesystem",
                        "accessModes",
                        "ReadWriteOnce,ReadWriteMany"));

        look(SNAPSHOT);

        assertThatClaimIs("local", "Filesystem", "ReadWriteOnce");
    }

    private void assertThatClaimIs(String storageClass, String mode, String accessMode) {
        PersistentVolumeClaim made = volumes.claims.get(onlyJob().getMetadata().getName());
        assertThat(made.getSpec().getStorageClassName()).isEqualTo(storageClass);
        assertThat(made.getSpec().getVolumeMode()).isEqualTo(mode);
        assertThat(made.getSpec().getAccessModes()).containsExactly(accessMode);
        assertThat(made.getSpec().getResources().getRequests()).containsEntry("storage", new Quantity("1Mi"));
    }

    @Test
    void aSnapshotOfWhichTooLittleIsKnownIsTheSourcesTrouble() {
        volumes.snapshots.put("snap", snapshot(true, null, "disk"));
        assertThat(look(SNAPSHOT).deferral()).isEqualTo(Deferral.SOURCE);
        assertThat(look(SNAPSHOT).words())
                .isEqualTo("the VolumeSnapshot snap of the VirtualDiskSnapshot before can't be restored: neither its"
                        + " annotations nor the claim that it was taken of tell the storage class and the volume mode");

        volumes.snapshots.put("snap", snapshot(true, null, "disk", "storageClass", "local", "volumeMode", " "));
        assertThat(look(SNAPSHOT).words()).endsWith("tell the volume mode");
        assertThat(volumes.jobs).isEmpty();
        assertThat(volumes.claims).isEmpty();
    }

    @Test
    void aJobThatCanNotHaveAPodSaysWhy() {
        volumes.claims.put("disk", claim("Bound", null));
        volumes.refusal = "Error creating: pods \"x\" is forbidden: minimum cpu usage per Container is 1";
        assertThat(look(DISK).deferral()).isEqualTo(Deferral.STARVED);
        assertThat(look(DISK).words()).endsWith("its Pod is at work, or will be");

        clock = at("00:01:01");
        TaskDeferredException deferred = look(DISK);

        assertThat(deferred.deferral()).isEqualTo(Deferral.OUTAGE);
        assertThat(deferred.words())
                .startsWith("the Job %s has no Pod"
                        .formatted(onlyJob().getMetadata().getName()))
                .endsWith("minimum cpu usage per Container is 1");
        volumes.pods.add(pod(0, null));
        assertThat(look(DISK).deferral()).isEqualTo(Deferral.STARVED);
    }

    @Test
    void aQuotaThatLeavesNoRoomForThePodIsSaid() {
        volumes.claims.put("disk", claim("Bound", null));
        look(DISK);
        clock = at("00:01:01");
        assertThat(look(DISK).deferral()).isEqualTo(Deferral.STARVED); // nothing is said

        volumes.refusal = "Error creating: pods \"x\" is forbidden: exceeded quota: small, requested: pods=1";
        TaskDeferredException deferred = look(DISK);

        assertThat(deferred.deferral()).isEqualTo(Deferral.OUTAGE);
        assertThat(deferred.reason()).isEqualTo(FailureReason.QUOTA_EXCEEDED);
        assertThat(deferred.words()).isEqualTo("exceeded quota: small, requested: pods=1");
    }

    @Test
    void aQuotaThatLeavesNoRoomForTheClaimIsSaidToo() {
        KubernetesClientException refused = new KubernetesClientException(
                "persistentvolumeclaims \"x\" is forbidden: exceeded quota: small", 403, null);

        TaskDeferredException deferred = VolumeTrouble.of(refused, task(SNAPSHOT, 0));

        assertThat(deferred.reason()).isEqualTo(FailureReason.QUOTA_EXCEEDED);
        assertThat(deferred.words()).isEqualTo("exceeded quota: small");
        assertThat(VolumeTrouble.of(new KubernetesClientException("forbidden", 403, null), task(DISK, 0))
                        .reason())
                .isEqualTo(FailureReason.INTERNAL);
    }

    @Test
    void aSnapshotThatIsNotReadyIsTheSourcesTrouble() {
        volumes.snapshots.put("snap", snapshot(false, null, null));
        assertThat(look(SNAPSHOT).words())
                .isEqualTo("the VolumeSnapshot snap of the VirtualDiskSnapshot before is not ready to use");
        assertThat(volumes.jobs).isEmpty();
    }

    @Test
    void withoutSettingsOrAnApiServerItIsAnOutage() {
        volumes.away = true;
        assertThat(look(DISK).deferral()).isEqualTo(Deferral.OUTAGE);

        VolumeReading none = new VolumeReading(volumes, null, clock);
        TaskDeferredException deferred = catchThrowableOfType(
                TaskDeferredException.class, () -> none.run(task(DISK, 0), new FakeContext(announced)));
        assertThat(deferred.deferral()).isEqualTo(Deferral.OUTAGE);
        assertThat(deferred.words()).contains("FETCHER_URL", "VOLUME_JOB_IMAGE");
    }

    @Test
    void removesWhatWasMadeForTheVersionsUpToOne() throws Exception {
        volumes.claims.put("disk", claim("Bound", "Filesystem"));
        volumes.snapshots.put("snap", snapshot(true, null, "disk"));
        look(SNAPSHOT);
        String made = onlyJob().getMetadata().getName();

        reading.remove(new Incarnation("team-a", "vi", "uid-1", 1, 5), false);
        reading.remove(new Incarnation("team-a", "vi", "uid-other", 9, 0), false);
        reading.remove(IMAGE, true);
        assertThat(volumes.jobs).containsOnlyKeys(made);

        reading.remove(new Incarnation("team-a", "vi", "uid-1", 3, 0), true);
        assertThat(volumes.jobs).isEmpty();
        assertThat(volumes.claims).containsOnlyKeys("disk");
        assertThatCode(() -> reading.remove(IMAGE, false)).doesNotThrowAnyException();
    }
}
