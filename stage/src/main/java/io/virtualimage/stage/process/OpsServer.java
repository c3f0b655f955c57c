package io.virtualimage.stage.process;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.GZIPOutputStream;

/** {@code /livez}, {@code /readyz} and {@code /metrics}. What is asked of a probe is answered in its body. */
final class OpsServer implements AutoCloseable {
    private static final int BUFFER = 1 << 16;
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int UNAVAILABLE = 503;
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

    /** Writes what is measured now, in Prometheus' text format. It may be many MiB. */
    interface Metrics {
        void writeTo(OutputStream out) throws IOException;
    }

    private final HttpServer server;
    private final ExecutorService threads;

    private OpsServer(HttpServer server, ExecutorService threads) {
        this.server = server;
        this.threads = threads;
    }

    /**
     * Listens on all addresses.
     *
     * @param port 0 for any free one
     */
    static OpsServer start(int port, Readiness live, Readiness ready, Metrics metrics) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
            ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
            server.setExecutor(threads);
            server.createContext(
                    "/", page("/", exchange -> send(exchange, new Answer(NOT_FOUND, TEXT, "no such page\n"))));
            server.createContext("/livez", page("/livez", exchange -> send(exchange, probe(live))));
            server.createContext("/readyz", page("/readyz", exchange -> send(exchange, probe(ready))));
            server.createContext("/metrics", page("/metrics", exchange -> send(exchange, metrics)));
            server.start();
            return new OpsServer(server, threads);
        } catch (IOException e) {
            throw new IllegalStateException("port " + port + " for health and metrics can't be used", e);
        }
    }

    private record Answer(int status, String type, String body) {}

    private static Answer probe(Readiness parts) {
        List<String> lacking = parts.lacking();
        return lacking.isEmpty()
                ? new Answer(OK, TEXT, "ok\n")
                : new Answer(UNAVAILABLE, TEXT, "not ready: " + String.join(", ", lacking) + "\n");
    }

    private static HttpHandler page(String path, HttpHandler page) {
        return exchange -> {
            boolean here =
                    "/".equals(path) || path.equals(exchange.getRequestURI().getPath());
            boolean get = "GET".equals(exchange.getRequestMethod()) || "HEAD".equals(exchange.getRequestMethod());
            if (!get) {
                send(exchange, new Answer(METHOD_NOT_ALLOWED, TEXT, "only GET\n"));
            } else if (here) {
                page.handle(exchange);
            } else {
                send(exchange, new Answer(NOT_FOUND, TEXT, "no such page\n"));
            }
            exchange.close(); // of one that broke, the server cuts the connection: half an answer must not look whole
        };
    }

    private static void send(HttpExchange exchange, Answer answer) throws IOException {
        byte[] body = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", answer.type());
        if ("HEAD".equals(exchange.getRequestMethod())) {
            exchange.sendResponseHeaders(answer.status(), -1);
            return;
        }
        exchange.sendResponseHeaders(answer.status(), body.length);
        exchange.getResponseBody().write(body);
    }

    private static void send(HttpExchange exchange, Metrics metrics) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", PROMETHEUS);
        if ("HEAD".equals(exchange.getRequestMethod())) {
            exchange.sendResponseHeaders(OK, -1);
            return;
        }
        boolean zipped = exchange.getRequestHeaders().getOrDefault("Accept-Encoding", List.of()).stream()
                .anyMatch(accepted -> accepted.contains("gzip"));
        if (zipped) {
            exchange.getResponseHeaders().set("Content-Encoding", "gzip");
        }
        exchange.sendResponseHeaders(OK, 0);
        OutputStream body = zipped
                ? new GZIPOutputStream(exchange.getResponseBody(), BUFFER)
                : new BufferedOutputStream(exchange.getResponseBody(), BUFFER);
        metrics.writeTo(body);
        body.close(); // not if it broke
    }

    int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
