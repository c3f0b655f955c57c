package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Condition;
import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.Checksum;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What can't be had ends in {@code Failed}, says why in words a user can act on, and holds nobody else up. */
@ExtendWith(EndToEnd.class)
class FailureIT {
    private static final long MIB = 1 << 20;
    private static final Duration WITHIN = Duration.ofMinutes(2);

    private final World world;

    FailureIT(World world) {
        this.world = world;
    }

    @Test
    void aMissingFile() throws Exception {
        assertFails("missing", world.source().uri("no-such.qcow2"), null, "404 Not Found");
    }

    @Test
    void aRefusedConnectionAfterItsBudget() throws Exception {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        assertFails("refused", URI.create("http://127.0.0.1:" + port + "/x.qcow2"), null, "refused");
    }

    @Test
    void aWrongChecksum() throws Exception {
        Path source = world.files().resolve("wrong-sum.qcow2");
        SampleImages.writeQcow2(source, 64 * MIB, 20 * MIB, 31);
        String expected = "0123456789abcdef0123456789abcdef";
        VirtualImage image = assertFails(
                "wrong-sum",
                world.source().uri("wrong-sum.qcow2"),
                new Checksum(expected, null, null, null, null, null),
                expected);
        String printed = Programs.run(world.directory(), "openssl", "dgst", "-md5", "-r", source.toString());
        assertThat(ready(image).getMessage()).contains(printed.substring(0, 32));
    }

    @Test
    void aTextFile() throws Exception {
        Files.writeString(
                world.files().resolve("page.img"), "<!DOCTYPE html><html><body>Sign in</body></html>\n".repeat(2000));
        assertFails("text", world.source().uri("page.img"), null, "HTML");
    }

    @Test
    void anEmptyFile() throws Exception {
        Files.writeString(world.files().resolve("empty.img"), "");
        assertFails("empty", world.source().uri("empty.img"), null, "empty");
    }

    @Test
    void aMalformedImage() throws Exception {
        Path backed = world.files().resolve("backed.qcow2");
        Path base = world.files().resolve("base.raw");
        Programs.run(world.directory(), "qemu-img", "create", "-q", "-f", "raw", base.toString(), "10M");
        Programs.run(
                world.directory(),
                "qemu-img",
                "create",
                "-q",
                "-f",
                "qcow2",
                "-F",
                "raw",
                "-b",
                base.toString(),
                backed.toString());
        assertFails("backed", world.source().uri("backed.qcow2"), null, "backing file");
    }

    @Test
    void aTruncatedDownload() throws Exception {
        try (TruncatingServer server = new TruncatingServer(40 * MIB, 18 * MIB)) {
            assertFails("truncated", server.uri(), null, "of " + 40 * MIB);
        }
    }

    private VirtualImage assertFails(String name, URI url, Checksum checksum, String words) throws Exception {
        world.images().apply(name, url, checksum);
        VirtualImage image = world.images().await(name, Phase.FAILED, WITHIN);
        Condition ready = ready(image);
        assertThat(ready.getStatus()).isEqualTo("False");
        assertThat(ready.getReason()).isEqualTo("ProvisioningFailed");
        assertThat(ready.getMessage()).containsIgnoringCase(words);

        // The next one is not held up.
        Path good = world.files().resolve("after-" + name + ".qcow2");
        SampleImages.writeQcow2(good, 32 * MIB, MIB, 32);
        world.images()
                .apply("after-" + name, world.source().uri(good.getFileName().toString()), null);
        world.images().await("after-" + name, Phase.READY, WITHIN);
        return image;
    }

    private static Condition ready(VirtualImage image) {
        return Objects.requireNonNull(image.getStatus())
                .condition(ConditionType.READY)
                .orElseThrow();
    }

    /** Promises more bytes than it gives, every time, from whatever offset it is asked. */
    private static final class TruncatingServer implements AutoCloseable {
        private final ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        private final long promised;
        private final long given;

        TruncatingServer(long promised, long given) throws IOException {
            this.promised = promised;
            this.given = given;
            Thread.ofVirtual().start(this::serve);
        }

        URI uri() {
            return URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/cut.img");
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
                byte[] request = new byte[8192];
                if (client.getInputStream().read(request) < 0) {
                    return;
                }
                OutputStream out = client.getOutputStream();
                out.write(("HTTP/1.1 200 OK\r\nContent-Length: " + promised
                                + "\r\nContent-Type: application/octet-stream\r\nConnection: close\r\n\r\n")
                        .getBytes(StandardCharsets.US_ASCII));
                byte[] block = new byte[64 * 1024];
                Arrays.fill(block, (byte) 0xA5);
                for (long sent = 0; sent < given; sent += block.length) {
                    out.write(block);
                }
            } catch (IOException e) {
                // The client went away, as it may.
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
