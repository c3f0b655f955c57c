package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.Checksum;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import io.virtualimage.sandbox.endtoend.LyingServer.Request;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Servers that break their word: the image arrives as it is, or fails in words that say what the server did. */
@ExtendWith(EndToEnd.class)
class LyingServerIT {
    private static final long MIB = 1 << 20;
    private static final Duration WITHIN = Duration.ofMinutes(3);
    private static final String TAG = "ETag: \"v1\"";

    private final World world;

    LyingServerIT(World world) {
        this.world = world;
    }

    // ---- what arrives all the same

    @Test
    void connectionsThatAreCutGoOnFromWhereTheyWere() throws Exception {
        Path source = image("lying-cut", 40);
        long size = Files.size(source);
        try (LyingServer server = new LyingServer((request, reply) -> {
            reply.head(
                    "206 Partial Content",
                    TAG,
                    contentRange(request, size),
                    "Content-Length: " + length(request, size));
            reply.file(source, request.first(), Math.min(length(request, size), 5 * MIB));
        })) {
            assertArrives("lying-cut", server.uri("lying-cut.qcow2"), source);
            assertThat(server.bodyBytes()).isBetween(size, size + size / 10);
        }
    }

    @Test
    void aStreamThatIsCutBeginsAgain() throws Exception {
        Path source = image("cut-stream", 40);
        long size = Files.size(source);
        AtomicInteger streams = new AtomicInteger();
        try (LyingServer server = new LyingServer((request, reply) -> {
            boolean cut = !request.ranged() && streams.incrementAndGet() <= 2;
            reply.head("200 OK", "Content-Length: " + size);
            reply.file(source, 0, cut ? 18 * MIB : size);
        })) {
            assertArrives("cut-stream", server.uri("cut-stream.qcow2"), source);
            assertThat(streams).hasValueGreaterThanOrEqualTo(3);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "503 Service Unavailable",
                "503 Slow Down/1",
                "429 Too Many Requests",
                "429 Slow Down/1",
                "416 No"
            })
    void aServerThatIsNotInTheMoodForAWhile(String mood) throws Exception {
        String[] words = mood.split("/", -1);
        String name = "mood-" + mood.replaceAll("[^0-9]", "");
        Path source = image(name, 20);
        long size = Files.size(source);
        AtomicInteger asked = new AtomicInteger();
        try (LyingServer server = new LyingServer((request, reply) -> {
            // The probe, twice, and a piece.
            if (List.of(1, 2, 5).contains(asked.incrementAndGet())) {
                reply.head(
                        words[0], words.length > 1 ? "Retry-After: " + words[1] : "X-Mood: low", "Content-Length: 0");
            } else if (request.ranged()) {
                piece(request, reply, source, TAG);
            } else {
                reply.head("200 OK", TAG, "Content-Length: " + size);
                reply.file(source, 0, size);
            }
        })) {
            assertArrives(name, server.uri(name + ".qcow2"), source);
        }
    }

    @Test
    void aServerThatCantStandRangesNorHead() throws Exception {
        Path source = image("no-ranges", 20);
        try (LyingServer server = new LyingServer((request, reply) -> {
            if (request.ranged()) {
                reply.head("416 Range Not Satisfiable", "Content-Length: 0");
            } else {
                reply.head("200 OK", "Accept-Ranges: bytes", TAG, "Content-Length: " + Files.size(source));
                reply.file(source, 0, Files.size(source));
            }
        })) {
            assertArrives("no-ranges", server.uri("no-ranges.qcow2"), source);
            assertThat(server.requests())
                    .allSatisfy(request -> assertThat(request.text()).startsWith("GET "));
        }
    }

    @Test
    void anEntityTagThatIsAnotherOneEachTime() throws Exception {
        Path source = image("tags", 40);
        AtomicInteger asked = new AtomicInteger();
        try (LyingServer server = new LyingServer((request, reply) -> {
            String tag = "ETag: \"v" + asked.incrementAndGet() + "\"";
            if (request.ranged()) {
                piece(request, reply, source, tag);
            } else {
                reply.head("200 OK", tag, "Content-Length: " + Files.size(source));
                reply.file(source, 0, Files.size(source));
            }
        })) {
            assertArrives("tags", server.uri("tags.qcow2"), source);
        }
    }

    /** The whole instead of a piece, a piece from another place, a longer one, one of a longer file. */
    @ParameterizedTest
    @ValueSource(strings = {"whole", "elsewhere", "longer", "total"})
    void rangesThatArePromisedAndNotKept(String lie) throws Exception {
        String name = "ranges-" + lie;
        Path source = image(name, 40);
        long size = Files.size(source);
        try (LyingServer server = new LyingServer((request, reply) -> {
            boolean probe = request.ranged() && request.last() == 0;
            if (probe) {
                piece(request, reply, source, TAG);
            } else if (!request.ranged() || lie.equals("whole")) {
                reply.head("200 OK", TAG, "Content-Length: " + size);
                reply.file(source, 0, size);
            } else {
                long first = request.first() + (lie.equals("elsewhere") ? 512 : 0);
                long last = Math.min(request.last() + (lie.equals("longer") ? 512 : 0), size - 1);
                piece(reply, source, first, last, lie.equals("total") ? size + 512 : size);
            }
        })) {
            assertArrives(name, server.uri(name + ".qcow2"), source);
        }
    }

