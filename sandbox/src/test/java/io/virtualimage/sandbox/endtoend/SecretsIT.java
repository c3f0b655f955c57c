package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.sandbox.Sandbox;
import io.virtualimage.sandbox.components.Registry;
import io.virtualimage.sandbox.components.RegistryAccess;
import io.virtualimage.sandbox.components.TokenServer;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * No secret gets anywhere but where it is used. What everybody can see (records, logs, status, events, staged objects,
 * metrics) is collected while images with secrets come and fail, and grep looks for the secrets in it.
 */
@ExtendWith(EndToEnd.class)
class SecretsIT {
    private static final long MIB = 1 << 20;
    private static final Duration WITHIN = Duration.ofMinutes(5);

    /** With characters that look different in a URL. */
    private static final String PASSWORD = "Geh3im+/%&hier-5f1c";

    private static final String WRONG_PASSWORD = "Falsch+/%&hier-77ab";
    private static final String SIGNATURE = "3b9f0c61d2e84a75b0c1f2d3e4a5968778695a4b3c2d1e0f";
    private static final String URL_PASSWORD = "w0rt-in-der-url-91e4";
    private static final String USER = "leser";

    private final World world;
    private final Path directory;
    private final Path haystack;
    private final Set<String> secrets = new TreeSet<>();

    SecretsIT(World world) throws IOException {
        this.world = world;
        this.directory = Files.createTempDirectory(world.directory(), "secrets-");
        this.haystack = Files.createDirectories(directory.resolve("haystack"));
    }

    @Test
    void noSecretIsSeenAnywhere() throws Exception {
        keepSecret(PASSWORD);
        keepSecret(WRONG_PASSWORD);
        keepSecret(URL_PASSWORD);
        secrets.add(SIGNATURE);

        pullFromPrivateRegistries();
        fetchFromSecretUrls();
        upload();

        collectTopics();
        collectFromKubernetes();
        collectMetrics();
        collectStaged("after");
        assertThatNothingIsFound();
    }

