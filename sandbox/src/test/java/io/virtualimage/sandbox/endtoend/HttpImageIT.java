package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.Checksum;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.sandbox.components.Nginx;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Topic;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The user documentation's image from an HTTP server, and its relatives. */
@ExtendWith(EndToEnd.class)
class HttpImageIT {
    private static final long MIB = 1 << 20;
    private static final Duration READY_WITHIN = Duration.ofMinutes(3);

    private final World world;

    HttpImageIT(World world) {
        this.world = world;
    }

    @Test
    void theDocumentedImageIsShownOnItsWayAndArrivesByteForByte() throws Exception {
        Path source = world.files().resolve("ubuntu-22.04-minimal-cloudimg-amd64.img");
        SampleImages.writeQcow2(source, 2048 * MIB, 500 * MIB, 22);
        Path manifest = Files.writeString(world.directory().resolve("ubuntu.yaml"), """
                apiVersion: virtualization.deckhouse.io/v1alpha2
                kind: VirtualImage
                metadata:
                  name: ubuntu-22.04
                spec:
                  storage: ContainerRegistry
                  dataSource:
                    type: HTTP
                    http:
                      url: "%s"
                """.formatted(
                        world.source().uri(source.getFileName().toString())));
        Path listing = world.directory().resolve("watch.out");
        Process watch = new ProcessBuilder(kubectl("get", "vi", "-w", "--field-selector", "metadata.name=ubuntu-22.04"))
                .redirectOutput(listing.toFile())
                .redirectError(world.directory().resolve("watch.log").toFile())
                .start();
        try {
            Programs.run(world.directory(), kubectl("apply", "-f", manifest.toString()));
            world.images().await("ubuntu-22.04", Phase.READY, READY_WITHIN);
            org.awaitility.Awaitility.await()
                    .atMost(Duration.ofSeconds(10))
                    .until(() -> Files.readString(listing).contains(" Ready "));
        } finally {
            watch.destroy();
        }
        assertThatItWentForward(Files.readAllLines(listing));

        VirtualImageStatus status = status("ubuntu-22.04");
        assertThat(status.format()).isEqualTo("qcow2");
        assertThat(status.cdrom()).isFalse();
        assertThat(status.size().unpackedBytes()).isEqualTo(Long.toString(2048 * MIB));
        assertThat(status.size().unpacked()).isEqualTo("2Gi");
        assertThat(status.size().storedBytes()).isEqualTo(Long.toString(Files.size(source)));
        assertThat(Files.mismatch(disk(status), source)).isEqualTo(-1);
        Programs.run(world.directory(), "qemu-img", "check", disk(status).toString());

        assertThat(workersOf("ubuntu-22.04")).containsExactly("fetcher-1", "fetcher-2", "fetcher-3");
        String described = Programs.run(world.directory(), kubectl("describe", "vi", "ubuntu-22.04"));
        assertThat(described).contains("DataSourceImportStarted").contains("DataSourceImportCompleted");
    }

    private static void assertThatItWentForward(List<String> listing) {
        assertThat(listing.getFirst().split("\\s+", -1)).containsExactly("NAME", "PHASE", "CDROM", "PROGRESS", "AGE");
        List<Double> progress = new ArrayList<>();
        List<String> phases = new ArrayList<>();
        for (String line : listing.subList(1, listing.size())) {
            String[] words = line.split("\\s+", -1);
            for (String word : words) {
                if (word.endsWith("%")) {
                    progress.add(Double.parseDouble(word.substring(0, word.length() - 1)));
                }
            }
            if (words.length > 1 && List.of("Pending", "Provisioning", "Ready").contains(words[1])) {
                phases.add(words[1]);
            }
        }
        assertThat(progress).as("in %s", listing).isSorted();
        assertThat(progress.stream().distinct().count()).as("in %s", listing).isGreaterThanOrEqualTo(4);
        assertThat(progress.getLast()).isEqualTo(100.0);
        assertThat(phases)
                .as("in %s", listing)
                .isSorted()
                .contains("Provisioning")
                .endsWith("Ready");
        assertThat(listing.getLast()).contains(" 100% ");
    }

