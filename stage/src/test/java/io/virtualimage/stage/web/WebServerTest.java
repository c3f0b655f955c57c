package io.virtualimage.stage.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** With clients that we did not write: curl, and sockets for what no client should do. */
@Timeout(60)
class WebServerTest {
    private static final Duration IDLE = Duration.ofMillis(500);

    /** More than there is room for between a server and a client. */
    private static final int GIVEN_BYTES = 64 << 20;

    private final AtomicLong read = new AtomicLong();
    private final AtomicReference<Throwable> thrown = new AtomicReference<>();
    private final CountDownLatch inside = new CountDownLatch(1);
    private volatile CountDownLatch over = new CountDownLatch(1);
    private final WebServer server = WebServer.start(
            0,
            IDLE,
            Duration.ofMillis(200),
            Map.of(
                    "/take/",
                    this::take,
                    "/refuse/",
                    WebServerTest::refuse,
                    "/hang/",
                    this::hang,
                    "/give/",
                    this::give));

    @TempDir
    Path directory;

    @AfterEach
    void stop() {
        server.close();
    }

    private WebAnswer take(WebRequest request) throws IOException {
        byte[] buffer = new byte[8192];
        InputStream body = request.body();
        try {
            for (int count = body.read(buffer); count >= 0; count = body.read(buffer)) {
                read.addAndGet(count);
                inside.countDown();
            }
        } catch (IOException e) {
            thrown.set(e);
            over.countDown();
            throw e;
        }
        return WebAnswer.json(200, Map.of("bytes", read.get()))
                .with("X-Length", request.bodyBytes().isEmpty() ? "unknown" : "known");
    }

    private static WebAnswer refuse(WebRequest request) {
        return WebAnswer.problem(409, "about:blank", "Conflict", "Not now.", Map.of());
    }

    private WebAnswer give(WebRequest request) {
        return new WebAnswer(200, Map.of(), ByteBuffer.allocate(GIVEN_BYTES), () -> over.countDown());
    }

    private WebAnswer hang(WebRequest request) throws InterruptedException {
        inside.countDown();
        new CountDownLatch(1).await();
        throw new IllegalStateException("went on");
    }

    @Test
    void takesBodiesOfKnownAndUnknownLength() throws Exception {
        Path file = file(3_000_000);
        assertThat(curl("-i", "-T", file.toString(), url("/take/x")))
                .contains("100 Continue", "200 OK", "X-Length: known", "{\"bytes\":3000000}\n");
        read.set(0);
        assertThat(curl("-i", "-X", "POST", "-H", "Transfer-Encoding: chunked", "-T", file.toString(), url("/take/x")))
                .contains("X-Length: unknown", "{\"bytes\":3000000}\n");
        read.set(0);
        assertThat(curl("-i", "-H", "Expect:", "-T", file.toString(), url("/take/x")))
                .contains("3000000");
    }

    @Test
    void refusesBeforeItAsksForTheBody() throws Exception {
        String said = curl("-v", "-T", file(3_000_000).toString(), "-w", "sent %{size_upload}", url("/refuse/x"));
        assertThat(said)
                .contains("409 Conflict", "\"detail\":\"Not now.\"", "sent 0")
                .doesNotContain("100 Continue");
    }

    /** Whoever doesn't ask for leave must hear of a refusal too, and not of a broken connection. */
    @Test
    void tellsWhoeverSendsAllTheSame() throws Exception {
        String said = curl("-s", "-H", "Expect:", "-T", file(20_000_000).toString(), url("/refuse/x"));
        assertThat(said).contains("\"detail\":\"Not now.\"");
    }

    @Test
    void namesWhatIsNotThere() throws Exception {
        assertThat(curl("-i", url("/other"))).contains("404 Not Found", "application/problem+json", "nothing here");
        assertThat(curl("-I", url("/other"))).contains("404 Not Found").doesNotContain("nothing here");
    }

