package io.virtualimage.sandbox.components;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A container registry (distribution v3) beside this JVM, on the loopback interface; plain HTTP and open to everybody
 * there, unless it is told otherwise; it allows deletion. Or one that is there already, see {@link #VARIABLE}.
 */
public final class Registry implements RunningComponent {

    /** The environment variable that names an existing registry, {@code host:port}; nothing is started then. */
    public static final String VARIABLE = "REGISTRY";

    private static final Duration READY_WITHIN = Duration.ofMinutes(1);

    private final String scheme;
    private final String hostAndPort;
    private volatile @Nullable LocalProcess process;
    private final @Nullable Path log;
    private final String description;

    /** Where the registry keeps its blobs. */
    public enum Storage {
        /** In the directory: still there after a restart. */
        FOLDER,
        /** In the registry's memory. */
        MEMORY
    }

    /**
     * How a registry speaks TLS.
     *
     * @param address of the loopback network, where it listens and which its certificate is for
     * @param certificate PEM, with those that vouch for it
     * @param key PEM
     */
    public record Tls(String address, Path certificate, Path key) {}

    private Registry(
            String scheme, String hostAndPort, @Nullable LocalProcess process, @Nullable Path log, String description) {
        this.scheme = scheme;
        this.hostAndPort = hostAndPort;
        this.process = process;
        this.log = log;
        this.description = description;
    }

    /** The registry that {@link #VARIABLE} names, else a started one that keeps its blobs in the directory. */
    public static Registry givenOrStarted(Path directory) {
        String given = System.getenv(VARIABLE);
        return given == null || given.isBlank() ? start(directory, Storage.FOLDER) : existing(given.strip());
    }

    /**
     * One that runs already.
     *
     * @param hostAndPort {@code host:port}, without a scheme
     * @throws ComponentException if nothing answers there
     */
    public static Registry existing(String hostAndPort) {
        URI api = URI.create("http://" + hostAndPort + "/v2/");
        try {
            Readiness.http(api).isReady();
        } catch (IOException e) {
            throw new ComponentException(
                    VARIABLE + " names " + hostAndPort + ", but no registry answers there: " + e.getMessage(), e);
        }
        return new Registry("http", hostAndPort, null, null, "existing registry " + hostAndPort);
    }

    /** Starts one and returns when it answers. Port and blobs (unless in memory) stay in the directory. */
    public static Registry start(Path directory, Storage storage) {
        return start(directory, storage, new RegistryAccess.Open(), null);
    }

    /**
     * As {@link #start(Path, Storage)}.
     *
     * @param tls null for plain HTTP
     */
    public static Registry start(Path directory, Storage storage, RegistryAccess access, @Nullable Tls tls) {
        Path program = Component.REGISTRY.program();
        int port = new Ports(directory).port("registry");
        String host = tls == null ? "127.0.0.1" : tls.address();
        String address = host + ":" + port;
        Path config = directory.resolve("config.yml");
        Path log = directory.resolve("registry.log");
        try {
            Files.writeString(config, config(address, directory, storage, access, tls));
        } catch (IOException e) {
            throw new ComponentException("The registry's configuration can't be written: " + config, e);
        }
        LocalProcess process = LocalProcess.start(new LocalProcess.Program(
                                "registry", log, List.of(program.toString(), "serve", config.toString()))
                        // Else it looks for a collector of traces, and complains.
                        .withEnvironment(Map.of("OTEL_TRACES_EXPORTER", "none")))
                .awaitReady(readiness(tls == null ? "http" : "https", address), READY_WITHIN);
        return new Registry(
                tls == null ? "http" : "https",
                address,
                process,
                log,
                "registry " + Component.REGISTRY.versionOf(program));
    }

    private static Readiness readiness(String scheme, String hostAndPort) {
        URI root = URI.create(scheme + "://" + hostAndPort + "/");
        // Its root answers everybody.
        return scheme.equals("http") ? Readiness.http(root) : Readiness.tcp(root.getHost(), root.getPort());
    }

    private static String config(
            String address, Path directory, Storage storage, RegistryAccess access, @Nullable Tls tls) {
        String where = switch (storage) {
            case FOLDER ->
                "filesystem: {rootdirectory: '" + directory.resolve("data").toAbsolutePath() + "'}";
            case MEMORY -> "inmemory: {}";
        };
        return """
                version: 0.1
                log: {level: warn}
                storage:
                  %s
                  delete: {enabled: true}
                  maintenance: {uploadpurging: {enabled: false}}
                http:
                  addr: %s
                  # Signs the state of uploads: the same after a restart, so that they can go on.
                  secret: sandbox-registry-secret
                %s%s""".formatted(where, address, tls == null ? "" : config(tls), access.configuration());
    }

    private static String config(Tls tls) {
        return "  tls: {certificate: '%s', key: '%s'}\n"
                .formatted(tls.certificate().toAbsolutePath(), tls.key().toAbsolutePath());
    }

    /** {@code host:port}, as at the start of an image reference. */
    public String hostAndPort() {
        return hostAndPort;
    }

    /** Where the blobs of {@link Storage#FOLDER} are, in the layout of distribution's filesystem driver. */
    public Path folder() {
        if (log == null) {
            throw new IllegalStateException("an existing registry keeps its files to itself");
        }
        return log.resolveSibling("data");
    }

    public URI endpoint() {
        return URI.create(scheme + "://" + hostAndPort);
    }

    /** The access log (one line in Apache's combined format per request) among the registry's own lines. */
    public Path accessLog() {
        if (log == null) {
            throw new IllegalStateException("an existing registry keeps its access log to itself");
        }
        return log;
    }

    /** The registry's process, for tests that kill it. */
    public LocalProcess process() {
        LocalProcess running = process;
        if (running == null) {
            throw new IllegalStateException("an existing registry is no process of ours");
        }
        return running;
    }

    /** Starts one whose process has ended again, and returns when it answers. Only what was in memory is lost. */
    public void restart() {
        process = process().startAgain().awaitReady(readiness(scheme, hostAndPort), READY_WITHIN);
    }

    @Override
    public String describe() {
        return description;
    }

    @Override
    public void close() {
        LocalProcess running = process;
        if (running != null) {
            running.close();
        }
    }
}
