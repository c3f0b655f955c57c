package io.virtualimage.sandbox.components;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TcpBalancerTest {
    @TempDir
    Path directory;

    @Test
    void eachConnectionGoesToTheNextOneThatLives() throws Exception {
        HttpServer one = server("one");
        HttpServer two = server("two");
        Ports ports = new Ports(directory);
        int dead = ports.port("dead");
        List<Integer> all =
                List.of(one.getAddress().getPort(), dead, two.getAddress().getPort());
        try (TcpBalancer balancer = TcpBalancer.start(ports.port("balancer"), all)) {
            List<String> answers = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                answers.add(get(balancer));
            }
            assertThat(answers).containsExactly("one", "two", "two", "one", "two", "two");
            two.stop(0);
            assertThat(get(balancer)).isEqualTo("one");
            assertThat(get(balancer)).isEqualTo("one");
        } finally {
            one.stop(0);
            two.stop(0);
        }
    }

    private static HttpServer server(String name) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        byte[] body = name.getBytes(StandardCharsets.UTF_8);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
        });
        server.start();
        return server;
    }

    /** Each by a connection of its own. */
    private static String get(TcpBalancer balancer) throws IOException, InterruptedException {
        try (HttpClient client = HttpClient.newHttpClient()) {
            URI uri = URI.create("http://" + balancer.hostAndPort() + "/");
            return client.send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString())
                    .body();
        }
    }
}
