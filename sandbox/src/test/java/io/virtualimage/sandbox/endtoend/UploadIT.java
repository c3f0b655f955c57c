package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.Checksum;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.sandbox.Images;
import io.virtualimage.sandbox.Service;
import io.virtualimage.sandbox.ServiceProcess;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Topic;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** The user documentation's upload from the command line, by its own commands, and what can go wrong with one. */
@ExtendWith(EndToEnd.class)
class UploadIT {
    private static final long MIB = 1 << 20;
    private static final long SEGMENT_BYTES = 16 * MIB;
    private static final Duration READY_WITHIN = Duration.ofMinutes(3);
    private static final Duration SOON = Duration.ofSeconds(30);

    private final World world;

    UploadIT(World world) {
        this.world = world;
    }

    @Test
    void theDocumentedCommandsWork() throws Exception {
        Path file = file("cirros.img", 40 * MIB, 1);
        Files.writeString(world.directory().resolve("some-image.yaml"), """
                apiVersion: virtualization.deckhouse.io/v1alpha2
                kind: VirtualImage
                metadata:
                  name: some-image
                spec:
                  # Where the image is to be kept.
                  storage: ContainerRegistry
                  dataSource:
                    type: Upload
                """);
        bash("kubectl apply -f some-image.yaml");
        world.images().await("some-image", Phase.WAIT_FOR_USER_UPLOAD, SOON);
        String urls = bash("kubectl get vi some-image -o jsonpath=\"{.status.imageUploadURLs}\"  | jq");
        assertThat(urls)
                .containsPattern("\"external\": \"http://[^\"]+/upload/[0-9A-Za-z]{32}\"")
                .containsPattern("\"inCluster\": \"http://[^\"]+/upload/[0-9A-Za-z]{32}\"");
        String said = bash("curl " + address("some-image") + " --progress-bar -T " + file + " | cat");
        assertThat(said).contains("\"receivedBytes\":" + Files.size(file), "kubectl get vi some-image -n default -w");
        assertThatItArrives("some-image", file);
        assertThat(bash("kubectl get vi some-image")).containsPattern("some-image +Ready +false +100% ");
    }

    @Test
    void everyWayToSendAFileLeadsToTheSame() throws Exception {
        Path file = file("ways.qcow2", 20 * MIB, 2);
        List<String> ways = List.of(
                "-T " + file,
                "-X POST --data-binary @" + file,
                "-X POST -T - < " + file, // of unknown length
                "-H Expect: -T " + file,
                "-X PATCH -H 'Content-Type: application/partial-upload' -H 'Upload-Offset: 0' -H 'Upload-Complete: ?1'"
                        + " --data-binary @" + file);
        for (int i = 0; i < ways.size(); i++) {
            URI address = awaiting("way-" + i, null);
            assertThat(bash("curl -s -i " + address + " " + ways.get(i)))
                    .as(ways.get(i))
                    .contains("201 Created", "Upload-Complete: ?1", "Upload-Offset: " + Files.size(file));
        }
        for (int i = 0; i < ways.size(); i++) {
            assertThatItArrives("way-" + i, file);
        }
    }

