package io.virtualimage.publisher;

import io.virtualimage.oci.CaBundle;
import io.virtualimage.oci.Credentials;
import io.virtualimage.oci.HttpRegistry;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistrySettings;
import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.topics.WorkGroup;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;

/** The publisher as a service. */
public final class Publisher {
    private Publisher() {}

    /**
     * Starts the planner and the workers; returns at once. Settings:
     *
     * <ul>
     *   <li>{@code REGISTRY}: host and port as users see them; {@code REGISTRY_URL}: how to reach it (default
     *       {@code https://REGISTRY}); {@code REGISTRY_USERNAME} and {@code REGISTRY_PASSWORD}, both or neither;
     *       {@code REGISTRY_CA}: a file of certificates (PEM) to trust besides the usual ones
     *   <li>{@code REGISTRY_REPOSITORY}: what the names of repositories begin with (default {@code vi})
     *   <li>{@code PUSH_CHUNK}: bytes sent to the registry in one request (default {@code 64Mi})
     *   <li>{@code WORKERS}, {@code STREAM_WORKERS}: manifests and layers at a time (default 4 and 2)
     * </ul>
     *
     * @throws IllegalStateException if a setting is missing or malformed
     * @throws IllegalArgumentException if one can't be used
     */
    public static void start(StageRuntime runtime, Settings settings) {
        int workers = settings.number("WORKERS", 4, 1, 200);
        int streamWorkers = settings.number("STREAM_WORKERS", 2, 1, 200);
        long chunkBytes = settings.bytes("PUSH_CHUNK", PublishPorts.DEFAULT_CHUNK_BYTES);
        String host = settings.text("REGISTRY");
        String prefix = settings.text("REGISTRY_REPOSITORY", PublicNames.DEFAULT_PREFIX);
        URI base = settings.optional("REGISTRY_URL").isPresent()
                ? settings.uri("REGISTRY_URL")
                : URI.create("https://" + (host.isEmpty() ? "registry.invalid" : host));
        Credentials credentials = credentials(settings);
        List<X509Certificate> trusted = trusted(settings);
        settings.check();
        OciRegistry registry =
                new HttpRegistry(new RegistrySettings(base, credentials, trusted), new OkHttpClient(), runtime.clock());
        // Reading ahead blocks on the object store; such a thread is short-lived and belongs to no pool.
        PublishPorts ports = new PublishPorts(
                registry,
                runtime.staging(),
                runtime.feeds(),
                runtime.ledger(),
                runtime.clock(),
                chunkBytes,
                read -> Thread.ofVirtual().name("read-ahead").start(read));
        PublishWorker worker = new PublishWorker(ports, new PublicNames(host, prefix));
        runtime.host(new PublishFold());
        runtime.work(WorkGroup.PUBLISH_TASKS, workers, worker);
        runtime.work(WorkGroup.PUBLISH_STREAMS, streamWorkers, worker);
    }

    private static @Nullable Credentials credentials(Settings settings) {
        Optional<String> user = settings.optional("REGISTRY_USERNAME");
        Optional<String> password = settings.optional("REGISTRY_PASSWORD");
        if (user.isEmpty() && password.isEmpty()) {
            return null;
        }
        return new Credentials(settings.text("REGISTRY_USERNAME"), settings.text("REGISTRY_PASSWORD"));
    }

    private static List<X509Certificate> trusted(Settings settings) {
        Optional<String> file = settings.optional("REGISTRY_CA");
        if (file.isEmpty()) {
            return List.of();
        }
        try {
            return CaBundle.parse(Files.readAllBytes(Path.of(file.get())));
        } catch (IOException | IllegalArgumentException e) {
            throw new IllegalStateException("REGISTRY_CA, " + file.get() + ", can't be used: " + e.getMessage(), e);
        }
    }
}
