package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.ObjectRefKind;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.sandbox.Service;
import io.virtualimage.sandbox.ServiceProcess;
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

    /** Segments whose bytes get through before something happens. */
    private static final int THROUGH = 8;

    /** Of a disk that something happens to in the middle. */
    private static final int SEGMENTS = 32;

    private final World world;
    private final Disks disks;

    VolumeImageIT(World world) {
        this.world = world;
        this.disks = new Disks(world);
    }

    @AfterEach
    void close() {
        world.sandbox().uploadGate().open();
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

    /**
     * Lets a Pod send so much and no more, until the gate is opened: however it spreads the bytes over what it sends at
     * once, so many segments less those are whole.
     *
     * @return the image's UID, when some of its segments were announced
     */
    private String readToTheMiddle(String name, ObjectRefKind kind) {
        world.sandbox().uploadGate().shutAfter(THROUGH * SEGMENT_MIB * MIB);
        String uid = apply(name, kind).getMetadata().getUid();
        Awaitility.await()
                .atMost(WITHIN)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> announced(uid).size() >= THROUGH - IN_FLIGHT);
        return uid;
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
        Path raw = disks.claim("vol-kill", "512Mi", "Filesystem").resolve("disk.img");
        SampleImages.writeRaw(raw, SEGMENTS * SEGMENT_MIB * MIB, SEGMENTS * SEGMENT_MIB * MIB, 5);
        disks.disk("vol-kill", "vol-kill");

        String uid = readToTheMiddle("vol-kill", ObjectRefKind.VIRTUAL_DISK);
        List<ProcessHandle> readers = readers();
        assertThat(readers).isNotEmpty();
        readers.forEach(ProcessHandle::destroyForcibly);
        Map<Integer, Long> atKill = announced(uid);
        assertThat(atKill).hasSizeLessThanOrEqualTo(THROUGH);
        world.sandbox().uploadGate().open();

        assertThatItHolds(ready("vol-kill"), raw);
        Map<Integer, Long> all = announced(uid);
        long again = all.values().stream().mapToLong(times -> times - 1).sum();
        System.out.println("[volumes] killed after %d of %d segments: %d were sent again"
                .formatted(atKill.size(), SEGMENTS, again));
        assertThat(all).hasSize(SEGMENTS);
        assertThat(again).isLessThanOrEqualTo(IN_FLIGHT);
    }

    @Test
    void fetchersThatAreKilledMeanwhileCostNothing() throws Exception {
        Path raw = disks.claim("vol-fetchers", "512Mi", "Filesystem").resolve("disk.img");
        SampleImages.writeRaw(raw, SEGMENTS * SEGMENT_MIB * MIB, SEGMENTS * SEGMENT_MIB * MIB, 7);
        disks.disk("vol-fetchers", "vol-fetchers");

        String uid = readToTheMiddle("vol-fetchers", ObjectRefKind.VIRTUAL_DISK);
        List<ServiceProcess> killed =
                world.sandbox().processesOf(Service.FETCHER).subList(0, 2);
        try {
            killed.forEach(ServiceProcess::kill);
            assertThat(announced(uid)).hasSizeLessThanOrEqualTo(THROUGH);
            world.sandbox().uploadGate().open();
            assertThatItHolds(ready("vol-fetchers"), raw);
        } finally {
            killed.forEach(ServiceProcess::restart);
            killed.forEach(ServiceProcess::awaitReady);
        }
        long again =
                announced(uid).values().stream().mapToLong(times -> times - 1).sum();
        System.out.println("[volumes] two of three fetchers killed: %d segments were sent again".formatted(again));
        assertThat(again).isLessThanOrEqualTo(IN_FLIGHT);
    }

    @Test
    void anImageThatIsDeletedInTheMiddleLeavesNothing() throws Exception {
        Path raw = disks.claim("vol-delete", "512Mi", "Filesystem").resolve("disk.img");
        SampleImages.writeRaw(raw, SEGMENTS * SEGMENT_MIB * MIB, SEGMENTS * SEGMENT_MIB * MIB, 6);
        disks.snapshot("vol-delete", "vol-delete");

        String uid = readToTheMiddle("vol-delete", ObjectRefKind.VIRTUAL_DISK_SNAPSHOT);
        assertThat(disks.madeFor(uid)).hasSize(3);

        world.images().delete("vol-delete");

        world.images().awaitGone("vol-delete", WITHIN);
        Awaitility.await()
                .atMost(WITHIN)
                .untilAsserted(() -> assertThat(disks.madeFor(uid)).isEmpty());
        assertThat(announced(uid)).hasSizeLessThanOrEqualTo(THROUGH);
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