    @Test
    void aTotalThatWasNeverThere() throws Exception {
        Path source = image("too-much", 40);
        long size = Files.size(source);
        try (LyingServer server = new LyingServer((request, reply) -> {
            if (!request.ranged()) {
                reply.head("200 OK", TAG, "Content-Length: " + size);
                reply.file(source, 0, size);
            } else if (request.first() >= size) {
                reply.head("416 Range Not Satisfiable", "Content-Range: bytes */" + size, "Content-Length: 0");
            } else {
                piece(reply, source, request.first(), Math.min(request.last(), size - 1), size + 20 * MIB);
            }
        })) {
            assertArrives("too-much", server.uri("too-much.qcow2"), source);
        }
    }

    @Test
    void chunksWithoutALength() throws Exception {
        Path source = image("chunked", 20);
        try (LyingServer server = new LyingServer((request, reply) -> {
            reply.head("200 OK", "Transfer-Encoding: chunked");
            long size = Files.size(source);
            for (long at = 0; at < size; at += MIB) {
                long count = Math.min(MIB, size - at);
                reply.text(Long.toHexString(count) + "\r\n");
                reply.file(source, at, count);
                reply.text("\r\n");
            }
            reply.text("0\r\n\r\n");
        })) {
            assertArrives("chunked", server.uri("chunked.qcow2"), source);
        }
    }

