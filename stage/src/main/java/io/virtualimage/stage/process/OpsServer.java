package io.virtualimage.stage.process;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;

/** {@code /livez}, {@code /readyz} and {@code /metrics}. What is asked of a probe is answered in its body. */
final class OpsServer implements AutoCloseable {
    private static final int OK = 200;
    private static final int NOT_FOUND = 404;
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final int UNAVAILABLE = 503;
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";

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
    static OpsServer start(int port, Readiness live, Readiness ready, Supplier<String> metrics) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
            ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
            server.setExecutor(threads);
            server.createContext("/", page("/", () -> new Answer(NOT_FOUND, TEXT, "no such page\n")));
            server.createContext("/livez", page("/livez", () -> probe(live)));
            server.createContext("/readyz", page("/readyz", () -> probe(ready)));
            server.createContext("/metrics", page("/metrics", () -> new Answer(OK, PROMETHEUS, metrics.get())));
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

    private static HttpHandler page(String path, Supplier<Answer> page) {
        return exchange -> {
            try (exchange) {
                boolean here =
                        "/".equals(path) || path.equals(exchange.getRequestURI().getPath());
                boolean get = "GET".equals(exchange.getRequestMethod()) || "HEAD".equals(exchange.getRequestMethod());
                if (!get) {
                    send(exchange, new Answer(METHOD_NOT_ALLOWED, TEXT, "only GET\n"));
                } else if (here) {
                    send(exchange, page.get());
                } else {
                    send(exchange, new Answer(NOT_FOUND, TEXT, "no such page\n"));
                }
            }
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

    int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
