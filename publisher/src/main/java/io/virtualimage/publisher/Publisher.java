package io.virtualimage.publisher;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.virtualimage.k8s.KubernetesConnection;
import io.virtualimage.k8s.volume.VolumeProgram;
import io.virtualimage.oci.CaBundle;
import io.virtualimage.oci.Credentials;
import io.virtualimage.oci.HttpRegistry;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistrySettings;
import io.virtualimage.publisher.care.Agenda;
import io.virtualimage.publisher.care.Caretaker;
import io.virtualimage.publisher.care.CheckRequests;
import io.virtualimage.publisher.volume.ClaimPlace;
import io.virtualimage.publisher.volume.ClaimWatch;
import io.virtualimage.publisher.volume.KubernetesVolumes;
import io.virtualimage.publisher.volume.VolumeCluster;
import io.virtualimage.publisher.volume.VolumeDoor;
import io.virtualimage.publisher.volume.VolumeFilling;
import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.Share;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.stage.web.WebServer;
import io.virtualimage.topics.Event.ImageLost;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.WorkGroup;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import okhttp3.OkHttpClient;
import org.jspecify.annotations.Nullable;

/** The publisher as a service. */
public final class Publisher {
    private static final Duration CHECK_INTERVAL = Duration.ofMinutes(5);

    /** Few: nobody waits for them, and the registry has better things to do. */
    private static final int CHECKS_AT_A_TIME = 4;

