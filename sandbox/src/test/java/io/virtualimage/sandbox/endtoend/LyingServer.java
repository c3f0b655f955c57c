package io.virtualimage.sandbox.endtoend;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An HTTP server on a bare socket, which says whatever a test wants it to say. Knows no method but GET. */
final class LyingServer implements AutoCloseable {
    private static final Pattern RANGE = Pattern.compile("(?i)\r\nRange: bytes=([0-9]+)-([0-9]+)\r\n");

    /** Answers one request; the connection is closed afterwards. */
    interface Answers {
        void to(Request request, Reply reply) throws IOException;
    }

    private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Answers answers;
    private final Queue<Request> requests = new ConcurrentLinkedQueue<>();
    private final AtomicLong bodyBytes = new AtomicLong();

    LyingServer(Answers answers) throws IOException {
        this.answers = answers;
        Thread.ofVirtual().start(this::serve);
    }

    /**
     * What was asked.
     *
     * @param text request line and header
     */
    record Request(String text) {
        boolean ranged() {
            return RANGE.matcher(text).find();
        }

        long first() {
            return number(1);
        }

        long last() {
            return number(2);
        }

        private long number(int group) {
            Matcher matcher = RANGE.matcher(text);
            return matcher.find() ? Long.parseLong(matcher.group(group)) : -1;
        }
    }

    /** What is answered. */
    final class Reply {
        private final OutputStream out;

        private Reply(OutputStream out) {
            this.out = out;
        }

        /** Sends the status line, as in {@code 200 OK}, and the header. */
        void head(String status, String... fields) throws IOException {
            text("HTTP/1.1 " + status + "\r\nConnection: close\r\n" + String.join("\r\n", fields)
                    + (fields.length == 0 ? "" : "\r\n") + "\r\n");
        }

        void text(String text) throws IOException {
            out.write(text.getBytes(StandardCharsets.ISO_8859_1));
            out.flush();
        }

        void bytes(byte[] bytes, int count) throws IOException {
            out.write(bytes, 0, count);
            bodyBytes.addAndGet(count);
        }

        /** Sends so many bytes of a file, or those that there are. */
        void file(Path file, long from, long count) throws IOException {
            byte[] block = new byte[64 * 1024];
            try (RandomAccessFile in = new RandomAccessFile(file.toFile(), "r")) {
                in.seek(from);
                long left = count;
                while (left > 0) {
                    int read = in.read(block, 0, (int) Math.min(block.length, left));
                    if (read < 0) {
                        return;
                    }
                    bytes(block, read);
                    left -= read;
                }
            }
        }
    }

    URI uri(String file) {
        return URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/" + file);
    }

    List<Request> requests() {
        return List.copyOf(requests);
    }

    /** Bytes of bodies that were sent. */
    long bodyBytes() {
        return bodyBytes.get();
    }

    private void serve() {
        while (!socket.isClosed()) {
            try {
                Socket client = socket.accept();
                Thread.ofVirtual().start(() -> answer(client));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void answer(Socket client) {
        try (client) {
            Request request = request(client.getInputStream());
            requests.add(request);
            Reply reply = new Reply(client.getOutputStream());
            if (request.text().startsWith("GET ")) {
                answers.to(request, reply);
            } else {
                reply.head("405 Method Not Allowed");
            }
        } catch (IOException e) {
            // The client went away, as it may.
        }
    }

    private static Request request(InputStream in) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        String text = "";
        while (!text.endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                throw new IOException("no request");
            }
            read.write(next);
            text = next == '\n' ? read.toString(StandardCharsets.ISO_8859_1) : "";
        }
        return new Request(text);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