    @Test
    void whatIsNotWantedIsRefusedInWords() throws Exception {
        Path file = file("refused.qcow2", 20 * MIB, 3);
        URI address = awaiting("upload-refused", null);
        String wrong = address.toString().substring(0, address.toString().length() - 1) + "-";
        assertThat(bash("curl -s -v -T " + file + " " + wrong + " 2>&1"))
                .contains("404 Not Found", "application/problem+json", "No image waits")
                .doesNotContain("100 Continue");
        assertThat(bash("curl -s -i -X DELETE " + address)).contains("405", "Allow: ", "curl -T FILE");
        assertThat(bash("curl -s -i -T /dev/null " + address)).contains("400 Bad Request", "The file is empty");
        assertThat(bash("truncate -s 9G huge; curl -s -v -T huge " + address + " 2>&1; rm huge"))
                .contains("413 ", "larger than the 8589934592 bytes", "Upload-Limit: max-size=8589934592")
                .doesNotContain("100 Continue");
        assertThat(bash("curl -s -i -F file=@" + file + " " + address)).contains("415 ", "curl -T FILE");
        assertThat(bash("curl -s -i -C 16777216 -T " + file + " " + address))
                .contains("409 Conflict", "\"expected-offset\":0", "mismatching-upload-offset");
        assertThat(bash("curl -s " + address)).contains("\"receivedBytes\":0", "\"uploading\":false");
        assertThat(bash("curl -s -I " + address)).contains("200 OK", "Upload-Offset: 0", "Upload-Complete: ?0");

        Process first = start("curl -s --limit-rate 4M -T " + file + " " + address);
        await().atMost(SOON).until(() -> bash("curl -s " + address).contains("\"uploading\":true"));
        assertThat(bash("curl -s -v -T " + file + " " + address + " 2>&1"))
                .contains("409 Conflict", "being uploaded", "Retry-After: ")
                .doesNotContain("100 Continue");
        assertThat(first.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(new String(first.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("\"receivedBytes\":" + Files.size(file));
        assertThat(bash("curl -s -i -T " + file + " " + address)).contains("410 Gone", "The upload is complete");
        assertThatItArrives("upload-refused", file);
        assertThat(bash("curl -s -i -T " + file + " " + address)).contains("410 Gone", "The upload is complete");
        assertThat(world.images()
                        .find("upload-refused")
                        .orElseThrow()
                        .getStatus()
                        .imageUploadURLs())
                .isNull();
        world.images().delete("upload-refused");
        world.images().awaitGone("upload-refused", SOON);
        assertThat(bash("curl -s -i -T " + file + " " + address)).contains("404 Not Found");
    }

    @Test
    void checksumsAndContentsAreJudged() throws Exception {
        Path file = file("judged.qcow2", 20 * MIB, 4);
        send("right-sum", awaiting("right-sum", sha256(file)), file);
        URI wrongSum = awaiting("wrong-sum", sha256(file("other.qcow2", MIB, 5)));
        // Who sends what fails at once may be told that it is safe, or why it fails.
        assertThat(bash("curl -s -T " + file + " " + wrongSum)).containsAnyOf("default/wrong-sum", "checksum is wrong");
        Path text = Files.writeString(world.directory().resolve("page.html"), "<html>not found</html>\n".repeat(100));
        URI noImage = awaiting("no-image", null);
        assertThat(bash("curl -s -T " + text + " " + noImage)).containsAnyOf("default/no-image", "The image failed");
        assertThatItArrives("right-sum", file);
        assertThat(failure("wrong-sum")).contains("checksum is wrong", "expected sha256");
        assertThat(failure("no-image")).contains("image");
        assertThat(bash("curl -s -i -T " + file + " " + noImage)).contains("410 Gone");
    }

    @Test
    void anUploadThatIsCutGoesOnByCurlFromWhereItStopped() throws Exception {
        Path file = file("cut.qcow2", 60 * MIB, 6);
        URI address = awaiting("cut", null);
        Process first = start("curl -s --limit-rate 20M -T " + file + " " + address);
        await().atMost(SOON).until(() -> offset(address) >= SEGMENT_BYTES);
        first.descendants().forEach(ProcessHandle::destroyForcibly);
        first.destroyForcibly();
        await().atMost(SOON).until(() -> bash("curl -s " + address).contains("\"uploading\":false"));
        assertThat(Images.words(world.images().find("cut").orElseThrow())).contains("broke off after", "curl -C ");
        long offset = offset(address);
        assertThat(offset).isBetween(SEGMENT_BYTES, Files.size(file));
        String said = bash("curl -s -w '\\nsent %{size_upload}' -C " + offset + " -T " + file + " " + address);
        assertThat(said).contains("\"receivedBytes\":" + Files.size(file), "sent " + (Files.size(file) - offset));
        assertThatItArrives("cut", file);
    }

    @Test
    void anUploadThatBeginsAnewForgetsWhatWasSentBefore() throws Exception {
        Path one = file("one.qcow2", 40 * MIB, 7);
        Path other = file("other-whole.qcow2", 24 * MIB, 8);
        URI address = awaiting("anew", null);
        UploadClient client = new UploadClient(address, one);
        assertThat(client.put(0, 36 * MIB, null).status()).isZero();
        await().atMost(SOON).until(() -> bash("curl -s " + address).contains("\"uploading\":false"));
        assertThat(offset(address)).isPositive();
        send("anew", address, other);
        assertThatItArrives("anew", other);
    }

    /** Five cuts at random places, at two of them the fetcher that receives it dies. */
    @Test
    void aLongUploadSurvivesCutsAndKilledFetchers() throws Exception {
        Path file = file("long.qcow2", 2048 * MIB, 9);
        long size = Files.size(file);
        URI address = awaiting("long", null);
        UploadClient client = new UploadClient(address, file);
        Random random = new Random(9);
        List<Long> cuts = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            cuts.add((long) (random.nextDouble() * size));
        }
        Collections.sort(cuts);
        long began = System.nanoTime();
        UploadClient.Answer answer = UploadClient.Answer.NONE;
        for (int i = 0; i <= cuts.size(); i++) {
            assertThat(answer.status()).isZero();
            long next = i < cuts.size() ? cuts.get(i) : Long.MAX_VALUE;
            answer = goOn(client, next, i % 2 == 1 ? () -> kill("long") : null);
        }
        assertThat(answer.status()).isEqualTo(201);
        long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
        assertThatItArrives("long", file);
        long again = client.sentBytes() - size;
        System.out.printf(
                "[figures] UploadIT: %d MiB with %d cuts, two of them kills, uploaded in %d s; %.1f MiB sent again, %.1f a cut%n",
                size / MIB, cuts.size(), seconds, again / (double) MIB, again / (double) MIB / cuts.size());
        assertThat(again).isLessThan(cuts.size() * 2L * SEGMENT_BYTES);
    }

    /** @param instead what happens at that place, if the client itself doesn't cut the connection */
    private static UploadClient.Answer goOn(UploadClient client, long cutAt, Runnable instead) {
        long deadline = System.nanoTime() + Duration.ofMinutes(2).toNanos();
        UploadClient.Answer answer = UploadClient.Answer.NONE;
        while (System.nanoTime() < deadline) {
            UploadClient.Answer head = client.head();
            if (head.status() != 200) {
                continue;
            }
            answer = client.put(head.offset(), cutAt, instead);
            while (answer.status() == 409 && answer.offset() >= 0) {
                answer = client.put(answer.offset(), cutAt, instead);
            }
            if (answer.status() == 201 || answer.begun()) {
                return answer;
            }
        }
        return answer;
    }

    /** SIGKILL to the one who receives it. */
    private void kill(String name) {
        try {
            ServiceProcess receiver = receiver(name);
            receiver.kill();
            receiver.restart();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    private ServiceProcess receiver(String name) throws Exception {
        String worker = Programs.records(
                        world.sandbox().value("KAFKA_BOOTSTRAP"), Topic.FETCHED.topicName(), world.directory())
                .stream()
                .map(line -> decoded(line))
                .flatMap(Optional::stream)
                .filter(event -> event instanceof Event.UploadOpened
                        && event.image().name().equals(name))
                .map(event -> ((Event.UploadOpened) event).worker())
                .reduce((_, last) -> last)
                .orElseThrow();
        return world.sandbox().processesOf(Service.FETCHER).stream()
                .filter(process -> process.name().equals(worker))
                .findFirst()
                .orElseThrow();
    }

    private static Optional<Event> decoded(String line) {
        try {
            return EventCodec.decode(line.getBytes(StandardCharsets.UTF_8)).map(EventCodec.Decoded::event);
        } catch (Exception e) {
            throw new IllegalStateException(line, e);
        }
    }

    /** Forty fast clients and ten slow ones. */
    @Test
    void fiftyUploadsAtOnceTakeLittleMemoryAndTheSlowOnesHoldUpNobody() throws Exception {
        int fast = 40;
        int slow = 10;
        Path file = file("many.qcow2", 20 * MIB, 10);
        Checksum checksum = sha256(file);
        List<URI> addresses = new ArrayList<>();
        for (int i = 0; i < fast + slow; i++) {
            world.images().apply("many-" + i, new Origin.Upload(checksum));
        }
        for (int i = 0; i < fast + slow; i++) {
            addresses.add(awaiting("many-" + i, checksum));
        }
        List<Process> slowOnes = new ArrayList<>();
        for (URI address : addresses.subList(fast, fast + slow)) {
            slowOnes.add(start("curl -s --limit-rate 500k -T " + file + " " + address));
        }
        List<Process> fastOnes = new ArrayList<>();
        long began = System.nanoTime();
        for (URI address : addresses.subList(0, fast)) {
            fastOnes.add(start("curl -s -T " + file + " " + address));
        }
        CompletableFuture<long[]> memory = CompletableFuture.supplyAsync(this::memory);
        for (Process process : fastOnes) {
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
            assertThat(said(process)).contains("\"receivedBytes\":" + Files.size(file));
        }
        double seconds = (System.nanoTime() - began) / 1e9;
        assertThat(slowOnes).allMatch(Process::isAlive);
        for (Process process : slowOnes) {
            assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
            assertThat(said(process)).contains("\"receivedBytes\":" + Files.size(file));
        }
        long[] heap = memory.get(1, TimeUnit.MINUTES);
        System.out.printf(
                "[figures] UploadIT: %d fast uploads of %d MiB beside %d slow ones in %.1f s; heap in use after a collection"
                        + " meanwhile: %s MiB of the fetchers%n",
                fast,
                Files.size(file) / MIB,
                slow,
                seconds,
                Arrays.toString(Arrays.stream(heap).map(bytes -> bytes / MIB).toArray()));
        // 50 uploads that held their segments in memory would have 533 MiB each, were they spread evenly.
        assertThat(Arrays.stream(heap).boxed().toList())
                .hasSize(3)
                .allSatisfy(used -> assertThat(used).isBetween(MIB, 256 * MIB));
        for (int i = 0; i < fast + slow; i++) {
            world.images().await("many-" + i, Phase.READY, READY_WITHIN);
        }
        assertThatItArrives("many-0", file);
        assertThatItArrives("many-" + fast, file);
    }

    /** Heap in use after a full collection, of each fetcher. */
    private long[] memory() {
        return world.sandbox().processesOf(Service.FETCHER).stream()
                .mapToLong(process -> {
                    try {
                        String jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd")
                                .toString();
                        Programs.run(world.directory(), jcmd, Long.toString(process.pid()), "GC.run");
                        String info =
                                Programs.run(world.directory(), jcmd, Long.toString(process.pid()), "GC.heap_info");
                        return info.lines()
                                .filter(line -> line.contains(" total ") && line.contains(" used "))
                                .mapToLong(line -> Long.parseLong(line.replaceAll(".*used (\\d+)K.*", "$1")) * 1024)
                                .sum();
                    } catch (IOException | InterruptedException e) {
                        throw new IllegalStateException(e);
                    }
                })
                .toArray();
    }

    // ---- how it is done

    private Path file(String name, long dataBytes, int seed) throws IOException {
        Path file = world.directory().resolve(name);
        SampleImages.writeQcow2(file, Math.max(2 * dataBytes, 64 * MIB), dataBytes, seed);
        return file;
    }

    /** Applies an image, and waits until a file may be sent for it. */
    private URI awaiting(String name, Checksum checksum) {
        world.images().apply(name, new Origin.Upload(checksum));
        world.images().await(name, Phase.WAIT_FOR_USER_UPLOAD, SOON);
        return address(name);
    }

    private URI address(String name) {
        VirtualImage image = world.images().await(name, "an address", SOON, applied -> {
            return applied.getStatus() != null && applied.getStatus().imageUploadURLs() != null;
        });
        return URI.create(image.getStatus().imageUploadURLs().external());
    }

    private void send(String name, URI address, Path file) throws Exception {
        assertThat(bash("curl -s -T " + file + " " + address)).contains("\"image\":\"default/" + name + "\"");
    }

    private long offset(URI address) throws Exception {
        return Long.parseLong(
                bash("curl -s " + address + " | jq .receivedBytes").strip());
    }

    private String failure(String name) {
        VirtualImage image = world.images().await(name, Phase.FAILED, SOON);
        return image.getStatus().condition(ConditionType.READY).orElseThrow().getMessage();
    }

    private void assertThatItArrives(String name, Path file) throws Exception {
        VirtualImage image = world.images().await(name, Phase.READY, READY_WITHIN);
        Path disk = Programs.diskOf(image.getStatus().target().registryURL(), world.directory());
        assertThat(Files.mismatch(disk, file)).as(name).isEqualTo(-1);
        Files.delete(disk);
    }

    private static Checksum sha256(Path file) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] hash = digest.digest(Files.readAllBytes(file));
        return new Checksum(null, null, HexFormat.of().formatHex(hash), null, null, null);
    }

    private String bash(String command) throws IOException, InterruptedException {
        return Programs.run(
                world.directory(),
                "bash",
                "-c",
                "export KUBECONFIG=" + world.sandbox().kubeconfig() + "; " + command);
    }

    private Process start(String command) throws IOException {
        return new ProcessBuilder("bash", "-c", command)
                .directory(world.directory().toFile())
                .redirectErrorStream(true)
                .start();
    }

    private static String said(Process process) throws IOException {
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
}
