package io.virtualimage.volume.fill;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.zip.CRC32C;

/** The publisher's side of filling a volume, in memory. An answer has no more than 256 KiB of the disk. */
final class FakePublisher implements AutoCloseable {
    private static final int ANSWER = 256 << 10;
    private static final int BLOCK = 4096;
    private static final byte[] ZEROS = new byte[BLOCK];

    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final byte[] disk;
    private final int rangeBytes;
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private String done = "";
    private boolean finished;
    private boolean gone;
    private boolean goneWhenFinished;
    private int toDamage;
    private int toCut;

    private FakePublisher(HttpServer server, byte[] disk, int rangeBytes) {
        this.server = server;
        this.disk = disk;
        this.rangeBytes = rangeBytes;
    }

    static FakePublisher start(byte[] disk, int rangeBytes) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        FakePublisher publisher = new FakePublisher(server, disk, rangeBytes);
        server.setExecutor(publisher.threads);
        server.createContext("/", publisher::handle);
        server.start();
        return publisher;
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort() + "/volumes/token";
    }

    synchronized String done() {
        return done;
    }

    synchronized boolean finished() {
        return finished;
    }

    /** The pieces that were asked for. */
    List<String> asked() {
        return asked;
    }

    synchronized void alreadyDone(String ranges) {
        done = ranges;
    }

    synchronized void gone() {
        gone = true;
    }

    /** The word that all is done is taken, and answered as if it had been taken before. */
    synchronized void goneWhenFinished() {
        goneWhenFinished = true;
    }

    synchronized void damage(int answers) {
        toDamage = answers;
    }

    synchronized void cut(int answers) {
        toCut = answers;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath().substring("/volumes/token/".length());
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.US_ASCII);
            Answer answer = answer(exchange.getRequestMethod() + " " + path, body);
            exchange.sendResponseHeaders(
                    answer.status(),
                    answer.body().capacity() == 0 ? -1 : answer.body().capacity());
            exchange.getResponseBody().write(answer.body().array(), 0, answer.sentBytes());
        }
    }

    /** Of the body, only the first bytes are sent before the connection is cut. */
    private record Answer(int status, ByteBuffer body, int sentBytes) {
        Answer(int status, byte[] body) {
            this(status, ByteBuffer.wrap(body), body.length);
        }
    }

    private synchronized Answer answer(String request, String body) {
        if (gone && !request.equals("GET plan")) {
            return new Answer(410, new byte[0]);
        }
        return switch (request) {
            case "GET plan" ->
                text("length %d\nrange %d\ndone %s\nverify true\nnew word\n".formatted(disk.length, rangeBytes, done));
            case "PUT done" -> {
                done = body;
                yield text("");
            }
            case "POST finish" -> {
                finished = true;
                yield new Answer(goneWhenFinished ? 410 : 200, new byte[0]);
            }
            default -> {
                String runs = request.substring("GET ".length());
                asked.add(runs);
                String[] ends = runs.substring("runs/".length()).split("-", -1);
                yield runs(Integer.parseInt(ends[0]), Integer.parseInt(ends[1]));
            }
        };
    }

    private static Answer text(String words) {
        return new Answer(200, words.getBytes(StandardCharsets.US_ASCII));
    }

    private Answer runs(int from, int to) {
        byte[] frames = frames(from, Math.min(to, from + ANSWER));
        if (toDamage > 0) {
            toDamage--;
            frames[frames.length / 2] ^= 1;
        }
        if (toCut > 0) {
            toCut--;
            return new Answer(200, ByteBuffer.wrap(frames), frames.length / 2);
        }
        return new Answer(200, frames);
    }

    private byte[] frames(int from, int to) {
        ByteArrayOutputStream frames = new ByteArrayOutputStream();
        for (int position = from; position < to; ) {
            int end = Math.min(to, position + BLOCK);
            boolean zeros = Arrays.mismatch(disk, position, end, ZEROS, 0, end - position) < 0;
            frame(
                    frames,
                    zeros ? RunReader.ZEROS : RunReader.DATA,
                    position,
                    end - position,
                    zeros ? new byte[0] : Arrays.copyOfRange(disk, position, end));
            position = end;
        }
        frame(frames, RunReader.END, to, 0, new byte[0]);
        return frames.toByteArray();
    }

    private static void frame(ByteArrayOutputStream frames, int kind, long offset, long length, byte[] data) {
        ByteBuffer frame = ByteBuffer.allocate(21 + data.length);
        frame.put((byte) kind).putLong(offset).putLong(length).put(data);
        CRC32C checksum = new CRC32C();
        checksum.update(frame.array(), 0, 17 + data.length);
        frame.putInt((int) checksum.getValue());
        frames.writeBytes(frame.array());
    }

    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }
}
