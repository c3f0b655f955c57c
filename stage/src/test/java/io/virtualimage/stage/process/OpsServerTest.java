package io.virtualimage.stage.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class OpsServerTest {
    private final AtomicBoolean caughtUp = new AtomicBoolean();
    private final Readiness live = new Readiness();
    private final Readiness ready = new Readiness();

    @Test
    void namesWhatIsNotReady() throws Exception {
        ready.add("ledger", caughtUp::get);
        ready.add("fold fetch", () -> true);
        try (OpsServer server = OpsServer.start(0, live, ready, () -> "a_metric 1\n")) {
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

    private static HttpResponse<String> get(OpsServer server, String path) throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://127.0.0.1:" + server.port() + path);
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
        }
    }
}
