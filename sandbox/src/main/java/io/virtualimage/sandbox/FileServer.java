package io.virtualimage.sandbox;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Serves the files of one folder over HTTP, as an image server on the web would: entity tags, single ranges, {@code
 * If-Range} (RFC 9110, sections 13 and 14). For the demo; tests and benches use a real nginx.
 */
final class FileServer implements AutoCloseable {
    private static final Pattern RANGE = Pattern.compile("bytes=([0-9]+)-([0-9]*)");
    private static final int COPY_BYTES = 256 * 1024;

    private final Path folder;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

    private FileServer(Path folder, HttpServer server) {
        this.folder = folder;
        this.server = server;
    }

    /** Serves a folder on a free port of the loopback interface. */
    static FileServer start(Path folder) {
        try {
            HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            FileServer files = new FileServer(folder, server);
            server.setExecutor(files.threads);
            server.createContext("/", files::answer);
            server.start();
            return files;
        } catch (IOException e) {
            throw new UncheckedIOException("no port for the demo's file server", e);
        }
    }

    /** The address of a file. */
    URI uri(String fileName) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/" + fileName);
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            Path file = folder.resolve(exchange.getRequestURI().getPath().substring(1))
                    .normalize();
            if (!file.startsWith(folder) || !Files.isRegularFile(file)) {
                exchange.sendResponseHeaders(404, -1);
                return;
            }
            long length = Files.size(file);
            String tag = "\"%x-%x\"".formatted(Files.getLastModifiedTime(file).toMillis(), length);
            exchange.getResponseHeaders().set("ETag", tag);
            exchange.getResponseHeaders().set("Accept-Ranges", "bytes");
            String range = exchange.getRequestHeaders().getFirst("Range");
            String condition = exchange.getRequestHeaders().getFirst("If-Range");
            Matcher matcher = RANGE.matcher(range == null ? "" : range);
            long first = 0;
            long end = length;
            int code = 200;
            if (matcher.matches() && (condition == null || condition.equals(tag))) {
                first = Long.parseLong(matcher.group(1));
                end = matcher.group(2).isEmpty() ? length : Math.min(length, Long.parseLong(matcher.group(2)) + 1);
                if (first >= end) {
                    exchange.getResponseHeaders().set("Content-Range", "bytes */" + length);
                    exchange.sendResponseHeaders(416, -1);
                    return;
                }
                exchange.getResponseHeaders().set("Content-Range", "bytes %d-%d/%d".formatted(first, end - 1, length));
                code = 206;
            }
            exchange.sendResponseHeaders(code, end == first ? -1 : end - first);
            if ("GET".equals(exchange.getRequestMethod())) {
                copy(file, first, end, exchange.getResponseBody());
            }
        }
    }

    private static void copy(Path file, long first, long end, OutputStream to) throws IOException {
        byte[] buffer = new byte[COPY_BYTES];
        try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
            in.seek(first);
            long left = end - first;
            while (left > 0) {
                int read = in.read(buffer, 0, (int) Math.min(buffer.length, left));
                if (read < 0) {
                    return;
                }
                to.write(buffer, 0, read);
                left -= read;
            }
        }
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
