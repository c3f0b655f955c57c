package io.virtualimage.sandbox.endtoend;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Sends a file, or the rest of it, over one connection that it can cut anywhere, and counts what it sends. */
final class UploadClient {
    private static final int BUFFER_BYTES = 256 * 1024;
    private static final int PATIENCE_MS = 60_000;

    private final URI address;
    private final Path file;
    private long sentBytes;

    UploadClient(URI address, Path file) {
        this.address = address;
        this.file = file;
    }

    /** Bytes of bodies that were given to sockets. */
    long sentBytes() {
        return sentBytes;
    }

    /**
     * What came back.
     *
     * @param status 0 if the connection was cut, by whomever
     * @param begun whether any of the body was sent
     */
    record Answer(int status, boolean begun, Map<String, String> headers) {
        static final Answer NONE = new Answer(0, false, Map.of());

        long offset() {
            return Long.parseLong(headers.getOrDefault("upload-offset", "-1"));
        }
    }

    /** Asks how much is there. */
    Answer head() {
        try (Socket socket = connect()) {
            send(socket, "HEAD", "");
            return read(new BufferedInputStream(socket.getInputStream()));
        } catch (IOException e) {
            return Answer.NONE;
        }
    }

    /**
     * Sends the file from an offset on, when it is asked to.
     *
     * @param cutAt where in the file the connection is cut; beyond its end if it isn't
     * @param instead what happens there instead, once; null if the connection is cut
     */
    Answer put(long offset, long cutAt, @Nullable Runnable instead) {
        boolean begun = false;
        try (Socket socket = connect();
                FileChannel bytes = FileChannel.open(file)) {
            long total = bytes.size();
            send(
                    socket,
                    "PUT",
                    "Content-Length: %d\r\nContent-Range: bytes %d-%d/%d\r\nExpect: 100-continue\r\n"
                            .formatted(total - offset, offset, total - 1, total));
            InputStream in = new BufferedInputStream(socket.getInputStream());
            Answer leave = read(in);
            if (leave.status() != 100) {
                return leave;
            }
            OutputStream out = socket.getOutputStream();
            ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
            for (long at = offset; at < total; ) {
                if (at >= cutAt && instead == null) {
                    return new Answer(0, true, Map.of());
                } else if (at >= cutAt && at - cutAt < BUFFER_BYTES) {
                    instead.run();
                }
                buffer.clear();
                int count = bytes.read(buffer, at);
                out.write(buffer.array(), 0, count);
                sentBytes += count;
                at += count;
                begun = true;
            }
            return read(in);
        } catch (IOException e) {
            return new Answer(0, begun, Map.of());
        }
    }

    private Socket connect() throws IOException {
        Socket socket = new Socket(address.getHost(), address.getPort());
        socket.setSoTimeout(PATIENCE_MS);
        return socket;
    }

    private void send(Socket socket, String method, String headers) throws IOException {
        socket.getOutputStream()
                .write("%s %s HTTP/1.1\r\nHost: %s\r\n%s\r\n"
                        .formatted(method, address.getPath(), address.getAuthority(), headers)
                        .getBytes(StandardCharsets.US_ASCII));
    }

    private static Answer read(InputStream in) throws IOException {
        String first = line(in);
        if (first.isEmpty()) {
            return Answer.NONE;
        }
        Map<String, String> headers = new TreeMap<>();
        for (String line = line(in); !line.isEmpty(); line = line(in)) {
            int colon = line.indexOf(':');
            headers.put(
                    line.substring(0, colon).toLowerCase(Locale.ROOT),
                    line.substring(colon + 1).strip());
        }
        return new Answer(Integer.parseInt(first.split(" ", 3)[1]), false, headers);
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder line = new StringBuilder();
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }
}
