package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.sandbox.Images;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The platform's page for users, from top to bottom: every command of it, typed into a shell in its order, on servers of
 * our own in place of those of the internet. Where the page shows what is printed, that is waited for.
 */
@ExtendWith(EndToEnd.class)
class UserDocumentationIT {
    private static final long MIB = 1 << 20;
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final int BLOCKS = 17;
    private static final List<String> NAMES =
            List.of("ubuntu-22.04", "ubuntu-22.04-pvc", "ubuntu-2204", "some-image", "linux-vm-root");

    private final World world;
    private final Path folder;
    private UserDocumentation page;
    private int next;

    UserDocumentationIT(World world) throws Exception {
        this.world = world;
        this.folder = Files.createDirectories(world.directory().resolve("userdoc"));
        String server = world.source().uri("").toString();
        this.page = UserDocumentation.read()
                .replacing("d8 k ", "kubectl ")
                .replacing("https://cloud-images.ubuntu.com/minimal/releases/jammy/release/", server)
                .replacing("http://download.cirros-cloud.net/0.5.1/", server)
                .replacing("docker.io/<username>", world.sandbox().value("REGISTRY") + "/username")
                .replacing("docker build", "buildah build")
                .replacing("docker push", "buildah push --tls-verify=false");
    }

    @Test
    void everyCommandOfThePageDoesWhatThePageSays() throws Exception {
        assertThat(page.size()).isEqualTo(BLOCKS);
        Path ubuntu = world.files().resolve("ubuntu-22.04-minimal-cloudimg-amd64.img");
        SampleImages.writeQcow2(ubuntu, 2048 * MIB, 300 * MIB, 22);
        Path cirros = world.files().resolve("cirros-0.5.1-x86_64-disk.img");
        SampleImages.writeQcow2(cirros, 112 * MIB, 16 * MIB, 5);

        // An image from an HTTP server, in the registry.
        type();
        typeUntilPrinted();
        watchUntilReady();
        assertThat(type()).contains("Name:         ubuntu-22.04").contains("Stored Bytes");
        assertThat(Files.mismatch(diskOf("ubuntu-22.04"), ubuntu)).isEqualTo(-1);

        // The same, on a claim.
        type();
        typeUntilPrinted();
        ClaimedDisk.of(world, "ubuntu-22.04-pvc").assertSameAs(world, ubuntu, "qcow2");

        // From a container image.
        type();
        assertThat(Files.mismatch(folder.resolve("ubuntu2204.img"), ubuntu)).isEqualTo(-1);
        Files.writeString(folder.resolve("Dockerfile"), page.block(next++).text());
        type();
        type();
        type();
        world.images().await("ubuntu-2204", Phase.READY, PATIENCE);
        assertThat(Files.mismatch(diskOf("ubuntu-2204"), ubuntu)).isEqualTo(-1);

        // From the command line.
        type();
        world.images().await("some-image", Phase.WAIT_FOR_USER_UPLOAD, PATIENCE);
        String addresses = type();
        String external = addresses.replaceAll("(?s).*\"external\": *\"([^\"]*)\".*", "$1");
        assertThat(external).matches("https?://[^/]+/upload/[A-Za-z0-9]{32}");
        assertThat(addresses).containsPattern("\"inCluster\": *\"http://[^/]+/upload");
        type();
        page = page.replacing("https://virtualization.example.com/upload/g2OuLgRhdAWqlJsCMyNvcdt4o5ERIwmm", external);
        type();
        typeUntilPrinted();
        assertThat(Files.mismatch(diskOf("some-image"), cirros)).isEqualTo(-1);

        // From a disk: while a machine runs that has it, then when that is stopped, then when no machine has it.
        MachineDisk disk = MachineDisk.create(world, "linux-vm-root", 200 * MIB);
        disk.attachTo("linux-vm", "Running");
        String makeImage = page.block(next).command();
        type();
        world.images()
                .await(
                        "linux-vm-root",
                        "wait for the machine",
                        PATIENCE,
                        image -> Images.words(image).contains("linux-vm") && image.phase() == Phase.PENDING);
        disk.setPhaseOf("linux-vm", "Stopped");
        world.images().await("linux-vm-root", Phase.READY, PATIENCE);
        disk.assertSameAs(diskOf("linux-vm-root"));
        world.images().delete("linux-vm-root");
        world.images().awaitGone("linux-vm-root", PATIENCE);
        disk.detach();
        run(makeImage);
        world.images().await("linux-vm-root", Phase.READY, PATIENCE);
        disk.assertSameAs(diskOf("linux-vm-root"));

        assertThat(next).as("all of the page was done").isEqualTo(BLOCKS);
    }

