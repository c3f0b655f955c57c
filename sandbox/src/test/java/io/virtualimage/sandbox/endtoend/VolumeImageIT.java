package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.ObjectRefKind;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Images from disks on claims: read by a Job's Pod, which is a process of this machine here. */
@ExtendWith(EndToEnd.class)
class VolumeImageIT {
    private static final long MIB = 1 << 20;
    private static final Duration WITHIN = Duration.ofMinutes(3);
    private static final int SEGMENT_MIB = 16;

    /** Segments that a Pod sends at once. */
    private static final int IN_FLIGHT = 4;

    private final World world;
    private final Disks disks;

    VolumeImageIT(World world) {
        this.world = world;
        this.disks = new Disks(world);
    }

    @AfterEach
    void close() {
        disks.close();
    }

    private VirtualImage apply(String name, ObjectRefKind kind) {
        return world.images().apply(name, new Origin.ObjectRef(kind, name));
    }

    private VirtualImage ready(String name) {
        return world.images().await(name, Phase.READY, WITHIN);
    }

    private void assertThatItHolds(VirtualImage image, Path raw) throws Exception {
        VirtualImageStatus status = Objects.requireNonNull(image.getStatus());
        assertThat(status.format()).isEqualTo("raw");
        assertThat(status.size().storedBytes()).isEqualTo(Long.toString(Files.size(raw)));
        assertThat(status.size().unpackedBytes()).isEqualTo(Long.toString(Files.size(raw)));
        Path disk = Programs.diskOf(status.target().registryURL(), world.directory());
        Programs.run(
                world.directory(), "qemu-img", "compare", "-f", "raw", "-F", "qcow2", raw.toString(), disk.toString());
    }

    /** How often each segment of an image was announced, by its index, as kcat reads it. */
    private Map<Integer, Long> announced(String uid) throws IOException, InterruptedException {
        return Programs.records(world.sandbox().value("KAFKA_BOOTSTRAP"), "virtualimage.fetched", world.directory())
                .stream()
                .map(line -> JsonMapper.shared().readTree(line))
                .filter(event -> event.get("type").asString().endsWith("SegmentFetched")
                        && event.get("data").get("image").get("uid").asString().equals(uid))
                .map(JsonNode.class::cast)
                .collect(Collectors.groupingBy(
                        event -> event.get("data").get("index").asInt(), Collectors.counting()));
    }

    private static List<ProcessHandle> readers() {
        return ProcessHandle.current()
                .descendants()
                .filter(process -> process.info().commandLine().orElse("").contains("VolumeMain read"))
                .toList();
    }

    @Test
    void aDiskInAFileSystemBecomesAnImage() throws Exception {
        Path raw = disks.claim("vol-file", "64Mi", "Filesystem").resolve("disk.img");
        SampleImages.writeRaw(raw, 60 * MIB, 20 * MIB, 1);
        disks.disk("vol-file", "vol-file");

        String uid = apply("vol-file", ObjectRefKind.VIRTUAL_DISK).getMetadata().getUid();

        assertThatItHolds(ready("vol-file"), raw);
        assertThat(announced(uid)).containsOnlyKeys(0, 1, 2, 3).containsValues(1L);
        Awaitility.await()
                .atMost(WITHIN)
                .untilAsserted(() -> assertThat(disks.madeFor(uid)).isEmpty());
    }

    @Test
    void aDiskOnABlockDeviceBecomesAnImage() throws Exception {
        Path device = disks.claim("vol-block", "40Mi", "Block");
        SampleImages.writeRaw(device, 40 * MIB, 10 * MIB, 2);
        disks.disk("vol-block", "vol-block");

        apply("vol-block", ObjectRefKind.VIRTUAL_DISK);

        assertThatItHolds(ready("vol-block"), device);
    }

    @Test
    void aSnapshotBecomesAnImageOfWhatTheDiskWas() throws Exception {
        Path raw = disks.claim("vol-snap", "64Mi", "Filesystem").resolve("disk.img");
        SampleImages.writeRaw(raw, 50 * MIB, 20 * MIB, 3);
        Path before = Files.copy(raw, world.directory().resolve("vol-snap-before.img"));
        disks.snapshot("vol-snap", "vol-snap");
        SampleImages.writeRaw(raw, 50 * MIB, 20 * MIB, 4);

        String uid = apply("vol-snap", ObjectRefKind.VIRTUAL_DISK_SNAPSHOT)
                .getMetadata()
                .getUid();

        assertThatItHolds(ready("vol-snap"), before);
        Awaitility.await()
                .atMost(WITHIN)
                .untilAsserted(() -> assertThat(disks.madeFor(uid)).isEmpty());
    }

    @Test
    void aPodThatIsKilledIsFollowedByOneThatSendsTheRest() throws Exception {
        long segments = 64;
        Path raw = disks.claim("vol-kill", "1Gi", "Filesystem").resolve("disk.img");
        SampleImages.writeRaw(raw, segments * SEGMENT_MIB * MIB, segments * SEGMENT_MIB * MIB, 5);
        disks.disk("vol-kill", "vol-kill");
        String uid = apply("vol-kill", ObjectRefKind.VIRTUAL_DISK).getMetadata().getUid();

        Awaitility.await()
                .atMost(WITHIN)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> announced(uid).size() >= 4);
        readers().forEach(ProcessHandle::destroyForcibly);
        Map<Integer, Long> atKill = announced(uid);
        assertThat(atKill).hasSizeLessThan((int) segments);

        assertThatItHolds(ready("vol-kill"), raw);
        Map<Integer, Long> all = announced(uid);
        long again = all.values().stream().mapToLong(times -> times - 1).sum();
        System.out.println("[volumes] killed after %d of %d segments: %d were sent again"
                .formatted(atKill.size(), segments, again));
        assertThat(all).hasSize((int) segments);
        assertThat(again).isLessThanOrEqualTo(IN_FLIGHT);
    }

    @Test
    void anImageThatIsDeletedInTheMiddleLeavesNothing() throws Exception {
        Path raw = disks.claim("vol-delete", "1Gi", "Filesystem").resolve("disk.img");
        SampleImages.writeRaw(raw, 1024 * MIB, 1024 * MIB, 6);
        disks.snapshot("vol-delete", "vol-delete");
        String uid = apply("vol-delete", ObjectRefKind.VIRTUAL_DISK_SNAPSHOT)
                .getMetadata()
                .getUid();
        Awaitility.await().atMost(WITHIN).until(() -> !announced(uid).isEmpty());
        assertThat(disks.madeFor(uid)).hasSize(3);

        world.images().delete("vol-delete");

        world.images().awaitGone("vol-delete", WITHIN);
        Awaitility.await()
                .atMost(WITHIN)
                .untilAsserted(() -> assertThat(disks.madeFor(uid)).isEmpty());
        assertThat(announced(uid)).hasSizeLessThan(64);
    }

    @Test
    void whatThePodSaysIsWhatTheUserReads() {
        disks.claim("vol-none", "1Mi", "Filesystem");
        disks.disk("vol-none", "vol-none");

        apply("vol-none", ObjectRefKind.VIRTUAL_DISK);

        VirtualImage failed = world.images().await("vol-none", Phase.FAILED, WITHIN);
        assertThat(Objects.requireNonNull(failed.getStatus())
                        .condition(ConditionType.READY)
                        .orElseThrow()
                        .getMessage())
                .contains("the volume holds no disk.img");
    }
}