    /** A password, and what becomes of it where it is used. */
    private void keepSecret(String password) {
        secrets.add(password);
        secrets.add(password.replace("&", "\\u0026")); // as Go writes JSON
        secrets.add(URLEncoder.encode(password, StandardCharsets.UTF_8));
        secrets.add(base64(password));
        secrets.add(base64(USER + ":" + password));
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    // ---- what happens

    private void pullFromPrivateRegistries() throws Exception {
        ContainerImages images = new ContainerImages(directory.resolve("build"));
        SampleImages.writeQcow2(images.directory().resolve("private.img"), 256 * MIB, 40 * MIB, 61);
        images.build("FROM scratch", "COPY private.img /disk/private.img");
        Path passwords =
                Files.writeString(directory.resolve("htpasswd"), images.run("htpasswd", "-nbB", USER, PASSWORD));
        try (Registry registry = Registry.start(
                Files.createDirectories(directory.resolve("passwords")),
                Registry.Storage.FOLDER,
                new RegistryAccess.Passwords(passwords),
                null)) {
            pullRightAndWrong(images, registry, "secret-basic");
        }
        try (TokenServer tokens =
                        TokenServer.start(directory.resolve("tokens"), Map.of(USER, PASSWORD), Duration.ofMinutes(1));
                Registry registry = Registry.start(
                        Files.createDirectories(directory.resolve("bearer")),
                        Registry.Storage.FOLDER,
                        new RegistryAccess.Tokens(tokens),
                        null)) {
            pullRightAndWrong(images, registry, "secret-bearer");
            secrets.addAll(tokens.given());
        }
    }

    private void pullRightAndWrong(ContainerImages images, Registry registry, String name) throws Exception {
        String image = registry.hostAndPort() + "/images/private";
        images.push(image + ":plain", "--format oci --disable-compression", "--dest-creds", USER + ":" + PASSWORD);
        images.push(image + ":gzip", "--format oci", "--dest-creds", USER + ":" + PASSWORD);
        pullSecret(name + "-right", registry, PASSWORD);
        pullSecret(name + "-wrong", registry, WRONG_PASSWORD);
        pull(name + "-plain", image + ":plain", name + "-right");
        pull(name + "-gzip", image + ":gzip", name + "-right");
        pull(name + "-failing", image + ":plain", name + "-wrong");
        world.images().await(name + "-failing", Phase.FAILED, WITHIN);
        world.images().await(name + "-plain", Phase.READY, WITHIN);
        world.images().await(name + "-gzip", Phase.READY, WITHIN);
    }

    private void pull(String name, String image, String secret) {
        world.images().apply(name, new Origin.ContainerImage(image, new Origin.PullSecret(secret), null));
    }

    private void pullSecret(String name, Registry registry, String password) throws Exception {
        kubectl(
                "create",
                "secret",
                "docker-registry",
                name,
                "--docker-server=" + registry.hostAndPort(),
                "--docker-username=" + USER,
                "--docker-password=" + password);
    }

    private void fetchFromSecretUrls() throws Exception {
        SampleImages.writeQcow2(world.files().resolve("presigned.qcow2"), 1024 * MIB, 400 * MIB, 62);
        world.images().apply("secret-url", secretUrl(world.slow().uri("presigned.qcow2")), null);
        world.images().apply("secret-url-404", secretUrl(world.slow().uri("not-there.qcow2")), null);
        world.images().apply("secret-url-refused", secretUrl(URI.create("http://127.0.0.1:1/refused.qcow2")), null);
        Awaitility.await()
                .pollInterval(Duration.ofMillis(200))
                .atMost(Duration.ofMinutes(1))
                .until(() -> stagedObjects() > 3);
        collectStaged("meanwhile");
        assertThat(world.images().find("secret-url").orElseThrow().phase()).isEqualTo(Phase.PROVISIONING);
        world.images().await("secret-url-404", Phase.FAILED, WITHIN);
        world.images().await("secret-url-refused", Phase.FAILED, WITHIN);
        world.images().await("secret-url", Phase.READY, WITHIN);
    }

    /** Broken off, refused, and sent once more. What the status shows of the address is gone when it is done. */
    private void upload() throws Exception {
        Path file = directory.resolve("uploaded.qcow2");
        SampleImages.writeQcow2(file, 128 * MIB, 40 * MIB, 63);
        world.images().apply("secret-upload", new Origin.Upload(null));
        VirtualImageStatus waiting = Objects.requireNonNull(world.images()
                .await("secret-upload", Phase.WAIT_FOR_USER_UPLOAD, WITHIN)
                .getStatus());
        String address = waiting.imageUploadURLs().external();
        secrets.add(address.substring(address.lastIndexOf('/') + 1));
        String commands = """
                curl -s -o /dev/null --limit-rate 20M --max-time 1 -T "$1" "$0"
                curl -s -o /dev/null -C 12345 -T "$1" "$0"
                curl -sS --retry 10 --retry-delay 2 --retry-all-errors --fail -T "$1" "$0"
                """;
        String answer = Programs.run(directory, "sh", "-c", commands, address, file.toString());
        assertThat(answer).contains("secret-upload");
        world.images().await("secret-upload", Phase.READY, WITHIN);
        Programs.run(directory, "curl", "-s", "-o", "/dev/null", "-T", file.toString(), address); // 410
    }

    private static URI secretUrl(URI plain) {
        return URI.create(plain.toString().replace("//", "//" + USER + ":" + URL_PASSWORD + "@")
                + "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=" + SIGNATURE);
    }

    // ---- what is seen of it

    private void collectTopics() throws Exception {
        String bootstrap = world.sandbox().value("KAFKA_BOOTSTRAP");
        String listing = Programs.run(directory, "kcat", "-b", bootstrap, "-L");
        List<String> topics = Pattern.compile("topic \"([^\"]+)\"")
                .matcher(listing)
                .results()
                .map(match -> match.group(1))
                .toList();
        assertThat(topics).contains("virtualimage.requests", "virtualimage.fetch-tasks", "virtualimage.status");
        for (String topic : topics) {
            Path file = haystack.resolve("topic-" + topic);
            // The broker's own topics are written all the time, so that one never comes to their end.
            String command = topic.startsWith("__")
                    ? "timeout 20 kcat -b \"$1\" -C -t \"$2\" -q -o beginning -f '%k %h %s\\n' > \"$3\" || [ $? = 124 ]"
                    : "kcat -b \"$1\" -C -t \"$2\" -e -q -o beginning -f '%k %h %s\\n' > \"$3\"";
            Programs.run(directory, "sh", "-c", command, "sh", bootstrap, topic, file.toString());
        }
    }

    /** Without specs, which hold what the user wrote into them. */
    private void collectFromKubernetes() throws Exception {
        Files.writeString(
                haystack.resolve("status.json"),
                kubectl(
                        "get",
                        "vi",
                        "-o",
                        "jsonpath={range .items[*]}{.metadata.name}"
                                + "{\" \"}{.metadata.annotations}{\" \"}{.status}{\"\\n\"}{end}"));
        // Not as YAML, which breaks long lines where it likes.
        Files.writeString(haystack.resolve("events.json"), kubectl("get", "events", "-o", "json"));
    }

    private void collectMetrics() throws Exception {
        try (HttpClient http = HttpClient.newHttpClient()) {
            for (Sandbox.Replica replica : world.sandbox().replicas()) {
                URI metrics = replica.readiness().resolve("/metrics");
                var answer = http.send(HttpRequest.newBuilder(metrics).build(), BodyHandlers.ofString());
                assertThat(answer.statusCode()).isEqualTo(200);
                Files.writeString(haystack.resolve("metrics-" + replica.name()), answer.body());
            }
        }
    }

    private Path store() {
        return world.directory().resolve("sandbox").resolve("s3").resolve("data");
    }

    private long stagedObjects() throws IOException {
        return objects().stream()
                .filter(file -> file.toString().contains("/source/"))
                .count();
    }

    private List<Path> objects() throws IOException {
        List<Path> found = new ArrayList<>();
        try (Stream<Path> all = Files.walk(store())) {
            all.filter(Files::isRegularFile).forEach(found::add);
        } catch (UncheckedIOException e) {
            if (!(e.getCause() instanceof NoSuchFileException)) {
                throw e;
            }
            // What is gone meanwhile is seen the next time.
        }
        return found;
    }

    /** Contents, names and metadata, which that store keeps in extended attributes. */
    private void collectStaged(String when) throws IOException {
        Path copies = Files.createDirectories(haystack.resolve("staged-" + when));
        StringBuilder facts = new StringBuilder();
        int number = 0;
        for (Path object : objects()) {
            try {
                Files.copy(object, copies.resolve(Integer.toString(number++)));
                facts.append(object).append('\n');
                UserDefinedFileAttributeView view =
                        Files.getFileAttributeView(object, UserDefinedFileAttributeView.class);
                for (String name : view.list()) {
                    ByteBuffer value = ByteBuffer.allocate(view.size(name));
                    view.read(name, value);
                    facts.append(name)
                            .append('=')
                            .append(StandardCharsets.UTF_8.decode(value.flip()))
                            .append('\n');
                }
            } catch (NoSuchFileException e) {
                facts.append(object).append(" is gone\n");
            }
        }
        Files.writeString(copies.resolve("facts"), facts);
    }

    // ---- grep

    private void assertThatNothingIsFound() throws Exception {
        List<String> places = new ArrayList<>(List.of(haystack.toString()));
        try (Stream<Path> all = Files.walk(world.directory())) {
            // The servers that users would run themselves log what they were asked for.
            all.filter(file -> file.toString().endsWith(".log"))
                    .filter(file -> !file.startsWith(directory)
                            && !Objects.toString(file.getParent()).contains("nginx"))
                    .forEach(file -> places.add(file.toString()));
        }
        assertThat(places).anyMatch(place -> place.endsWith("fetcher-1.log"));
        assertThat(places).anyMatch(place -> place.endsWith("status-writer-1.log"));
        assertThat(places).anyMatch(place -> place.endsWith("registry.log"));

        // What is public is found where it has to be, so what grep doesn't find isn't there.
        assertThat(grep(places, List.of("/presigned.qcow2")))
                .contains(haystack.resolve("topic-virtualimage.requests").toString());
        assertThat(grep(places, List.of("/not-there.qcow2 answered 404")))
                .contains(
                        haystack.resolve("status.json").toString(),
                        haystack.resolve("events.json").toString());
        assertThat(grep(places, List.of("401 Unauthorized")))
                .contains(haystack.resolve("status.json").toString());
        assertThat(grep(places, List.of("fetcher-1"))).anyMatch(place -> place.endsWith("fetcher-1.log"));
        assertThat(grep(places, List.of("/source/")))
                .contains(haystack.resolve("staged-meanwhile").resolve("facts").toString());
        Files.writeString(haystack.resolve("control"), "x" + base64(USER + ":" + PASSWORD) + "x");
        assertThat(grep(places, secrets))
                .containsExactly(haystack.resolve("control").toString());
    }

    /** The files in which one of the texts is. */
    private List<String> grep(List<String> places, Iterable<String> texts) throws Exception {
        Path patterns = Files.write(directory.resolve("patterns"), texts);
        List<String> command =
                new ArrayList<>(List.of("sh", "-c", "grep -rlaF -f \"$0\" \"$@\" || [ $? = 1 ]", patterns.toString()));
        command.addAll(places);
        return Programs.run(directory, command.toArray(String[]::new)).lines().toList();
    }

    private String kubectl(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(
                List.of("kubectl", "--kubeconfig", world.sandbox().kubeconfig().toString()));
        command.addAll(List.of(arguments));
        return Programs.run(directory, command.toArray(String[]::new));
    }
}
