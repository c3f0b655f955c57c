package io.virtualimage.fetcher.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.oci.Credentials;
import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.ImageConfig;
import io.virtualimage.oci.ImageManifest;
import io.virtualimage.oci.ImageReference;
import io.virtualimage.oci.MediaTypes;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.Platform;
import io.virtualimage.oci.Repository;
import io.virtualimage.topics.FailureReason;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okhttp3.Dns;
import okio.Buffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The rules for other sources hold for registries. */
class RegistryConnectionsTest {
    private final MockWebServer server = new MockWebServer();

    @BeforeEach
    void start() throws Exception {
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        server.close();
    }

    private ResolvedSource image(String user) {
        ImageReference reference = ImageReference.parse("127.0.0.1:" + server.getPort() + "/disks/a:1");
        return new ResolvedSource.ContainerImage(
                reference, reference.plainEndpoint(), new Credentials(user, "geheim-1"), null, null);
    }

    private static RegistrySource source(Dns dns) {
        return new RegistrySource(
                dns, EnvironmentProxies.NONE, Clock.systemUTC(), Platform.LINUX_AMD64, Duration.ofMinutes(30));
    }

    private static MockResponse answer(int code, String body) {
        return new MockResponse.Builder().code(code).body(body).build();
    }

    @Test
    void aRegistryThatAsksForPatienceGetsIt() throws Exception {
        server.enqueue(new MockResponse.Builder()
                .code(503)
                .setHeader("Retry-After", "7")
                .build());
        try (RegistrySource source = source(Dns.SYSTEM)) {
            SourceException.Unavailable failure =
                    catchThrowableOfType(SourceException.Unavailable.class, () -> source.probe(image("user")));
            assertThat(failure.delay()).isEqualTo(Duration.ofSeconds(7));
            assertThat(failure.reason()).isEqualTo(FailureReason.SOURCE_UNAVAILABLE);
        }
    }

    @Test
    void itsOwnWordsAreShownAndNoSecret() throws Exception {
        server.enqueue(new MockResponse.Builder()
                .code(401)
                .setHeader("WWW-Authenticate", "Basic realm=\"r\"")
                .build());
        server.enqueue(answer(401, "{\"errors\":[{\"code\":\"UNAUTHORIZED\",\"message\":\"who are you\"}]}"));
        try (RegistrySource source = source(Dns.SYSTEM)) {
            assertThatThrownBy(() -> source.probe(image("user")))
                    .isInstanceOf(SourceException.Refused.class)
                    .hasMessageContaining("who are you")
                    .hasMessageNotContaining("geheim-1");
        }
    }

    @Test
    void whoGuardsTheLookupSeesAddressesToo() throws Exception {
        Dns guard = host -> {
            throw new UnknownHostException(host + " is off limits");
        };
        try (RegistrySource source = source(guard)) {
            assertThatThrownBy(() -> source.probe(image("user")))
                    .isInstanceOf(SourceException.Unavailable.class)
                    .hasMessageContaining("off limits");
        }
        assertThat(server.getRequestCount()).isZero();
    }

    @Test
    void aClientIsKeptForTheSameCredentialsOnly() throws Exception {
        try (RegistryConnections connections =
                new RegistryConnections(Dns.SYSTEM, EnvironmentProxies.NONE, Clock.systemUTC())) {
            ResolvedSource.ContainerImage one = (ResolvedSource.ContainerImage) image("user");
            ResolvedSource.ContainerImage other = (ResolvedSource.ContainerImage) image("other");
            assertThat(connections.to(one)).isSameAs(connections.to((ResolvedSource.ContainerImage) image("user")));
            assertThat(connections.to(one)).isNotSameAs(connections.to(other));
        }
    }

    /** Each reads two layers, of which it holds one when it wants the other: they must not wait for each other. */
    @Test
    void eightSearchesAtOnceDoNotBlockEachOther() throws Exception {
        byte[] low = tar("disk/a", new byte[1 << 20]);
        byte[] high = tar("etc/x", new byte[10]);
        byte[] config = new ImageConfig("amd64", "linux", Map.of(), List.of()).toJson();
        byte[] manifest = new ImageManifest(
                        Descriptor.of(MediaTypes.OCI_CONFIG, config),
                        List.of(Descriptor.of(MediaTypes.OCI_LAYER, low), Descriptor.of(MediaTypes.OCI_LAYER, high)),
                        Map.of())
                .toJson();
        CountDownLatch allAreAtTheLowLayer = new CountDownLatch(8);
        server.setDispatcher(new Dispatcher() {
            @Override
            public MockResponse dispatch(RecordedRequest request) throws InterruptedException {
                String path = request.getUrl().encodedPath();
                if (path.contains("/manifests/")) {
                    return new MockResponse.Builder()
                            .setHeader("Content-Type", MediaTypes.OCI_MANIFEST)
                            .body(new Buffer().write(manifest))
                            .build();
                }
                if (path.endsWith(Digest.sha256(high).toString())) {
                    return new MockResponse.Builder()
                            .body(new Buffer().write(high))
                            .build();
                }
                allAreAtTheLowLayer.countDown();
                allAreAtTheLowLayer.await(10, TimeUnit.SECONDS);
                return new MockResponse.Builder().body(new Buffer().write(low)).build();
            }
        });
        try (RegistrySource source = source(Dns.SYSTEM)) {
            List<FutureTask<SourceProbe>> probes = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                probes.add(new FutureTask<>(() -> source.probe(image("user"))));
            }
            List<Thread> threads =
                    probes.stream().map(Thread.ofVirtual()::start).toList();
            try {
                for (FutureTask<SourceProbe> each : probes) {
                    assertThat(each.get(30, TimeUnit.SECONDS).lengthBytes()).isEqualTo(1 << 20);
                }
            } finally {
                threads.forEach(Thread::interrupt);
            }
            assertThat(allAreAtTheLowLayer.getCount()).isZero();
        }
    }

    private static byte[] tar(String name, byte[] content) {
        ByteArrayOutputStream tar = new ByteArrayOutputStream();
        RegistrySourceTest.file(tar, name, content);
        tar.writeBytes(new byte[1024]);
        return tar.toByteArray();
    }

    /** As many as eight pieces of one host at once; the ninth waits until one is done. */
    @Test
    void aHostGetsOnlySoManyConnections() throws Exception {
        Digest digest = Digest.sha256(new byte[10]);
        for (int i = 0; i < 9; i++) {
            server.enqueue(answer(200, "0123456789"));
        }
        try (RegistryConnections connections =
                new RegistryConnections(Dns.SYSTEM, EnvironmentProxies.NONE, Clock.systemUTC())) {
            OciRegistry registry = connections.to((ResolvedSource.ContainerImage) image("user"));
            Repository repository = new Repository("disks/a");
            List<InputStream> open = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                open.add(registry.openBlob(repository, digest, 0));
            }
            CountDownLatch ninth = new CountDownLatch(1);
            Thread waiting = Thread.ofVirtual().start(() -> {
                try (InputStream _ = registry.openBlob(repository, digest, 0)) {
                    ninth.countDown();
                } catch (IOException e) {
                    throw new IllegalStateException(e);
                }
            });
            assertThat(ninth.await(200, TimeUnit.MILLISECONDS)).isFalse();
            assertThat(server.getRequestCount()).isEqualTo(8);
            for (InputStream each : open) {
                each.close();
            }
            assertThat(ninth.await(10, TimeUnit.SECONDS)).isTrue();
            waiting.join();
        }
    }
}
