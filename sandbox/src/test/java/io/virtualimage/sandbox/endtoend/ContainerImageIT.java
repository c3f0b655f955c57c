package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.sandbox.Images;
import io.virtualimage.sandbox.components.Registry;
import io.virtualimage.sandbox.components.RegistryAccess;
import io.virtualimage.sandbox.components.TokenServer;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Topic;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The user documentation's container disk and its relatives, from registries that are not ours. */
@ExtendWith(EndToEnd.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ContainerImageIT {
    private static final long MIB = 1 << 20;
    private static final Duration WITHIN = Duration.ofMinutes(5);

    private final World world;
    private final Path directory;
    private final ContainerImages images;
    private final Registry open;

    ContainerImageIT(World world) throws IOException {
        this.world = world;
        this.directory = Files.createTempDirectory(world.directory(), "containers-");
        this.images = new ContainerImages(directory.resolve("build"));
        this.open = Registry.start(folder("open"), Registry.Storage.FOLDER);
    }

    private Path folder(String name) throws IOException {
        return Files.createDirectories(directory.resolve(name));
    }

    @BeforeAll
    void makeDisk() throws IOException {
        SampleImages.writeQcow2(images.directory().resolve("ubuntu2204.img"), 1024 * MIB, 60 * MIB, 51);
    }

    @AfterAll
    void stop() {
        open.close();
    }

    /** The user documentation's Dockerfile. */
    @ParameterizedTest
    @CsvSource({
        "oci-gzip, --format oci",
        "docker-gzip, --format v2s2",
        "oci-zstd, --format oci --compression-format zstd",
        "docker-plain, --format v2s2 --disable-compression",
    })
    void arrivesByteForByte(String name, String options) throws Exception {
        images.build("FROM scratch", "COPY ubuntu2204.img /disk/ubuntu2204.img");
        String image = open.hostAndPort() + "/images/ubuntu2204:" + name;
        images.push(image, options);
        assertArrives("container-" + name, new Origin.ContainerImage(image, null, null), "ubuntu2204.img");
    }

    @Test
    void aLayerWithoutCompressionIsFetchedByAllReplicas() throws Exception {
        SampleImages.writeQcow2(images.directory().resolve("large.img"), 2048 * MIB, 400 * MIB, 52);
        images.build("FROM scratch", "COPY large.img /disk/large.img");
        String image = open.hostAndPort() + "/images/large:1";
        images.push(image, "--format oci --disable-compression");
        assertArrives("container-large", new Origin.ContainerImage(image, null, null), "large.img");
        assertThat(workersOf("container-large")).containsExactly("fetcher-1", "fetcher-2", "fetcher-3");
    }

    @ParameterizedTest
    @CsvSource({"oci", "v2s2"})
    void isChosenFromAnIndex(String format) throws Exception {
        Path other = images.directory().resolve("disk-arm64.img");
        SampleImages.writeQcow2(other, 64 * MIB, 2 * MIB, 53);
        SampleImages.writeQcow2(images.directory().resolve("disk-amd64.img"), 64 * MIB, 2 * MIB, 54);
        ContainerImages own = new ContainerImages(images.directory().resolve("index-" + format));
        for (String arch : List.of("arm64", "amd64")) {
            Files.copy(
                    images.directory().resolve("disk-" + arch + ".img"),
                    own.directory().resolve(arch + ".img"));
        }
        String image = open.hostAndPort() + "/images/index:" + format;
        own.pushIndex(image, format, List.of("arm64", "amd64"), "FROM scratch", "COPY ARCH.img /disk/ARCH.img");
        assertArrives("index-" + format, new Origin.ContainerImage(image, null, null), "disk-amd64.img");
    }

    /** A first layer with a disk that the second removes; that one has another by a hard link with a long name. */
    @Test
    void layersAreReadAsAContainerWouldSeeThem() throws Exception {
        Path build = images.directory();
        SampleImages.writeQcow2(build.resolve("old.img"), 64 * MIB, MIB, 55);
        SampleImages.writeQcow2(build.resolve("new.img"), 64 * MIB, 2 * MIB, 56);
        String longName = "disk/" + "a-rather-long-name-".repeat(10) + ".img";
        Path tree = Files.createDirectories(build.resolve("tree/disk")).getParent();
        Files.createDirectories(tree.resolve("etc"));
        Files.copy(build.resolve("new.img"), tree.resolve("etc/new.img"));
        Files.createLink(tree.resolve(longName), tree.resolve("etc/new.img"));
        images.run("tar", "-C", "tree", "--sort=name", "-cf", "links.tar", "etc", "disk");
        images.run("umoci", "init", "--layout", "layers");
        images.run("umoci", "new", "--image", "layers:1");
        images.run("umoci", "insert", "--image", "layers:1", "old.img", "/disk/old.img");
        images.run("umoci", "insert", "--image", "layers:1", "--whiteout", "/disk/old.img");
        images.run("umoci", "raw", "add-layer", "--image", "layers:1", "links.tar");
        String image = open.hostAndPort() + "/images/layers:1";
        images.copy("oci:layers:1", image);
        assertArrives("layers", new Origin.ContainerImage(image, null, null), "new.img");
    }

    @Test
    void behindAPassword() throws Exception {
        Path file =
                Files.writeString(directory.resolve("htpasswd"), images.run("htpasswd", "-nbB", "user", "geheim-1234"));
        try (Registry registry = Registry.start(
                folder("passwords"), Registry.Storage.FOLDER, new RegistryAccess.Passwords(file), null)) {
            assertOnlyCredentialsHelp(registry, "passwords", "geheim-1234");
        }
    }

    /** Tokens of a minute, so that they are asked for anew on the way. */
    @Test
    void behindATokenService() throws Exception {
        try (TokenServer tokens =
                        TokenServer.start(folder("tokens"), Map.of("user", "geheim-5678"), Duration.ofMinutes(1));
                Registry registry = Registry.start(
                        folder("bearer"), Registry.Storage.FOLDER, new RegistryAccess.Tokens(tokens), null)) {
            assertOnlyCredentialsHelp(registry, "bearer", "geheim-5678");
            assertThat(tokens.given()).isNotEmpty();
        }
    }

    private void assertOnlyCredentialsHelp(Registry registry, String name, String password) throws Exception {
        images.build("FROM scratch", "COPY ubuntu2204.img /disk/ubuntu2204.img");
        String image = registry.hostAndPort() + "/images/ubuntu2204";
        String plain = image + ":plain";
        images.push(plain, "--format oci --disable-compression", "--dest-creds", "user:" + password);
        images.push(image + ":gzip", "--format oci", "--dest-creds", "user:" + password);
        secret(name + "-good", registry, password);
        secret(name + "-bad", registry, "wrong-" + password);

        assertArrives(name + "-plain", pulled(plain, name + "-good"), "ubuntu2204.img");
        assertArrives(name + "-gzip", pulled(image + ":gzip", name + "-good"), "ubuntu2204.img");
        assertFails(name + "-wrong", pulled(plain, name + "-bad"), "ImagePullFailed", "401 Unauthorized");
        assertFails(name + "-nobody", pulled(plain, null), "ImagePullFailed", "401 Unauthorized");
    }

    private static Origin.ContainerImage pulled(String image, String secret) {
        return new Origin.ContainerImage(image, secret == null ? null : new Origin.PullSecret(secret), null);
    }

    private void secret(String name, Registry registry, String password) throws Exception {
        Programs.run(
                directory,
                "kubectl",
                "--kubeconfig",
                world.sandbox().kubeconfig().toString(),
                "create",
                "secret",
                "docker-registry",
                name,
                "--docker-server=" + registry.hostAndPort(),
                "--docker-username=user",
                "--docker-password=" + password);
    }

    @Test
    void aTagThatIsNotThere() throws Exception {
        assertFails(
                "no-tag",
                new Origin.ContainerImage(open.hostAndPort() + "/images/nothing:here", null, null),
                "ImagePullFailed",
                "404 Not Found");
    }

    @Test
    void anImageWithoutDisk() throws Exception {
        Files.writeString(images.directory().resolve("readme.txt"), "nothing to boot");
        images.build("FROM scratch", "COPY readme.txt /docs/readme.txt");
        String image = open.hostAndPort() + "/images/docs:1";
        images.push(image, "--format oci");
        assertFails("no-disk", new Origin.ContainerImage(image, null, null), "ProvisioningFailed", "/disk");
    }

    @Test
    void overTlsWithACertificateOfItsOwn() throws Exception {
        images.run(
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=the sandbox's authority",
                "-keyout",
                "ca.key",
                "-out",
                "ca.pem");
        images.run(
                "openssl",
                "req",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-subj",
                "/CN=registry",
                "-keyout",
                "tls.key",
                "-out",
                "tls.csr");
        Files.writeString(images.directory().resolve("tls.ext"), "subjectAltName=IP:127.0.0.2\n");
        images.run(
                "openssl",
                "x509",
                "-req",
                "-in",
                "tls.csr",
                "-CA",
                "ca.pem",
                "-CAkey",
                "ca.key",
                "-CAcreateserial",
                "-days",
                "2",
                "-extfile",
                "tls.ext",
                "-out",
                "tls.pem");
        Path build = images.directory();
        try (Registry registry = Registry.start(
                folder("tls"),
                Registry.Storage.FOLDER,
                new RegistryAccess.Open(),
                new Registry.Tls("127.0.0.2", build.resolve("tls.pem"), build.resolve("tls.key")))) {
            images.build("FROM scratch", "COPY ubuntu2204.img /disk/ubuntu2204.img");
            String image = registry.hostAndPort() + "/images/ubuntu2204:1";
            images.push(image, "--format oci --disable-compression");
            String bundle = Base64.getEncoder().encodeToString(Files.readAllBytes(build.resolve("ca.pem")));
            assertArrives("tls", new Origin.ContainerImage(image, null, bundle), "ubuntu2204.img");
            assertFails(
                    "tls-unknown",
                    new Origin.ContainerImage(image, null, null),
                    "ImagePullFailed",
                    "dataSource.containerImage.caBundle");
        }
    }

    private void assertArrives(String name, Origin.ContainerImage origin, String file) throws Exception {
        world.images().apply(name, origin);
        VirtualImage image = world.images()
                .await(name, "an end", WITHIN, each -> each.phase() == Phase.READY || each.phase() == Phase.FAILED);
        assertThat(image.phase()).as(Images.words(image)).isEqualTo(Phase.READY);
        VirtualImageStatus status = Objects.requireNonNull(image.getStatus());
        Path source = images.directory().resolve(file);
        assertThat(status.format()).isEqualTo("qcow2");
        assertThat(status.size().storedBytes()).isEqualTo(Long.toString(Files.size(source)));
        Path disk = Programs.diskOf(status.target().registryURL(), world.directory());
        assertThat(Files.mismatch(disk, source)).isEqualTo(-1);
        Files.delete(disk);
    }

    private void assertFails(String name, Origin.ContainerImage origin, String reason, String words) {
        world.images().apply(name, origin);
        VirtualImage image = world.images().await(name, Phase.FAILED, WITHIN);
        var ready = Objects.requireNonNull(image.getStatus())
                .condition(ConditionType.READY)
                .orElseThrow();
        assertThat(ready.getReason()).as(ready.getMessage()).isEqualTo(reason);
        assertThat(ready.getMessage()).contains(words);
    }

    private Set<String> workersOf(String name) throws Exception {
        Set<String> workers = new TreeSet<>();
        List<String> records = new ArrayList<>(Programs.records(
                world.sandbox().value("KAFKA_BOOTSTRAP"), Topic.FETCHED.topicName(), world.directory()));
        for (String record : records) {
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
}
