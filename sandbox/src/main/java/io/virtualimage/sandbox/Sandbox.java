package io.virtualimage.sandbox;

import io.virtualimage.sandbox.components.ByteGate;
import io.virtualimage.sandbox.components.KafkaBroker;
import io.virtualimage.sandbox.components.KubeApi;
import io.virtualimage.sandbox.components.MinioServer;
import io.virtualimage.sandbox.components.ObjectStore;
import io.virtualimage.sandbox.components.Ports;
import io.virtualimage.sandbox.components.Readiness;
import io.virtualimage.sandbox.components.Registry;
import io.virtualimage.sandbox.components.RunningComponent;
import io.virtualimage.sandbox.components.S3ProxyStore;
import io.virtualimage.sandbox.components.SandboxHome;
import io.virtualimage.sandbox.components.TcpBalancer;
import io.virtualimage.sandbox.nodes.NodeRunner;
import io.virtualimage.stage.process.Settings;
import io.virtualimage.stage.process.StageRuntime;
import io.virtualimage.stage.staging.S3StagingStore;
import io.virtualimage.stage.staging.StagingUnavailableException;
import io.virtualimage.topics.ProvisioningException;
import io.virtualimage.topics.TopicProvisioner;
import io.virtualimage.volume.VolumeMain;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.jspecify.annotations.Nullable;

/**
 * Everything that the pipeline needs, and the pipeline, in one place: a broker, an object store, a registry, a
 * Kubernetes API and the services. {@link #start} returns when all of it is ready; {@link #close} stops it again, and
 * the directory keeps the data.
 */
public final class Sandbox implements AutoCloseable {
    private static final int PARTITIONS = 3;
    private static final String FILL = "-fill";
    private static final String UPLOADS = "-uploads";
    private static final Duration READY_WITHIN = Duration.ofSeconds(90);

    private final SandboxOptions options;
    private final Deque<AutoCloseable> started = new ArrayDeque<>();
    private final List<RunningComponent> components = new ArrayList<>();
    private final List<Replica> replicas = new ArrayList<>();
    private final Map<String, String> environment = new LinkedHashMap<>();

    /** Null until the services are started. */
    private @Nullable ByteGate uploadGate;

    /**
     * A replica of a service, as {@code make status} shows it.
     *
     * @param process null if it runs in the sandbox's JVM
     */
    public record Replica(
            String name,
            Service service,
            URI readiness,
            @Nullable ServiceProcess process) {}

    private Sandbox(SandboxOptions options) {
        this.options = options;
    }

    /**
     * Starts all of it.
     *
     * @throws io.virtualimage.sandbox.components.ComponentException if a component can't be had; what was started
     *     before is stopped
     */
    public static Sandbox start(SandboxOptions options) {
        Sandbox sandbox = new Sandbox(options);
        try {
            sandbox.startComponents();
            sandbox.prepare();
            sandbox.startServices();
            return sandbox;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            sandbox.close();
            throw new IllegalStateException("interrupted while the sandbox was starting", e);
        } catch (RuntimeException e) {
            sandbox.close();
            throw e;
        }
    }

    private void startComponents() {
        Path data = options.directory();
        // Side by side: each waits for something else most of the time.
        CompletableFuture<KubeApi> kube = begin(() -> KubeApi.givenOrStarted(data.resolve("kube")));
        CompletableFuture<Registry> registry = begin(() -> Registry.givenOrStarted(data.resolve("registry")));
        CompletableFuture<ObjectStore> store = begin(() -> switch (options.store()) {
            case S3PROXY -> S3ProxyStore.start(data.resolve("s3"));
            case MINIO -> MinioServer.start(data.resolve("minio"));
        });
        CompletableFuture<KafkaBroker> broker = begin(() -> KafkaBroker.start(data.resolve("kafka")));
        await(CompletableFuture.allOf(kube, registry, store, broker)); // so that a failure leaves none half started
        KafkaBroker theBroker = await(broker);
        ObjectStore theStore = await(store);
        Registry theRegistry = await(registry);
        KubeApi theKube = await(kube);

        environment.put("KUBECONFIG", theKube.kubeconfig().toAbsolutePath().toString());
        environment.put("KAFKA_BOOTSTRAP", theBroker.bootstrapServers());
        environment.put("S3_ENDPOINT", theStore.endpoint().toString());
        environment.put("S3_ACCESS_KEY", theStore.accessKey());
        environment.put("S3_SECRET_KEY", theStore.secretKey());
        environment.put("S3_BUCKET", "virtualimage");
        environment.put("REGISTRY", theRegistry.hostAndPort());
        environment.put("REGISTRY_URL", theRegistry.endpoint().toString());

        Path k8s = SandboxHome.find().directory().resolve("k8s");
        Path crds = k8s.resolve("crds");
        theKube.apply(crds.resolve("virtualimages.virtualization.deckhouse.io.yaml"));
        theKube.applyAll(k8s.resolve("manifests").resolve("admission"));
        if (theKube.isStartedHere()) {
            // An existing cluster has the real ones, or has none on purpose.
            theKube.applyAll(crds.resolve("external"));
            await(begin(() -> NodeRunner.start(theKube, data.resolve("node"))));
        }
    }

