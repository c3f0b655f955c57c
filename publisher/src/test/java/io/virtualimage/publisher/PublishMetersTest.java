package io.virtualimage.publisher;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.junit.jupiter.api.Test;

class PublishMetersTest {
    private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
    private final PublishMeters meters = new PublishMeters(registry);

    private double bytes(String to) {
        return registry.get("virtualimage.published.bytes")
                .tag("to", to)
                .counter()
                .count();
    }

    @Test
    void whatIsSentToTheRegistryIsCounted() throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(202, -1);
            exchange.close();
        });
        server.start();
        try {
            OkHttpClient client =
                    new OkHttpClient.Builder().eventListener(meters.pushes()).build();
            Request request = new Request.Builder()
                    .url("http://127.0.0.1:%d/v2/".formatted(server.getAddress().getPort()))
                    .patch(RequestBody.create("a layer".getBytes(UTF_8)))
                    .build();
            try (Response response = client.newCall(request).execute()) {
                assertThat(response.code()).isEqualTo(202);
            }
        } finally {
            server.stop(0);
        }
        assertThat(bytes("registry")).isEqualTo(7);
        assertThat(bytes("volume")).isZero();
    }

    @Test
    void whatIsOnAVolumeIsCounted() {
        meters.filled(64);
        meters.filled(0);
        assertThat(bytes("volume")).isEqualTo(64);
    }
}
