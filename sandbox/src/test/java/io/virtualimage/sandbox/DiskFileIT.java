package io.virtualimage.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.disk.zstd.ZstdInputStream;
import io.virtualimage.oci.Credentials;
import io.virtualimage.oci.DockerConfig;
import io.virtualimage.oci.HttpRegistry;
import io.virtualimage.oci.ImageReference;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.Platform;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.RegistrySettings;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.Tag;
import io.virtualimage.oci.layer.BlobStream;
import io.virtualimage.oci.layer.Compression;
import io.virtualimage.oci.layer.DiskFileFinder;
import io.virtualimage.oci.layer.LayerDecompressor;
import io.virtualimage.oci.layer.LayerFile;
import io.virtualimage.oci.layer.NoDiskFileException;
import io.virtualimage.oci.layer.ScanLimits;
import io.virtualimage.oci.layer.UnusableImageException;
import io.virtualimage.sandbox.components.Component;
import io.virtualimage.sandbox.components.Components;
import io.virtualimage.sandbox.components.LocalProcess;
import io.virtualimage.sandbox.components.Ports;
import io.virtualimage.sandbox.components.Readiness;
import io.virtualimage.sandbox.components.Registry;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPInputStream;
import okhttp3.OkHttpClient;
import okhttp3.Response;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images that others make (buildah, umoci, skopeo), on a real registry. */
@ExtendWith(Components.class)
class DiskFileIT {

    private static final LayerDecompressor UNPACKERS = (packed, compression) -> switch (compression) {
        case GZIP -> new GZIPInputStream(packed);
        case ZSTD -> new ZstdInputStream(packed, 8 << 20);
        case NONE -> throw new IllegalArgumentException("not packed");
    };

    private final byte[] content = new byte[1_234_567];
    private final AtomicLong blobBytes = new AtomicLong();
    private final OkHttpClient client = new OkHttpClient.Builder()
            .addNetworkInterceptor(chain -> {
                Response response = chain.proceed(chain.request());
                if (chain.request().url().encodedPath().contains("/blobs/")) {
                    blobBytes.addAndGet(response.body().contentLength());
                }
                return response;
            })
            .build();

    private final Repository repository = new Repository("disks/" + UUID.randomUUID());
    private final Registry registry;

    @TempDir
    private Path directory;

    DiskFileIT(Registry registry) {
        this.registry = registry;
        new Random(1).nextBytes(content);
    }

    /** The user documentation's Dockerfile. */
    @ParameterizedTest
    @CsvSource({
        "--format oci, GZIP",
        "--format v2s2, GZIP",
        "--format oci --disable-compression, NONE",
        "--format v2s2 --disable-compression, NONE",
        "--format oci --compression-format zstd, ZSTD",
    })
    void isWhatTheDockerfileCopies(String options, Compression compression) throws Exception {
        Files.write(directory.resolve("ubuntu2204.img"), content);
        build("FROM scratch", "COPY ubuntu2204.img /disk/ubuntu2204.img");
        push("latest", options);
        LayerFile file = find(Tag.LATEST);
        assertThat(file.name()).isEqualTo("disk/ubuntu2204.img");
        assertThat(file.compression()).isEqualTo(compression);
        assertThat(bytesOf(file)).isEqualTo(content);
    }

    @Test
    void isFoundInLayersThatReplaceAndRemove() throws Exception {
        Files.write(directory.resolve("a.img"), new byte[1000]);
        Files.write(directory.resolve("b.img"), content);
        run("umoci", "init", "--layout", "oci");
        run("umoci", "new", "--image", "oci:1");
        umoci("1", "a.img", "/disk/a.img");
        umoci("1", "b.img", "/disk/z/b.img");
        umoci("1", "b.img", "/etc/b.img");
        copy("1");
        assertThat(find(new Tag("1")).lengthBytes()).isEqualTo(1000);
        umoci("1", "--tag", "2", "--whiteout", "/disk/a.img");
        copy("2");
        LayerFile second = find(new Tag("2"));
        assertThat(second.name()).isEqualTo("disk/z/b.img");
        assertThat(bytesOf(second)).isEqualTo(content);
        Files.write(Files.createDirectory(directory.resolve("new")).resolve("c.img"), new byte[7]);
        umoci("1", "--tag", "3", "--opaque", "new", "/disk");
        copy("3");
        assertThat(find(new Tag("3")).name()).isEqualTo("disk/c.img");
        umoci("1", "--tag", "4", "--whiteout", "/disk");
        copy("4");
        assertThatThrownBy(() -> find(new Tag("4")))
                .isInstanceOf(NoDiskFileException.class)
                .hasMessageContaining("'disk/a.img'")
                .hasMessageContaining("'etc/b.img'");
    }