    private <T extends RunningComponent> CompletableFuture<T> begin(Supplier<T> starter) {
        return CompletableFuture.supplyAsync(() -> {
            T component = starter.get();
            synchronized (started) {
                components.add(component);
                started.push(component);
            }
            return component;
        });
    }

    private static <T> T await(CompletableFuture<T> starting) {
        try {
            return starting.join();
        } catch (CompletionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : e;
        }
    }

    private void prepare() throws InterruptedException {
        Map<String, Object> config = Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, value("KAFKA_BOOTSTRAP"));
        try (Admin admin = Admin.create(config);
                S3StagingStore staging = S3StagingStore.connect(
                        URI.create(value("S3_ENDPOINT")),
                        value("S3_ACCESS_KEY"),
                        value("S3_SECRET_KEY"),
                        value("S3_BUCKET"))) {
            new TopicProvisioner(admin, PARTITIONS, 1).provision();
            staging.ensureBucket();
        } catch (ProvisioningException e) {
            throw new IllegalStateException("the sandbox's broker is of no use: " + e.getMessage(), e);
        } catch (StagingUnavailableException e) {
            throw new IllegalStateException("the sandbox's object store is of no use: " + e.getMessage(), e);
        }
    }

    private void startServices() throws InterruptedException {
        Map<String, String> settings = new LinkedHashMap<>(environment);
        settings.put("PARTITIONS", Integer.toString(PARTITIONS));
        settings.put("POD_NAMESPACE", "default");
        settings.put("TOKEN_KEY", tokenKey());
        settings.put("LOG_FORMAT", "plain");
        // As Docker does: what listens on the loopback interface needs no TLS.
        settings.put("INSECURE_REGISTRIES", "127.0.0.1,localhost");
        Ports ports = new Ports(options.directory().resolve("services"));
        TcpBalancer uploads = balancer(ports, Service.FETCHER, UPLOADS);
        uploadGate = uploads.gate();
        settings.put("UPLOAD_HOST", uploads.hostAndPort());
        settings.put("UPLOAD_SERVICE", uploads.hostAndPort());
        settings.put("UPLOAD_TLS", "false");
        settings.put("FETCHER_URL", "http://" + uploads.hostAndPort());
        settings.putAll(volumes(ports));
        settings.putAll(options.settings());
        for (Service service : Service.values()) {
            Integer count = options.processes().get(service);
            if (count == null) {
                startHere(service, settings, ports);
            } else {
                for (int i = 1; i <= count; i++) {
                    String name = service.serviceName() + "-" + i;
                    ServiceProcess process = ServiceProcess.start(
                            name,
                            service,
                            ofReplica(name, service, settings, ports),
                            ports.port(name),
                            options.directory().resolve("logs"));
                    started.push(process);
                    replicas.add(new Replica(name, service, process.readiness(), process));
                }
            }
        }
        for (Replica replica : replicas) {
            awaitReady(replica);
        }
    }

    /** In front of all replicas of a service, as its Service is. */
    private TcpBalancer balancer(Ports ports, Service service, String what) {
        Integer count = options.processes().get(service);
        List<Integer> replicas = new ArrayList<>();
        if (count == null) {
            replicas.add(ports.port(service.serviceName() + what));
        } else {
            for (int i = 1; i <= count; i++) {
                replicas.add(ports.port(service.serviceName() + "-" + i + what));
            }
        }
        TcpBalancer balancer = TcpBalancer.start(ports.port(what), replicas);
        started.push(balancer);
        return balancer;
    }

    /** What it takes to fill volumes: a Pod is a process, whose program stands on this JVM's class path. */
    private Map<String, String> volumes(Ports ports) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String program = Path.of(URI.create(VolumeMain.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toString()))
                .toString();
        return Map.of(
                "PUBLISHER_URL",
                "http://" + balancer(ports, Service.PUBLISHER, FILL).hostAndPort(),
                "VOLUME_JOB_IMAGE",
                "virtualimage/volume",
                "VOLUME_JOB_COMMAND",
                "%s -Xmx96m -XX:+UseSerialGC -Xshare:auto -cp %s %s"
                        .formatted(java, program, VolumeMain.class.getName()),
                // Volumes are folders here, without a file system of their own.
                "FILESYSTEM_OVERHEAD",
                "0");
    }

    private static Map<String, String> ofReplica(
            String name, Service service, Map<String, String> settings, Ports ports) {
        Map<String, String> own = new LinkedHashMap<>(settings);
        if (service == Service.FETCHER) {
            own.put("UPLOAD_PORT", Integer.toString(ports.port(name + UPLOADS)));
        }
        if (service == Service.PUBLISHER) {
            own.put("FILL_PORT", Integer.toString(ports.port(name + FILL)));
        }
        return own;
    }

    /** Made once: addresses to upload to stay what they are when the sandbox is started again. */
    private String tokenKey() {
        Path file = options.directory().resolve("token-key");
        try {
            if (!Files.exists(file)) {
                byte[] random = new byte[32];
                new SecureRandom().nextBytes(random);
                Files.createFile(
                        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
                Files.writeString(file, HexFormat.of().formatHex(random));
            }
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException("the key of the sandbox's tokens can't be kept in " + file, e);
        }
    }

    private void startHere(Service service, Map<String, String> settings, Ports ports) throws InterruptedException {
        int opsPort = ports.port(service.serviceName());
        Map<String, String> own = ofReplica(service.serviceName(), service, settings, ports);
        own.put("REPLICA", service.serviceName());
        own.put("OPS_PORT", Integer.toString(opsPort));
        StageRuntime runtime = service.startHere(new Settings(own));
        started.push(runtime);
        URI readiness = URI.create("http://127.0.0.1:" + opsPort + "/readyz");
        replicas.add(new Replica(service.serviceName(), service, readiness, null));
    }

    private static void awaitReady(Replica replica) throws InterruptedException {
        ServiceProcess process = replica.process();
        if (process != null) {
            process.awaitReady();
            return;
        }
        Readiness readiness = Readiness.http(replica.readiness());
        long deadline = System.nanoTime() + READY_WITHIN.toNanos();
        IOException last = null;
        while (System.nanoTime() < deadline) {
            try {
                if (readiness.isReady()) {
                    return;
                }
            } catch (IOException e) {
                last = e;
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
        throw new IllegalStateException(
                replica.name() + " was not ready within " + READY_WITHIN.toSeconds() + " s: " + last, last);
    }

    /** What any tool needs to reach the sandbox, by the names of environment variables. */
    public Map<String, String> environment() {
        return Map.copyOf(environment);
    }

    /** One of {@link #environment()}. */
    public String value(String name) {
        String value = environment.get(name);
        if (value == null) {
            throw new IllegalArgumentException("the sandbox has no " + name);
        }
        return value;
    }

    /** The registry that images are published to. */
    public Registry registry() {
        return component(Registry.class);
    }

    /** Where staged objects are. */
    public ObjectStore objectStore() {
        return component(ObjectStore.class);
    }

    private <T extends RunningComponent> T component(Class<T> kind) {
        return components.stream()
                .filter(kind::isInstance)
                .map(kind::cast)
                .findFirst()
                .orElseThrow();
    }

    /** What is sent to the fetchers, by users and by Pods, goes through it. */
    public ByteGate uploadGate() {
        return Objects.requireNonNull(uploadGate, "the services are not started");
    }

    public Path kubeconfig() {
        return Path.of(value("KUBECONFIG"));
    }

    /** What it is made of, in words: {@code registry v3.1.1}. */
    public List<String> describeComponents() {
        return components.stream().map(RunningComponent::describe).sorted().toList();
    }

    public List<Replica> replicas() {
        return List.copyOf(replicas);
    }

    /** The processes of a service. */
    public List<ServiceProcess> processesOf(Service service) {
        List<ServiceProcess> processes = new ArrayList<>();
        for (Replica replica : replicas) {
            ServiceProcess process = replica.process();
            if (replica.service() == service && process != null) {
                processes.add(process);
            }
        }
        return processes;
    }

    /** Writes {@code env}, to be sourced by a shell. */
    public void writeEnvironment() throws IOException {
        StringBuilder lines = new StringBuilder();
        environment.forEach((name, value) ->
                lines.append("export ").append(name).append("='").append(value).append("'\n"));
        Path file = options.directory().resolve("env");
        Files.writeString(file, lines.toString());
    }

    @Override
    public void close() {
        RuntimeException first = null;
        while (true) {
            AutoCloseable next;
            synchronized (started) {
                next = started.poll();
            }
            if (next == null) {
                break;
            }
            try {
                next.close();
            } catch (Exception e) {
                IllegalStateException failure = new IllegalStateException("could not stop " + next, e);
                if (first == null) {
                    first = failure;
                } else {
                    first.addSuppressed(failure);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
