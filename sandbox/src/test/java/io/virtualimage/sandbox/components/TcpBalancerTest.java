package io.virtualimage.sandbox.components;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
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

    @Test
    void whatIsSentStandsStillBehindAShutGateAndGoesOnWhenItOpens() throws Exception {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                TcpBalancer balancer =
                        TcpBalancer.start(new Ports(directory).port("balancer"), List.of(server.getLocalPort()))) {
            balancer.gate().shutAfter(8);
            URI at = URI.create("tcp://" + balancer.hostAndPort());
            try (Socket client = new Socket(at.getHost(), at.getPort());
                    Socket taken = server.accept()) {
                client.getOutputStream().write(new byte[8]);
                assertThat(taken.getInputStream().readNBytes(8)).hasSize(8);
                client.getOutputStream().write(new byte[5]);
                taken.setSoTimeout(50);
                assertThatThrownBy(() -> taken.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
                taken.getOutputStream().write(1); // the other way isn't shut
                assertThat(client.getInputStream().read()).isEqualTo(1);
                balancer.gate().open();
                taken.setSoTimeout(10_000);
                assertThat(taken.getInputStream().readNBytes(5)).hasSize(5);
            }
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