    @Test
    void isChosenFromAnIndex() throws Exception {
        buildah("manifest", "create", "localhost/list");
        for (String arch : List.of("arm64", "amd64")) {
            Files.writeString(directory.resolve(arch), arch);
            buildah(
                    "bud",
                    "--isolation",
                    "chroot",
                    "--arch",
                    arch,
                    "--manifest",
                    "localhost/list",
                    "-f",
                    dockerfile("FROM scratch", "COPY " + arch + " /disk/x").toString(),
                    ".");
        }
        for (String format : List.of("oci", "v2s2")) {
            buildah(
                    "manifest",
                    "push",
                    "--tls-verify=false",
                    "--all",
                    "--format",
                    format,
                    "localhost/list",
                    image(format));
            assertThat(bytesOf(find(new Tag(format))))
                    .asString(StandardCharsets.UTF_8)
                    .isEqualTo("amd64");
            assertThat(bytesOf(find(new Tag(format), new Platform("linux", "arm64", null))))
                    .asString(StandardCharsets.UTF_8)
                    .isEqualTo("arm64");
        }
    }

    @Test
    void costsLittleWhereALayerIsNotCompressed() throws Exception {
        Files.createDirectories(directory.resolve("tree/disk"));
        for (String name : List.of("big1", "big2", "disk/x.img")) {
            Files.write(directory.resolve("tree").resolve(name), new byte[32 << 20]);
        }
        build("FROM scratch", "COPY tree /");
        push("latest", "--disable-compression");
        LayerFile file = find(Tag.LATEST);
        assertThat(file.lengthBytes()).isEqualTo(32 << 20);
        assertThat(file.layerBytes()).isGreaterThan(96 << 20);
        assertThat(blobBytes).hasValueLessThan(100_000);
    }

    @Test
    void isBehindAPassword() throws Exception {
        Files.writeString(
                directory.resolve("htpasswd"),
                run("htpasswd", "-nbB", "user", "geheim").strip());
        String address = "127.0.0.1:" + new Ports(directory).port("registry");
        Path config = Files.writeString(
                directory.resolve("config.yml"), """
                version: 0.1
                log: {level: warn}
                storage: {inmemory: {}}
                http: {addr: %s}
                auth: {htpasswd: {realm: sandbox, path: %s}}
                """.formatted(address, directory.resolve("htpasswd")));
        LocalProcess.Program program = new LocalProcess.Program(
                        "registry",
                        directory.resolve("registry.log"),
                        List.of(Component.REGISTRY.program().toString(), "serve", config.toString()))
                .withEnvironment(Map.of("OTEL_TRACES_EXPORTER", "none"));
        try (LocalProcess process = LocalProcess.start(program)) {
            process.awaitReady(Readiness.http(URI.create("http://" + address + "/")), Duration.ofMinutes(1));
            run(
                    "skopeo",
                    "login",
                    "--tls-verify=false",
                    "-u",
                    "user",
                    "-p",
                    "geheim",
                    "--authfile",
                    "auth.json",
                    address);
            Credentials good = DockerConfig.parse(Files.readAllBytes(directory.resolve("auth.json")))
                    .credentialsFor(ImageReference.parse(address + "/disks/x"))
                    .orElseThrow();
            assertThat(good).isEqualTo(new Credentials("user", "geheim"));
            connect(address, good).checkApi();
            for (Credentials bad : Arrays.asList(new Credentials("user", "wrong"), null)) {
                assertThatThrownBy(() -> find(connect(address, bad), Tag.LATEST, Platform.LINUX_AMD64))
                        .isInstanceOfSatisfying(
                                RegistryException.class,
                                e -> assertThat(e.reason()).isEqualTo(RegistryException.Reason.UNAUTHORIZED))
                        .hasMessageContaining("401 Unauthorized (authentication required)")
                        .hasMessageNotContaining("wrong");
            }
        }
    }