    @Test
    void whatIsPackedForTheWireUnasked() throws Exception {
        Path source = image("packed", 20);
        Path packed = world.directory().resolve("packed.gz");
        try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
            Files.copy(source, out);
        }
        try (LyingServer server = new LyingServer((request, reply) -> {
            reply.head("200 OK", "Content-Encoding: gzip", "Content-Length: " + Files.size(packed));
            reply.file(packed, 0, Files.size(packed));
        })) {
            assertArrives("packed", server.uri("packed.qcow2"), source);
        }
        try (LyingServer server = new LyingServer((request, reply) -> {
            reply.head("200 OK", "Content-Encoding: br", "Content-Length: " + Files.size(packed));
            reply.file(packed, 0, Files.size(packed));
        })) {
            assertFails("packed-br", server.uri("packed.qcow2"), "Content-Encoding: br");
        }
    }

    @Test
    void credentialsStayWithWhomTheyWereGivenTo() throws Exception {
        Path source = image("redirected", 20);
        try (LyingServer other = new LyingServer((request, reply) -> piece(request, reply, source, TAG));
                LyingServer server = new LyingServer((request, reply) -> {
                    if (request.text().contains("\r\nAuthorization: Basic ")) {
                        reply.head("302 Found", "Location: " + other.uri("b.qcow2"), "Content-Length: 0");
                    } else {
                        reply.head("401 Unauthorized", "Content-Length: 0");
                    }
                })) {
            URI uri = URI.create(server.uri("a.qcow2").toString().replace("http://", "http://user:secret@"));
            assertArrives("redirected", uri, source);
            assertThat(other.requests())
                    .isNotEmpty()
                    .allSatisfy(request -> assertThat(request.text()).doesNotContainIgnoringCase("authorization"));
        }
    }

    // ---- what fails

    @Test
    void aLoginPageBehindARedirect() throws Exception {
        try (LyingServer server = new LyingServer((request, reply) -> {
            if (request.text().startsWith("GET /login")) {
                String page = "<!DOCTYPE html><html><head><title>Sign in</title></head></html>\n".repeat(50);
                reply.head("200 OK", "Content-Type: text/html", "Content-Length: " + page.length());
                reply.text(page);
            } else {
                reply.head("302 Found", "Location: /login", "Content-Length: 0");
            }
        })) {
            assertFails("login", server.uri("disk.qcow2"), "HTML");
        }
    }

    @Test
    void redirectsWithoutEnd() throws Exception {
        try (LyingServer server =
                new LyingServer((request, reply) -> reply.head("302 Found", "Location: /again", "Content-Length: 0"))) {
            assertFails("circle", server.uri("disk.qcow2"), "redirects more than 10 times");
        }
    }

    /** Nothing but a checksum can tell that there was more. */
    @Test
    void fewerBytesThanThereAre() throws Exception {
        Path source = world.files().resolve("short.raw");
        SampleImages.writeRaw(source, 40 * MIB, 30 * MIB, 91);
        String sum = sha256(source);
        try (LyingServer server = new LyingServer((request, reply) -> {
            reply.head("200 OK", "Content-Length: " + 20 * MIB);
            reply.file(source, 0, 40 * MIB);
        })) {
            world.images()
                    .apply(
                            "short",
                            new Origin.Http(
                                    server.uri("short.raw").toString(),
                                    null,
                                    new Checksum(null, null, sum, null, null, null)));
            assertFailed("short", "expected sha256 " + sum);
        }
    }

    @Test
    void aServerThatSaysNothing() throws Exception {
        CountDownLatch over = new CountDownLatch(1);
        try (LyingServer server = new LyingServer((request, reply) -> {
            try {
                over.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        })) {
            assertFails("silent", server.uri("disk.qcow2"), "timeout");
        } finally {
            over.countDown();
        }
    }

    // ---- authorities

    @Test
    void anAuthorityOfOnesOwn() throws Exception {
        Path source = image("tls", 20);
        Path folder = Files.createDirectories(world.directory().resolve("tls"));
        Files.copy(source, folder.resolve("tls.qcow2"));
        openssl(
                folder,
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=authority"
                        + " -keyout ca.key -out ca.pem");
        openssl(
                folder,
                "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=server"
                        + " -keyout server.key -out server.csr");
        Files.writeString(folder.resolve("server.ext"), "subjectAltName=IP:127.0.0.1\n");
        openssl(
                folder,
                "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2"
                        + " -extfile server.ext -out server.pem");
        Process server = new ProcessBuilder(
                        "openssl",
                        "s_server",
                        "-accept",
                        "127.0.0.1:0",
                        "-cert",
                        "server.pem",
                        "-key",
                        "server.key",
                        "-WWW")
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .start();
        try {
            URI uri = URI.create("https://127.0.0.1:" + acceptedPort(server) + "/tls.qcow2");
            assertFails("tls-unknown", uri, "dataSource.http.caBundle");
            world.images().apply("tls-garbage", new Origin.Http(uri.toString(), base64("no certificate"), null));
            assertFailed("tls-garbage", "dataSource.http.caBundle can't be used");
            world.images()
                    .apply(
                            "tls-known",
                            new Origin.Http(uri.toString(), base64(Files.readString(folder.resolve("ca.pem"))), null));
            assertArrived("tls-known", source);
        } finally {
            server.destroyForcibly();
        }
    }

    private static void openssl(Path folder, String arguments) throws Exception {
        Programs.run(folder, ("openssl " + arguments).split(" ", -1));
    }

    private static int acceptedPort(Process server) throws IOException {
        Pattern accepting = Pattern.compile("ACCEPT .*:([0-9]+)");
        BufferedReader printed = server.inputReader();
        for (String line = printed.readLine(); line != null; line = printed.readLine()) {
            Matcher matcher = accepting.matcher(line);
            if (matcher.matches()) {
                Thread.ofVirtual().start(() -> {
                    try {
                        printed.transferTo(Writer.nullWriter()); // else it would wait for a reader
                    } catch (IOException e) {
                        // It was stopped.
                    }
                });
                return Integer.parseInt(matcher.group(1));
            }
        }
        throw new AssertionError("openssl s_server ended");
    }

    private static String base64(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    // ---- what all of them do

    private Path image(String name, long mib) throws Exception {
        Path source = world.files().resolve("lying-" + name + ".qcow2");
        SampleImages.writeQcow2(source, 256 * MIB, mib * MIB, name.hashCode());
        return source;
    }

    private String sha256(Path file) throws Exception {
        String printed = Programs.run(world.directory(), "openssl", "dgst", "-sha256", "-r", file.toString());
        return printed.substring(0, printed.indexOf(' '));
    }

    private static long length(Request request, long size) {
        return Math.min(request.last(), size - 1) - request.first() + 1;
    }

    private static String contentRange(Request request, long size) {
        return "Content-Range: bytes " + request.first() + "-" + Math.min(request.last(), size - 1) + "/" + size;
    }

    /** An honest piece. */
    private static void piece(Request request, LyingServer.Reply reply, Path source, String tag) throws IOException {
        long size = Files.size(source);
        long length = length(request, size);
        reply.head("206 Partial Content", tag, contentRange(request, size), "Content-Length: " + length);
        reply.file(source, request.first(), length);
    }

    private static void piece(LyingServer.Reply reply, Path source, long first, long last, long total)
            throws IOException {
        reply.head(
                "206 Partial Content",
                TAG,
                "Content-Range: bytes " + first + "-" + last + "/" + total,
                "Content-Length: " + (last - first + 1));
        reply.file(source, first, last - first + 1);
    }

    private void assertArrives(String name, URI url, Path source) throws Exception {
        world.images().apply(name, url, null);
        assertArrived(name, source);
    }

    private void assertArrived(String name, Path source) throws Exception {
        VirtualImage image = world.images().await(name, Phase.READY, WITHIN);
        String registryUrl = Objects.requireNonNull(image.getStatus()).target().registryURL();
        Path disk = Programs.diskOf(registryUrl, world.directory());
        Programs.run(world.directory(), "qemu-img", "compare", "-s", source.toString(), disk.toString());
    }

    private void assertFails(String name, URI url, String words) {
        world.images().apply(name, url, null);
        assertFailed(name, words);
    }

    private void assertFailed(String name, String words) {
        VirtualImage image = world.images().await(name, Phase.FAILED, WITHIN);
        assertThat(Objects.requireNonNull(image.getStatus())
                        .condition(ConditionType.READY)
                        .orElseThrow()
                        .getMessage())
                .contains(words)
                .doesNotContain("secret");
    }
}