    private Set<String> workersOf(String name) throws Exception {
        Set<String> workers = new TreeSet<>();
        for (String record : Programs.records(
                world.sandbox().value("KAFKA_BOOTSTRAP"), Topic.FETCHED.topicName(), world.directory())) {
            Event event = EventCodec.decode(record.getBytes(StandardCharsets.UTF_8))
                    .orElseThrow()
                    .event();
            if (event instanceof Event.SegmentFetched segment
                    && segment.image().name().equals(name)) {
                workers.add(segment.worker());
            }
        }
        return workers;
    }

    @Test
    void anIsoIsACdrom() throws Exception {
        Path source = world.files().resolve("installer.iso");
        SampleImages.writeIso(source, 33 * MIB, 5, "INSTALLER");
        VirtualImageStatus status = ready("installer", world.source(), source, null);
        assertThat(status.cdrom()).isTrue();
        assertThat(status.format()).isEqualTo("iso");
        assertThat(Files.mismatch(disk(status), source)).isEqualTo(-1);
    }

    @Test
    void aRawDiskWithHolesArrivesWhole() throws Exception {
        Path source = world.files().resolve("disk.raw");
        SampleImages.writeRaw(source, 300 * MIB + 512, 20 * MIB, 7);
        VirtualImageStatus status = ready("raw-disk", world.source(), source, null);
        assertThat(status.format()).isEqualTo("raw");
        Path disk = disk(status);
        Programs.run(
                world.directory(),
                "qemu-img",
                "compare",
                "-f",
                "raw",
                "-F",
                "qcow2",
                source.toString(),
                disk.toString());
        assertThat(Files.size(disk)).isLessThan(22 * MIB);
    }

    @Test
    void aServerWithoutRangesIsReadInOneStream() throws Exception {
        Path source = world.files().resolve("stream.qcow2");
        SampleImages.writeQcow2(source, 512 * MIB, 70 * MIB, 8);
        VirtualImageStatus status = ready("one-stream", world.plain(), source, null);
        assertThat(Files.mismatch(disk(status), source)).isEqualTo(-1);
        assertThat(workersOf("one-stream")).hasSize(1);
    }

    @Test
    void checksumsByOpensslAndRhashAreFound() throws Exception {
        Path source = world.files().resolve("checked.qcow2");
        SampleImages.writeQcow2(source, 256 * MIB, 40 * MIB, 9);
        Checksum checksum = new Checksum(
                openssl("md5", source),
                openssl("sha1", source),
                openssl("sha256", source),
                openssl("sha512", source),
                rhash("gost12-256", source),
                rhash("gost12-512", source));
        VirtualImageStatus status = ready("checked", world.source(), source, checksum);
        assertThat(Files.mismatch(disk(status), source)).isEqualTo(-1);
    }

    private String openssl(String algorithm, Path file) throws Exception {
        String printed = Programs.run(world.directory(), "openssl", "dgst", "-" + algorithm, "-r", file.toString());
        return printed.substring(0, printed.indexOf(' '));
    }

    private String rhash(String algorithm, Path file) throws Exception {
        String printed = Programs.run(world.directory(), "rhash", "--" + algorithm, "--simple", file.toString());
        return printed.substring(0, printed.indexOf(' '));
    }

    private VirtualImageStatus ready(String name, Nginx server, Path source, Checksum checksum) {
        world.images().apply(name, server.uri(source.getFileName().toString()), checksum);
        world.images().await(name, Phase.READY, READY_WITHIN);
        return status(name);
    }

    private VirtualImageStatus status(String name) {
        VirtualImage image = world.images().find(name).orElseThrow();
        return Objects.requireNonNull(image.getStatus());
    }

    private Path disk(VirtualImageStatus status) throws Exception {
        return Programs.diskOf(status.target().registryURL(), world.directory());
    }

    private String[] kubectl(String... arguments) {
        List<String> command = new ArrayList<>(
                List.of("kubectl", "--kubeconfig", world.sandbox().kubeconfig().toString()));
        command.addAll(List.of(arguments));
        return command.toArray(String[]::new);
    }
}
