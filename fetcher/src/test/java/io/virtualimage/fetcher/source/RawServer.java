package io.virtualimage.fetcher.source;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Answers requests, one after another, with bytes that no decent server would send. */
final class RawServer implements AutoCloseable {
    /** What becomes of one request. */
    interface Answer {
        /** Returns whether the connection stays. */
        boolean to(Socket client) throws IOException;
    }

    private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final Queue<Answer> answers;
    private final Queue<String> requests = new ConcurrentLinkedQueue<>();

    RawServer(Answer... answers) throws IOException {
        this.answers = new ConcurrentLinkedQueue<>(List.of(answers));
        Thread.ofVirtual().start(this::serve);
    }

    /** Says that, and closes. */
    static Answer says(String text) {
        return client -> {
            write(client, text);
            return false;
        };
    }

    /** Says that, and waits for the next request. */
    static Answer saysAndStays(String text) {
        return client -> {
            write(client, text);
            return true;
        };
    }

    /** Says that, and falls asleep until the client goes away. */
    static Answer saysAndSleeps(String text) {
        return client -> {
            write(client, text);
            return client.getInputStream().read() >= 0;
        };
    }

    /** Says that, and drops the connection as a crashed machine does. */
    static Answer saysAndResets(String text) {
        return client -> {
            write(client, text);
            client.setSoLinger(true, 0);
            return false;
        };
    }

    /** Says it byte by byte, as long as the client listens. */
    static Answer drips(String text, int everyMillis) {
        return client -> {
            client.setSoTimeout(everyMillis);
            for (int i = 0; i < text.length(); i++) {
                write(client, text.substring(i, i + 1));
                try {
                    if (client.getInputStream().read() < 0) {
                        return false;
                    }
                } catch (SocketTimeoutException e) {
                    // The next one.
                }
            }
            return false;
        };
    }

    private static void write(Socket client, String text) throws IOException {
        client.getOutputStream().write(text.getBytes(StandardCharsets.ISO_8859_1));
        client.getOutputStream().flush();
    }

    String url(String path) {
        return "http://127.0.0.1:" + socket.getLocalPort() + path;
    }

    /** The requests so far, each with its header. */
    List<String> requests() {
        return List.copyOf(requests);
    }

    private void serve() {
        while (!socket.isClosed()) {
            try {
                Socket client = socket.accept();
                Thread.ofVirtual().start(() -> talk(client));
            } catch (IOException e) {
                return; // closed
            }
        }
    }

    private void talk(Socket client) {
        try (client) {
            boolean stays = true;
            while (stays) {
                String request = request(client.getInputStream());
                Answer answer = request.isEmpty() ? null : answers.poll();
                if (answer == null) {
                    return;
                }
                requests.add(request);
                stays = answer.to(client);
            }
        } catch (IOException e) {
            // The client went away, as it may.
        }
    }

    private static String request(InputStream in) throws IOException {
        ByteArrayOutputStream read = new ByteArrayOutputStream();
        while (!read.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
            int next = in.read();
            if (next < 0) {
                return "";
            }
            read.write(next);
        }
        return read.toString(StandardCharsets.ISO_8859_1);
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