    /** Others have images of these names. */
    @AfterEach
    void leaveNothing() {
        for (String name : NAMES) {
            world.images().delete(name);
        }
        for (String name : NAMES) {
            world.images().awaitGone(name, PATIENCE);
        }
    }

    private String type() throws Exception {
        return run(page.block(next++).command());
    }

    /** Types it again and again until it prints what the page shows, but for the age. */
    private void typeUntilPrinted() {
        UserDocumentation.Block block = page.block(next++);
        List<String> documented = block.printed();
        assertThat(documented).isNotEmpty();
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(300)).untilAsserted(() -> {
            String printed = run(block.command());
            assertThat(withoutAge(printed)).containsAll(withoutAge(String.join("\n", documented)));
        });
    }

    private static List<String> withoutAge(String table) {
        return table.lines()
                .map(line -> line.strip().replaceAll("\\s+", " ").replaceAll(" ([0-9]+[smhd])+$", ""))
                .toList();
    }

    /** A watch never ends by itself: whoever sees Ready stops it. */
    private void watchUntilReady() throws Exception {
        UserDocumentation.Block block = page.block(next++);
        Path listing = folder.resolve("watch.out");
        Process watch = shell("exec " + block.command())
                .redirectOutput(listing.toFile())
                .start();
        try {
            String last = block.printed().getLast().replaceAll("\\s+[0-9]+s$", "");
            Pattern row = Pattern.compile(Pattern.quote(last).replaceAll("\\s+", "\\\\E\\\\s+\\\\Q"));
            await().atMost(PATIENCE)
                    .until(() -> row.matcher(Files.readString(listing)).find());
        } finally {
            watch.destroy();
            assertThat(watch.waitFor(10, TimeUnit.SECONDS)).isTrue();
        }
    }

    private String run(String command) throws Exception {
        Path printed = Files.createTempFile(folder, "command-", ".out");
        Process process = shell("set -e -o pipefail\n" + command)
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile())
                .start();
        boolean ended = process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        String text = Files.readString(printed);
        assertThat(ended && process.exitValue() == 0)
                .as("%s\nprinted:\n%s", command, text)
                .isTrue();
        Files.delete(printed);
        return text;
    }

    private ProcessBuilder shell(String script) {
        ProcessBuilder builder = new ProcessBuilder("bash", "-c", script).directory(folder.toFile());
        builder.environment()
                .putAll(Map.of(
                        "KUBECONFIG",
                        world.sandbox().kubeconfig().toString(),
                        // What buildah needs where there are no namespaces and no overlays.
                        "BUILDAH_ISOLATION",
                        "chroot",
                        "STORAGE_DRIVER",
                        "vfs",
                        "CONTAINERS_STORAGE_CONF",
                        storage().toString()));
        return builder;
    }

    private Path storage() {
        Path file = folder.resolve("storage.conf");
        try {
            return Files.writeString(
                    file, """
                    [storage]
                    driver = "vfs"
                    graphroot = "%s"
                    runroot = "%s"
                    """.formatted(folder.resolve("containers"), folder.resolve("containers-run")));
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private Path diskOf(String name) throws Exception {
        VirtualImageStatus status =
                Objects.requireNonNull(world.images().find(name).orElseThrow().getStatus());
        return Programs.diskOf(status.target().registryURL(), world.directory());
    }
}
