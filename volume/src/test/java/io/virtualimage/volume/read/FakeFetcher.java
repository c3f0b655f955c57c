package io.virtualimage.volume.read;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The fetcher's side of reading a volume, in memory: segments of ten bytes. */
final class FakeFetcher implements AutoCloseable {
    static final int SEGMENT = 10;

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<Integer, byte[]> segments = new TreeMap<>();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final Deque<Integer> statuses = new ArrayDeque<>();
    private String refusal = "";
    private long lengthBytes = -1;

    private FakeFetcher(HttpServer server) {
        this.server = server;
    }

    static FakeFetcher start() throws IOException {
        FakeFetcher fetcher =
                new FakeFetcher(HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0));
        fetcher.server.setExecutor(fetcher.threads);
        fetcher.server.createContext("/", fetcher::handle);
        fetcher.server.start();
        return fetcher;
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/volumes/token";
    }

    /** The next requests are answered so, heartbeats apart. */
    synchronized void answer(String words, Integer... next) {
        refusal = words;
        statuses.addAll(Arrays.asList(next));
    }

    synchronized void staged(int index, byte[] bytes) {
        segments.put(index, bytes);
    }

    synchronized byte[] content() {
        byte[] all = new byte[(int) lengthBytes];
        segments.forEach((index, bytes) -> System.arraycopy(bytes, 0, all, index * SEGMENT, bytes.length));
        return all;
    }

    List<String> requests(String method) {
        return requests.stream()
                .filter(line -> line.startsWith(method + " "))
                .sorted()
                .toList();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath().substring("/volumes/token/".length());
            byte[] body = exchange.getRequestBody().readAllBytes();
            requests.add(exchange.getRequestMethod() + " " + path);
            Answer answer = answer(path, body);
            byte[] text = answer.body().getBytes(java.nio.charset.StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(answer.status(), text.length == 0 ? -1 : text.length);
            exchange.getResponseBody().write(text);
        }
    }

    private record Answer(int status, String body) {}

    private synchronized Answer answer(String path, byte[] body) {
        if (path.startsWith("heartbeat/")) {
            return new Answer(204, "");
        }
        Integer status = statuses.poll();
        if (status != null) {
            return new Answer(status, refusal);
        }
        if (path.startsWith("open/")) {
            lengthBytes = Long.parseLong(path.substring("open/".length()));
            return new Answer(200, SEGMENT + "\n");
        }
        if (path.equals("missing")) {
            int count = (int) ((lengthBytes + SEGMENT - 1) / SEGMENT);
            return new Answer(
                    200,
                    IntStream.range(0, count)
                                    .filter(index -> !segments.containsKey(index))
                                    .mapToObj(Integer::toString)
                                    .collect(Collectors.joining(","))
                            + "\n");
        }
        int index = Integer.parseInt(path.substring(path.indexOf('/') + 1));
        segments.put(
                index,
                path.startsWith("zeros/")
                        ? new byte[(int) Math.min(SEGMENT, lengthBytes - (long) index * SEGMENT)]
                        : body);
        return new Answer(204, "");
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