    private LayerFile find(Tag tag) throws IOException, UnusableImageException {
        return find(tag, Platform.LINUX_AMD64);
    }

    private LayerFile find(Tag tag, Platform platform) throws IOException, UnusableImageException {
        return find(connect(registry.hostAndPort(), null), tag, platform);
    }

    private LayerFile find(OciRegistry from, Tag tag, Platform platform) throws IOException, UnusableImageException {
        return new DiskFileFinder(UNPACKERS, ScanLimits.DEFAULTS).find(from, repository, tag, platform);
    }

    private OciRegistry connect(String address, Credentials credentials) {
        URI base = URI.create("http://" + address);
        return new HttpRegistry(new RegistrySettings(base, credentials, List.of()), client, Clock.systemUTC());
    }

    private byte[] bytesOf(LayerFile file) throws IOException {
        OciRegistry from = connect(registry.hostAndPort(), null);
        try (BlobStream blob = BlobStream.of(from, repository, file.layer(), file.layerBytes())) {
            InputStream layer =
                    file.compression() == Compression.NONE ? blob : UNPACKERS.unpack(blob, file.compression());
            layer.skipNBytes(file.offsetBytes());
            byte[] bytes = layer.readNBytes((int) file.lengthBytes());
            blob.readToEnd();
            return bytes;
        }
    }

    private void build(String... lines) throws IOException, InterruptedException {
        buildah(
                "bud",
                "--isolation",
                "chroot",
                "-t",
                "localhost/disk",
                "-f",
                dockerfile(lines).toString(),
                ".");
    }

    private Path dockerfile(String... lines) throws IOException {
        return Files.writeString(directory.resolve("Dockerfile"), String.join("\n", lines) + "\n");
    }

    /** By way of a folder, since nothing else stays uncompressed on its way to a registry. */
    private void push(String tag, String options) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(List.of("push"));
        arguments.addAll(List.of(options.split(" ")));
        arguments.addAll(List.of("localhost/disk", "dir:" + directory + "/pushed"));
        buildah(arguments.toArray(String[]::new));
        run("skopeo", "copy", "--preserve-digests", "--dest-tls-verify=false", "dir:pushed", image(tag));
    }

    private void umoci(String image, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("umoci", "insert", "--image", "oci:" + image));
        command.addAll(List.of(arguments));
        run(command.toArray(String[]::new));
    }

    private void copy(String tag) throws IOException, InterruptedException {
        run("skopeo", "copy", "--dest-tls-verify=false", "oci:oci:" + tag, image(tag));
    }

    private String image(String tag) {
        return "docker://" + registry.hostAndPort() + "/" + repository + ":" + tag;
    }

    private void buildah(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                "buildah",
                "--root",
                directory + "/storage",
                "--runroot",
                directory + "/run",
                "--storage-driver",
                "vfs"));
        command.addAll(List.of(arguments));
        run(command.toArray(String[]::new));
    }

    private String run(String... command) throws IOException, InterruptedException {
        Path said = Files.createTempFile("disk-file-it", ".out");
        try {
            Process process = new ProcessBuilder(command)
                    .directory(directory.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(said.toFile())
                    .start();
            boolean ended = process.waitFor(120, TimeUnit.SECONDS);
            if (!ended) {
                process.destroyForcibly();
            }
            String text = Files.readString(said, StandardCharsets.UTF_8);
            assertThat(ended && process.exitValue() == 0)
                    .as("%s: %s", String.join(" ", command), text)
                    .isTrue();
            return text;
        } finally {
            Files.delete(said);
        }
    }
}