    /** A length that the client makes up must cost the server nothing. */
    @Test
    void aHugeChunkIsNotCollected() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            OutputStream out = socket.getOutputStream();
            out.write("PUT /take/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n7fffffff\r\n0123456789"
                    .getBytes(StandardCharsets.US_ASCII));
            out.flush();
            assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(read).hasValue(10);
        }
    }

    @Test
    void aSilentClientIsCutOff() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream()
                    .write("PUT /take/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234"
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(over.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(thrown.get()).isInstanceOf(IOException.class);
        }
    }

    @Test
    void aBodyIsNeededUntilItIsSent() throws Exception {
        assertThat(curl("-s", "-o", directory.resolve("given").toString(), "-w", "%{size_download}", url("/give/x")))
                .isEqualTo(Integer.toString(GIVEN_BYTES));
        assertThat(over.await(10, TimeUnit.SECONDS)).isTrue();
        over = new CountDownLatch(1);
        assertThat(curl("-s", "-I", url("/give/x"))).contains("200 OK");
        assertThat(over.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void aClientThatDoesNotTakeItsAnswerIsCutOff() throws Exception {
        try (Socket socket = ask("/give/x")) {
            assertThat(over.getCount()).isEqualTo(1);
            assertThat(over.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(drain(socket)).isLessThan(GIVEN_BYTES);
        }
    }

    /** Something always moves there. */
    @Test
    void aClientThatTakesItsAnswerTooSlowlyIsCutOff() throws Exception {
        try (Socket socket = ask("/give/x")) {
            byte[] some = new byte[1 << 20]; // less, and the kernels would let the server wait
            long taken = 0;
            while (!over.await(20, TimeUnit.MILLISECONDS)) {
                taken += socket.getInputStream().readNBytes(some, 0, some.length);
            }
            assertThat(taken + drain(socket)).isLessThan(GIVEN_BYTES);
        }
    }

    private Socket ask(String path) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        socket.getOutputStream()
                .write("GET %s HTTP/1.1\r\nHost: x\r\n\r\n".formatted(path).getBytes(StandardCharsets.US_ASCII));
        assertThat(socket.getInputStream().read()).isEqualTo('H');
        return socket;
    }

    /** What still comes, in bytes. */
    private static long drain(Socket socket) {
        long count = 0;
        try {
            byte[] some = new byte[64 << 10];
            for (int read = 0; read >= 0; read = socket.getInputStream().read(some)) {
                count += read;
            }
        } catch (IOException e) {
            return count; // it was cut
        }
        return count;
    }

    @Test
    void aClientThatGoesIsNoticed() throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream()
                    .write("PUT /take/x HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1234"
                            .getBytes(StandardCharsets.US_ASCII));
            assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
        }
        assertThat(over.await(10, TimeUnit.SECONDS)).isTrue();
    }

    @Test
    void whatIsAskedForDuringAStopIsTriedAgain() throws Exception {
        Process asking = new ProcessBuilder("curl", "-s", "-i", url("/hang/x"))
                .redirectErrorStream(true)
                .start();
        assertThat(inside.await(10, TimeUnit.SECONDS)).isTrue();
        server.close();
        String said = new String(asking.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(asking.waitFor(10, TimeUnit.SECONDS)).isTrue();
        assertThat(said.isEmpty() || said.contains("503")).as(said).isTrue();
        assertThat(server.listening()).isFalse();
    }

    @Test
    void aPortThatIsTakenIsNamed() {
        assertThatThrownBy(() -> WebServer.start(server.port(), IDLE, IDLE, Map.of()))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining(Integer.toString(server.port()));
    }

    private String url(String path) {
        return "http://127.0.0.1:" + server.port() + path;
    }

    private Path file(int bytes) throws IOException {
        return Files.write(directory.resolve("file"), new byte[bytes]);
    }

    private static String curl(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 3];
        command[0] = "curl";
        command[1] = "--max-time";
        command[2] = "30";
        System.arraycopy(arguments, 0, command, 3, arguments.length);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return said;
    }
}
