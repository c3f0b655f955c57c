package io.virtualimage.stage.process;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

class OpsServerTest {
    private final AtomicBoolean caughtUp = new AtomicBoolean();
    private final Readiness live = new Readiness();
    private final Readiness ready = new Readiness();

    @Test
    void namesWhatIsNotReady() throws Exception {
        ready.add("ledger", caughtUp::get);
        ready.add("fold fetch", () -> true);
        try (OpsServer server = OpsServer.start(0, live, ready, out -> out.write("a_metric 1\n".getBytes(UTF_8)))) {
            assertThat(get(server, "/livez").statusCode()).isEqualTo(200);
            HttpResponse<String> before = get(server, "/readyz");
            assertThat(before.statusCode()).isEqualTo(503);
            assertThat(before.body()).contains("ledger").doesNotContain("fold fetch");
            caughtUp.set(true);
            assertThat(get(server, "/readyz").statusCode()).isEqualTo(200);
            assertThat(get(server, "/metrics").body()).isEqualTo("a_metric 1\n");
            assertThat(get(server, "/readyz/secret").statusCode()).isEqualTo(404);
            assertThat(get(server, "/other").statusCode()).isEqualTo(404);
        }
    }

    @Test
    void packsMetricsForWhoeverCanUnpackThem() throws Exception {
        byte[] text = "a_metric 1\n".repeat(100_000).getBytes(UTF_8);
        try (OpsServer server = OpsServer.start(0, live, ready, out -> out.write(text));
                HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/metrics"))
                    .header("Accept-Encoding", "gzip")
                    .build();
            HttpResponse<byte[]> response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
            assertThat(response.headers().firstValue("Content-Encoding")).contains("gzip");
            assertThat(response.body()).hasSizeLessThan(text.length / 10);
            assertThat(new GZIPInputStream(new ByteArrayInputStream(response.body())))
                    .hasBinaryContent(text);
        }
    }

    @Test
    void metricsThatBreakOffAreNotTakenForAll() throws Exception {
        try (OpsServer server = OpsServer.start(0, live, ready, out -> {
            out.write("a_metric 1\n".getBytes(UTF_8));
            throw new IllegalStateException("the next one can't be read");
        })) {
            assertThat(catchThrowable(() -> get(server, "/metrics"))).isInstanceOf(IOException.class);
            assertThat(get(server, "/livez").statusCode()).isEqualTo(200);
        }
    }

    private static HttpResponse<String> get(OpsServer server, String path) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        }
    }
}
