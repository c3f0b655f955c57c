package io.virtualimage.stage.staging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import io.virtualimage.stage.staging.StagingStore.Overwrite;
import io.virtualimage.topics.Incarnation;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A store that refuses; what a real one does is in the contract. */
@Timeout(30)
class S3StagingStoreTest {
    private static final Incarnation IMAGE = new Incarnation("team", "cirros", "uid-1", 1, 0);
    private static final SegmentKey KEY = SegmentKey.source(IMAGE, 0, 3);

    private final CountDownLatch over = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private HttpServer server;
    private S3StagingStore store;

    @BeforeEach
    void startServer() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.start();
        store = S3StagingStore.connect(
                URI.create("http://127.0.0.1:" + server.getAddress().getPort()),
                "the-access-key",
                "the-secret",
                "staging");
    }

    @AfterEach
    void stopServer() {
        over.countDown();
        store.close();
        server.stop(0);
        threads.shutdownNow();
    }

    private StagingUnavailableException refused() {
        return catchThrowableOfType(
                StagingUnavailableException.class,
                () -> store.put(KEY, null, 1, new ByteArrayInputStream(new byte[] {1}), Overwrite.ALLOW));
    }

    @Test
    void oneThatIsAwayIsUnavailableWhateverIsAskedOfIt() {
        server.stop(0);
        Map<String, ThrowingCallable> calls = Map.of(
                "put", () -> store.put(KEY, null, 1, new ByteArrayInputStream(new byte[] {1}), Overwrite.ALLOW),
                "facts", () -> store.facts(KEY),
                "read", () -> store.read(KEY, null),
                "putDocument", () -> store.putDocument(IMAGE, 0, "document", new byte[] {1}),
                "getDocument", () -> store.getDocument(IMAGE, 0, "document"),
                "clean", () -> store.clean(IMAGE, false),
                "stagedUids", () -> store.stagedUids(),
                "cleanAll", () -> store.cleanAll(IMAGE.uid()));
        calls.forEach((name, call) -> assertThatThrownBy(call)
                .as(name)
                .isInstanceOf(StagingUnavailableException.class)
                .hasMessageStartingWith("the object store could not "));
    }

    @Test
    void onlyTheCodeOfARefusalIsTold() {
        byte[] document = ("<?xml version=\"1.0\"?><Error><Code>SignatureDoesNotMatch</Code><Message>No.</Message>"
                        + "<AWSAccessKeyId>the-access-key</AWSAccessKeyId><StringToSign>AWS4</StringToSign></Error>")
                .getBytes(StandardCharsets.UTF_8);
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.getRequestBody().readAllBytes();
                exchange.sendResponseHeaders(403, document.length);
                exchange.getResponseBody().write(document);
            }
        });
        assertThat(refused())
                .hasMessage(
                        "the object store could not stage %s: 403 SignatureDoesNotMatch".formatted(KEY.objectName()));
    }

    @Test
    void aRefusalWithoutEndIsNotReadToIt() {
        server.createContext("/", exchange -> {
            try (exchange) {
                exchange.getRequestBody().readAllBytes();
                exchange.sendResponseHeaders(502, 0);
                exchange.getResponseBody().write("<html>".repeat(4 << 10).getBytes(StandardCharsets.UTF_8));
                exchange.getResponseBody().flush();
                over.await(); // it has to be enough
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        long begun = System.nanoTime();
        assertThat(refused())
                .hasMessage("the object store could not stage %s: the status 502".formatted(KEY.objectName()));
        assertThat(Duration.ofNanos(System.nanoTime() - begun)).isLessThan(Duration.ofSeconds(20));
    }
}
