package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Condition;
import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
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
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Machines that use an image, and the deletion that waits for them. */
@ExtendWith(EndToEnd.class)
class InUseIT {
    private static final long MIB = 1 << 20;
    private static final Duration WITHIN = Duration.ofMinutes(2);

    private final World world;
    private final List<String> machines = new ArrayList<>();

    InUseIT(World world) {
        this.world = world;
    }

    @AfterEach
    void leaveNoMachine() {
        machines.forEach(machine -> PlatformObjects.VIRTUAL_MACHINE.delete(world, machine));
    }

    private void machine(String machine, String phase, String image) {
        machines.add(machine);
        PlatformObjects.VIRTUAL_MACHINE.put(
                world,
                machine,
                Map.of(
                        "phase",
                        phase,
                        "blockDeviceRefs",
                        List.of(
                                Map.of("kind", "VirtualDisk", "name", "root"),
                                Map.of("kind", "VirtualImage", "name", image))));
    }

    private Path apply(String name, int seed) throws Exception {
        Path source = world.files().resolve(name + ".qcow2");
        SampleImages.writeQcow2(source, 256 * MIB, 20 * MIB, seed);
        world.images().apply(name, world.source().uri(name + ".qcow2"), null);
        return source;
    }

    private static String url(VirtualImage image) {
        return Objects.requireNonNull(image.getStatus()).target().registryURL();
    }

    /** The last word on an image, as kcat reads it: type and data. */
    private JsonNode request(VirtualImage image) throws Exception {
        return Programs.records(world.sandbox().value("KAFKA_BOOTSTRAP"), "virtualimage.requests", world.directory())
                .stream()
                .map(line -> JsonMapper.shared().readTree(line))
                .filter(event -> event.get("data")
                        .get("image")
                        .get("uid")
                        .asString()
                        .equals(image.getMetadata().getUid()))
                .reduce((before, after) -> after)
                .orElseThrow();
    }

    private JsonNode awaitUse(VirtualImage image, String use) {
        return await().atMost(WITHIN).until(() -> request(image), request -> {
            JsonNode said = request.get("data").get("use");
            return JsonMapper.shared()
                    .readTree(use)
                    .equals(said == null ? JsonMapper.shared().nullNode() : said);
        });
    }

    private boolean isInRegistry(String url) throws Exception {
        Process inspect = new ProcessBuilder("skopeo", "inspect", "--tls-verify=false", "docker://" + url)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return inspect.waitFor() == 0;
    }

    @Test
    void whoUsesAnImageStandsInItsRequestAndItsDeletionWaits() throws Exception {
        Path source = apply("used", 70);
        VirtualImage image = world.images().await("used", Phase.READY, WITHIN);
        machine("used-a", "Running", "used");
        JsonNode first = awaitUse(image, "{\"machines\": [\"used-a\"], \"deletionAsked\": false}");
        machine("used-b", "Starting", "used");
        awaitUse(image, "{\"machines\": [\"used-a\", \"used-b\"], \"deletionAsked\": false}");

        world.images().delete("used");
        machine("used-b", "Stopped", "used");
        JsonNode waiting = awaitUse(image, "{\"machines\": [\"used-a\"], \"deletionAsked\": true}");
        assertThat(waiting.get("type")).isEqualTo(first.get("type"));
        assertThat(waiting.get("data").get("image")).isEqualTo(first.get("data").get("image"));
        assertThat(Files.mismatch(Programs.diskOf(url(image), world.directory()), source))
                .isEqualTo(-1);

        machine("used-a", "Stopped", "used");
        world.images().awaitGone("used", WITHIN);
        assertThat(isInRegistry(url(image))).isFalse();
    }

    @Test
    void aDeletionInTheMiddleWaitsToo() throws Exception {
        Path source = world.files().resolve("used-early.qcow2");
        SampleImages.writeQcow2(source, 1024 * MIB, 600 * MIB, 71);
        machine("used-early-vm", "Pending", "used-early");
        VirtualImage image = world.images().apply("used-early", world.slow().uri("used-early.qcow2"), null);
        awaitUse(image, "{\"machines\": [\"used-early-vm\"], \"deletionAsked\": false}");
        world.images().delete("used-early");
        awaitUse(image, "{\"machines\": [\"used-early-vm\"], \"deletionAsked\": true}");
        VirtualImage waiting =
                world.images().await("used-early", "Terminating", WITHIN, seen -> seen.phase() == Phase.TERMINATING);
        assertThat(waiting.getStatus()
                        .condition(ConditionType.READY)
                        .orElseThrow()
                        .getStatus())
                .isEqualTo("False");
        assertThat(waiting.getStatus().target()).isNull();
        PlatformObjects.VIRTUAL_MACHINE.delete(world, "used-early-vm");
        world.images().awaitGone("used-early", WITHIN);
        assertThat(request(image).get("type").asString()).endsWith("ImageWithdrawn");
    }

    @Test
    void aMachineThatIsStoppedNeverCounts() throws Exception {
        machine("unused-vm", "Stopped", "unused");
        apply("unused", 72);
        VirtualImage image = world.images().await("unused", Phase.READY, WITHIN);
        assertThat(request(image).get("data").has("use")).isFalse();
        world.images().delete("unused");
        world.images().awaitGone("unused", WITHIN);
        assertThat(isInRegistry(url(image))).isFalse();
    }

    @Test
    void theStatusNamesTheMachines() throws Exception {
        apply("named", 73);
        VirtualImage image = world.images().await("named", Phase.READY, WITHIN);
        assertThat(condition(image, ConditionType.IN_USE)).hasValueSatisfying(unused -> {
            assertThat(unused.getStatus()).isEqualTo("False");
            assertThat(unused.getReason()).isEqualTo("NotInUse");
        });

        machine("named-vm", "Running", "named");
        VirtualImage used =
                world.images().await("named", "be in use", WITHIN, seen -> says(seen, ConditionType.IN_USE));
        assertThat(condition(used, ConditionType.IN_USE)).hasValueSatisfying(use -> {
            assertThat(use.getReason()).isEqualTo("AttachedToVirtualMachine");
            assertThat(use.getMessage()).contains("named-vm");
        });
        assertThat(used.phase()).isEqualTo(Phase.READY);

        world.images().delete("named");
        VirtualImage waiting = world.images()
                .await("named", "wait for the machine", WITHIN, seen -> seen.phase() == Phase.TERMINATING);
        assertThat(condition(waiting, ConditionType.TERMINATING)).hasValueSatisfying(cleanup -> {
            assertThat(cleanup.getStatus()).isEqualTo("True");
            assertThat(cleanup.getReason()).isEqualTo("CleanupPending");
            assertThat(cleanup.getMessage()).contains("named-vm");
        });
        assertThat(says(waiting, ConditionType.IN_USE)).isTrue();
        assertThat(url(waiting)).isEqualTo(url(image));

        machine("named-vm", "Stopped", "named");
        world.images().awaitGone("named", WITHIN);
    }

    private static Optional<Condition> condition(VirtualImage image, ConditionType type) {
        VirtualImageStatus status = image.getStatus();
        return status == null ? Optional.empty() : status.condition(type);
    }

    private static boolean says(VirtualImage image, ConditionType type) {
        return condition(image, type)
                .filter(each -> each.getStatus().equals("True"))
                .isPresent();
    }
}