    private static final Duration CHECK_PAUSE = Duration.ofMillis(500);

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
     *   <li>{@code PUBLISHER_URL}: the URL of all publishers, as Pods in the images' namespaces reach it; {@code
     *       VOLUME_JOB_IMAGE}: the container image of the program in these Pods. Without these two no volume can be filled,
     *       and the following settings are not read
     *   <li>{@code VOLUME_JOB_COMMAND}, {@code VOLUME_JOB_MEMORY}, {@code VOLUME_JOB_CPU}: what starts the program (words
     *       with white space between), and what it may use up
     *   <li>{@code FILL_PORT}: where Pods are answered (default {@code 8082}); {@code TOKEN_KEY}: what their tokens are
     *       derived from; {@code KUBECONFIG}: by default the pod's own service account
     *   <li>{@code VERIFY_VOLUME}: whether they read back what they wrote (default {@code true})
     *   <li>{@code FILESYSTEM_OVERHEAD}: how many thousandths of a file system on a volume files can't have: its claim is
     *       so much larger than the disk (default 55)
     *   <li>{@code FILL_READS}: how many answers to Pods may be read from staging, or be on their way, at a time, each
     *       with some 32 MiB of memory (default 4)
     *   <li>{@code CHECK_INTERVAL}: how often whether an image is still there is looked up (default {@code 5m})
     *   <li>{@code WORKERS}, {@code STREAM_WORKERS}: manifests and layers at a time (default 4 and 2)
     * </ul>
     *
     * @throws IllegalStateException if a setting is missing or malformed
     * @throws IllegalArgumentException if one can't be used
     */
    public static void start(StageRuntime runtime, Settings settings) {
        int workers = settings.number("WORKERS", 4, 1, 200);
        int streamWorkers = settings.number("STREAM_WORKERS", 2, 1, 200);
        Duration checkInterval = settings.duration("CHECK_INTERVAL", CHECK_INTERVAL);
        long chunkBytes = settings.bytes("PUSH_CHUNK", PublishPorts.DEFAULT_CHUNK_BYTES);
        String host = settings.text("REGISTRY");
        String prefix = settings.text("REGISTRY_REPOSITORY", PublicNames.DEFAULT_PREFIX);
        URI base = settings.optional("REGISTRY_URL").isPresent()
                ? settings.uri("REGISTRY_URL")
                : URI.create("https://" + (host.isEmpty() ? "registry.invalid" : host));
        Credentials credentials = credentials(settings);
        List<X509Certificate> trusted = trusted(settings);
        Optional<Filling> filling = settings.optional("VOLUME_JOB_IMAGE")
                .filter(image -> settings.optional("PUBLISHER_URL").isPresent())
                .map(image -> Filling.read(settings, image));
        settings.check();
        PublishMeters meters = new PublishMeters(runtime.meters());
        OciRegistry registry = new HttpRegistry(
                new RegistrySettings(base, credentials, trusted),
                new OkHttpClient.Builder().eventListener(meters.pushes()).build(),
                runtime.clock());
        // Reading ahead blocks on the object store; such a thread is short-lived and belongs to no pool.
        PublishPorts ports = new PublishPorts(
                registry,
                runtime.staging(),
                runtime.feeds(),
                runtime.ledger(),
                runtime.clock(),
                chunkBytes,
                read -> Thread.ofVirtual().name("read-ahead").start(read));
        PublicNames names = new PublicNames(host, prefix);
        Volumes volumes = filling.map(it -> it.start(runtime, meters)).orElse(null);
        PublishWorker worker = new PublishWorker(ports, names, volumes == null ? null : volumes.filling());
        runtime.host(new PublishFold());
        runtime.work(WorkGroup.PUBLISH_TASKS, workers, worker);
        runtime.work(WorkGroup.PUBLISH_STREAMS, streamWorkers, worker);
        lookAfter(runtime, new RegistryPlace(registry, names), volumes, checkInterval);
    }

    private static void lookAfter(
            StageRuntime runtime, RegistryPlace registry, @Nullable Volumes volumes, Duration interval) {
        Agenda agenda = new Agenda(runtime.clock(), interval);
        Share share = runtime.share("publisher-care", Topic.PUBLISHED, agenda);
        ClaimPlace claims = volumes == null ? null : volumes.watched(runtime, new ClaimListener(agenda, share));
        Caretaker caretaker = new Caretaker(agenda, share, runtime.ledger(), runtime.announcer(), registry, claims);
        var _ = runtime.view(Set.of(Topic.REQUESTS), new CheckRequests(agenda::hurry));
        for (int i = 0; i < CHECKS_AT_A_TIME; i++) {
            runtime.every(CHECK_PAUSE, "care-" + i, caretaker::work);
        }
    }

    /** A claim that appears is of interest if the image had lost its own; one that changed, always. */
    private record ClaimListener(Agenda agenda, Share share) implements ClaimWatch.Listener {
        @Override
        public void appeared(String uid) {
            if (share.last(uid)
                    .filter(last -> last.event() instanceof ImageLost)
                    .isPresent()) {
                agenda.hurry(uid);
            }
        }

        @Override
        public void changed(String uid) {
            agenda.hurry(uid);
        }
    }

    /** What fills volumes, and what it stands on. */
    private record Volumes(VolumeFilling filling, VolumeCluster cluster, KubernetesClient client) {
        ClaimPlace watched(StageRuntime runtime, ClaimWatch.Listener listener) {
            ClaimWatch watch = runtime.keep(ClaimWatch.start(client, listener));
            return new ClaimPlace(watch, cluster, runtime.clock());
        }
    }

    /** What is set up to fill volumes. */
    private record Filling(
            VolumeFilling.Setup setup,
            String tokenKey,
            Optional<String> kubeconfig,
            int port,
            boolean verify,
            int reads) {
        private static final int DEFAULT_PORT = 8082;
        private static final int DEFAULT_OVERHEAD = 55;
        private static final int DEFAULT_READS = 4;

        /** A connection on which nothing moves for so long is cut. */
        private static final Duration IDLE = Duration.ofMinutes(1);

        private static final Duration GRACE = Duration.ofSeconds(5);

        static Filling read(Settings settings, String image) {
            VolumeProgram program = VolumeProgram.of(
                    image,
                    settings.text("VOLUME_JOB_COMMAND", VolumeProgram.COMMAND),
                    settings.text("VOLUME_JOB_MEMORY", VolumeProgram.MEMORY),
                    settings.text("VOLUME_JOB_CPU", VolumeProgram.CPU_LIMIT));
            double overhead = settings.number("FILESYSTEM_OVERHEAD", DEFAULT_OVERHEAD, 0, 500) / 1000.0;
            return new Filling(
                    new VolumeFilling.Setup(settings.uri("PUBLISHER_URL").toString(), program, overhead),
                    settings.text("TOKEN_KEY"),
                    settings.optional("KUBECONFIG"),
                    settings.number("FILL_PORT", DEFAULT_PORT, 0, 65_535),
                    settings.flag("VERIFY_VOLUME", true),
                    settings.number("FILL_READS", DEFAULT_READS, 1, 100));
        }

        Volumes start(StageRuntime runtime, PublishMeters meters) {
            AccessTokens tokens = AccessTokens.ofSetting("TOKEN_KEY", tokenKey);
            VolumeDoor door = new VolumeDoor(
                    runtime.staging(),
                    runtime.ledger(),
                    runtime.announcer(),
                    tokens,
                    runtime.replica(),
                    verify,
                    reads,
                    meters::filled);
            WebServer server = runtime.keep(WebServer.start(port, IDLE, GRACE, Map.of(VolumeDoor.prefix(), door)));
            runtime.addReadiness("door for volumes", server::listening);
            KubernetesClient client = runtime.keep(KubernetesConnection.open(kubeconfig));
            VolumeCluster cluster = new KubernetesVolumes(client);
            return new Volumes(new VolumeFilling(cluster, runtime.staging(), tokens, setup), cluster, client);
        }
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
