package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PersistentVolumeClaim;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.ResourceQuota;
import io.fabric8.kubernetes.api.model.ResourceQuotaBuilder;
import io.fabric8.kubernetes.api.model.storage.StorageClassBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.DataSource;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.Storage;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.sandbox.Images;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import io.virtualimage.sandbox.nodes.LocalStorage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Images on claims hold what QEMU makes of the same file, with holes, whoever is killed meanwhile; and they go. */
@ExtendWith(EndToEnd.class)
class ClaimIT {
    private static final long MIB = 1 << 20;
    private static final Duration WITHIN = Duration.ofMinutes(4);
    private static final String NAMESPACE = "default";

    private final World world;
    private final KubernetesClient client;

    ClaimIT(World world) {
        this.world = world;
        this.client = new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(world.sandbox().kubeconfig().toFile()))
                .build();
    }

    @AfterEach
    void close() {
        client.close();
    }

    private void apply(String name, Storage storage, Path file) {
        String url = world.source().uri(file.getFileName().toString()).toString();
        world.images()
                .apply(name, new VirtualImageSpec(storage, null, DataSource.of(new Origin.Http(url, null, null))));
    }

    /** A file to be served, what QEMU calls its format, and whether it is a disc. */
    private record Case(String name, Path file, String format, boolean cdrom) {}

    @Test
    void aClaimHoldsWhatQemuMakesOfTheImage() throws Exception {
        List<Case> cases = new ArrayList<>();
        Path raw = world.files().resolve("claim-raw.img");
        SampleImages.writeRaw(raw, 150 * MIB + 3 * 512, 40 * MIB, 31);
        cases.add(new Case("claim-raw", raw, "raw", false));
        for (String format : List.of("qcow2", "vmdk", "vhdx")) {
            Path file = world.files().resolve("claim." + format);
            run("qemu-img", "convert", "-f", "raw", "-O", format, raw.toString(), file.toString());
            cases.add(new Case("claim-" + format, file, format, false));
        }
        Path packed = world.files().resolve("claim-packed.qcow2");
        run("qemu-img", "convert", "-c", "-f", "raw", "-O", "qcow2", raw.toString(), packed.toString());
        cases.add(new Case("claim-packed", packed, "qcow2", false));
        Path iso = world.files().resolve("claim.iso");
        SampleImages.writeIso(iso, 9 * MIB, 32, "CLAIM");
        cases.add(new Case("claim-iso", iso, "raw", true));
        Path gzip = world.files().resolve("claim-wrapped.gz");
        run("sh", "-c", "gzip -1 < '%s' > '%s'".formatted(raw, gzip));
        for (Case each : cases) {
            apply(each.name(), Storage.KUBERNETES, each.file());
        }
        apply("claim-wrapped", Storage.PERSISTENT_VOLUME_CLAIM, gzip);
        for (Case each : cases) {
            VirtualImageStatus status = ready(each.name());
            assertThat(status.cdrom()).as(each.name()).isEqualTo(each.cdrom());
            assertHolds(each.name(), disk(status), each.file(), each.format());
        }
        assertHolds("claim-wrapped", disk(ready("claim-wrapped")), raw, "raw");
        System.out.println("[claims] equal to what qemu-img makes of them: "
                + cases.stream().map(Case::name).toList());
    }

    private VirtualImageStatus ready(String name) {
        VirtualImage image = world.images().await(name, Phase.READY, WITHIN);
        VirtualImageStatus status = Objects.requireNonNull(image.getStatus());
        assertThat(status.progress()).isEqualTo("100%");
        assertThat(status.target().registryURL()).isNull();
        assertThat(status.target().persistentVolumeClaimName())
                .isEqualTo("d8v-vi-" + name + "-" + image.getMetadata().getUid());
        assertThat(status.condition(ConditionType.STORAGE_CLASS_READY)
                        .orElseThrow()
                        .getStatus())
                .isEqualTo("True");
        return status;
    }

    private void assertHolds(String name, Path disk, Path image, String format) throws Exception {
        Path expected = Files.createTempFile(world.directory(), "expected-", ".raw");
        run("qemu-img", "convert", "-f", format, "-O", "raw", image.toString(), expected.toString());
        assertThat(Files.mismatch(disk, expected)).as(name).isEqualTo(-1);
        long holds = allocated(disk);
        long needed = allocated(expected);
        assertThat(holds).as("%s: bytes allocated", name).isLessThanOrEqualTo(needed + needed / 20 + 64 * 1024);
        Files.delete(expected);
    }

    private long allocated(Path file) throws Exception {
        return Long.parseLong(run("du", "-B1", file.toString()).split("\\s+", -1)[0]);
    }

    private PersistentVolumeClaim claim(String name) {
        return Objects.requireNonNull(client.persistentVolumeClaims()
                .inNamespace(NAMESPACE)
                .withName(name)
                .get());
    }

    private Path disk(VirtualImageStatus status) {
        PersistentVolumeClaim claim = claim(status.target().persistentVolumeClaimName());
        long bytes = Long.parseLong(status.size().unpackedBytes());
        assertThat(claim.getSpec().getResources().getRequests().get("storage").getNumericalAmount())
                .isEqualByComparingTo(String.valueOf(Math.ceilDiv(bytes, MIB) * MIB));
        return volume(claim).resolve("disk.img");
    }

    private Path volume(PersistentVolumeClaim claim) {
        return Path.of(client.persistentVolumes()
                .withName(claim.getSpec().getVolumeName())
                .get()
                .getSpec()
                .getLocal()
                .getPath());
    }

    @Test
    void aKilledPodIsFollowedByOneThatGoesOn() throws Exception {
        String name = "claim-killed";
        Path raw = world.files().resolve(name + ".img");
        SampleImages.writeRaw(raw, 1200 * MIB, 900 * MIB, 33);
        apply(name, Storage.PERSISTENT_VOLUME_CLAIM, raw);
        String uid = world.images().find(name).orElseThrow().getMetadata().getUid();

        ProcessHandle pod = await().atMost(WITHIN)
                .pollInterval(Duration.ofMillis(20))
                .until(() -> doneBytes(uid).isEmpty() ? Optional.<ProcessHandle>empty() : writer(), Optional::isPresent)
                .orElseThrow();
        assertThat(pod.destroyForcibly()).isTrue();
        List<Long> before = doneBytes(uid);

        VirtualImageStatus status = ready(name);
        assertHolds(name, disk(status), raw, "raw");
        List<Pod> pods = client.pods()
                .inNamespace(NAMESPACE)
                .withLabel(WellKnown.UID_LABEL, uid)
                .list()
                .getItems();
        assertThat(pods).hasSize(2);
        List<Long> done = doneBytes(uid);
        assertThat(done).isSorted().hasSizeGreaterThan(before.size());
        System.out.printf(
                "[figures] ClaimIT: a Pod was killed when %d of %d MiB were done; none of them was written again%n",
                before.getLast() / MIB, 1200);
    }

    /** What the Pods said that was done, one after another. */
    private List<Long> doneBytes(String uid) throws Exception {
        return Programs.records(world.sandbox().value("KAFKA_BOOTSTRAP"), "virtualimage.progress", world.directory())
                .stream()
                .map(line -> JsonMapper.shared().readTree(line))
                .filter(event -> event.get("type").asString().endsWith(".StageProgressed"))
                .map(event -> event.get("data"))
                .filter(data -> data.get("image").get("uid").asString().equals(uid))
                .map((JsonNode data) -> data.get("doneBytes").asLong())
                .toList();
    }

    private static Optional<ProcessHandle> writer() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info().commandLine().orElse("").endsWith("VolumeMain fill"))
                .findFirst();
    }

    @Test
    void whatIsDeletedTakesClaimAndJobAlong() throws Exception {
        String name = "claim-deleted";
        Path raw = world.files().resolve(name + ".img");
        SampleImages.writeRaw(raw, 20 * MIB, 4 * MIB, 34);
        apply(name, Storage.PERSISTENT_VOLUME_CLAIM, raw);
        VirtualImageStatus status = ready(name);
        PersistentVolumeClaim claim = claim(status.target().persistentVolumeClaimName());
        Path volume = volume(claim);
        assertThat(claim.getMetadata().getOwnerReferences()).isEmpty();

        world.images().delete(name);

        world.images().awaitGone(name, WITHIN);
        Map<String, String> labels =
                Map.of(WellKnown.UID_LABEL, claim.getMetadata().getLabels().get(WellKnown.UID_LABEL));
        await().atMost(WITHIN).untilAsserted(() -> {
            assertThat(client.persistentVolumeClaims()
                            .inNamespace(NAMESPACE)
                            .withLabels(labels)
                            .list()
                            .getItems())
                    .isEmpty();
            assertThat(client.batch()
                            .v1()
                            .jobs()
                            .inNamespace(NAMESPACE)
                            .withLabels(labels)
                            .list()
                            .getItems())
                    .isEmpty();
            assertThat(volume).doesNotExist();
        });
    }

    @Test
    void aClassOfDevicesGetsADevice() throws Exception {
        client.resource(new StorageClassBuilder()
                        .withNewMetadata()
                        .withName("claim-devices")
                        .addToAnnotations("virtualdisk.virtualization.deckhouse.io/volume-mode", "Block")
                        .addToAnnotations("virtualdisk.virtualization.deckhouse.io/access-mode", "ReadWriteMany")
                        .endMetadata()
                        .withProvisioner(LocalStorage.PROVISIONER)
                        .withReclaimPolicy("Delete")
                        .withVolumeBindingMode("WaitForFirstConsumer")
                        .build())
                .serverSideApply();
        Path raw = world.files().resolve("claim-device.img");
        SampleImages.writeRaw(raw, 30 * MIB + 512, 7 * MIB, 36);
        String url = world.source().uri(raw.getFileName().toString()).toString();
        world.images()
                .apply(
                        "claim-device",
                        new VirtualImageSpec(
                                Storage.PERSISTENT_VOLUME_CLAIM,
                                new VirtualImageSpec.ClaimSettings("claim-devices"),
                                DataSource.of(new Origin.Http(url, null, null))));

        VirtualImageStatus status = ready("claim-device");

        assertThat(status.storageClassName()).isEqualTo("claim-devices");
        PersistentVolumeClaim claim = claim(status.target().persistentVolumeClaimName());
        assertThat(claim.getSpec().getVolumeMode()).isEqualTo("Block");
        assertThat(claim.getSpec().getAccessModes()).containsExactly("ReadWriteMany");
        Path device = volume(claim);
        assertThat(Files.size(device)).isEqualTo(31 * MIB);
        run("cmp", "-n", Long.toString(30 * MIB + 512), raw.toString(), device.toString());
    }

    /** Of claims, which the publisher makes itself, and of Pods, which are made by the Job's controller or not at all. */
    @ParameterizedTest
    @ValueSource(strings = {"persistentvolumeclaims", "pods"})
    void anImageOverQuotaWaitsUntilThereIsRoom(String limited) throws Exception {
        String namespace = "quota-of-" + limited;
        Path raw = world.files().resolve(namespace + ".img");
        SampleImages.writeRaw(raw, 20 * MIB, 4 * MIB, 35);
        client.resource(new NamespaceBuilder()
                        .withNewMetadata()
                        .withName(namespace)
                        .endMetadata()
                        .build())
                .serverSideApply();
        ResourceQuota quota = client.resource(new ResourceQuotaBuilder()
                        .withNewMetadata()
                        .withNamespace(namespace)
                        .withName("nothing")
                        .endMetadata()
                        .withNewSpec()
                        .addToHard(limited, new Quantity("0"))
                        .endSpec()
                        .build())
                .serverSideApply();
        await().atMost(WITHIN)
                .until(() -> !client.resource(quota).get().getStatus().getHard().isEmpty());
        try (Images images = new Images(world.sandbox().kubeconfig(), namespace)) {
            String url = world.source().uri(raw.getFileName().toString()).toString();
            images.apply(
                    "waiting",
                    new VirtualImageSpec(
                            Storage.PERSISTENT_VOLUME_CLAIM, null, DataSource.of(new Origin.Http(url, null, null))));
            VirtualImage waiting = images.await(
                    "waiting",
                    "the reason QuotaExceeded",
                    WITHIN,
                    image -> image.getStatus() != null
                            && image.getStatus()
                                    .condition(ConditionType.READY)
                                    .filter(ready -> "QuotaExceeded".equals(ready.getReason()))
                                    .isPresent());
            assertThat(waiting.phase()).isEqualTo(Phase.PENDING);
            client.resource(quota).delete();
            VirtualImage ready = images.await("waiting", Phase.READY, WITHIN);
            assertThat(ready.getStatus().target().persistentVolumeClaimName()).startsWith("d8v-vi-waiting-");
        }
    }

    private String run(String... command) throws Exception {
        return Programs.run(world.directory(), command);
    }
}
