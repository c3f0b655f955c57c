package io.virtualimage.sandbox;

import io.virtualimage.sandbox.components.LocalProcess;
import io.virtualimage.sandbox.components.Readiness;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One replica of a service as a process of its own, under a small copy of what a Deployment does: a replica that dies
 * is started again a second later.
 */
public final class ServiceProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ServiceProcess.class);
    private static final Duration READY_WITHIN = Duration.ofSeconds(90);

    private final String name;
    private final LocalProcess.Program program;
    private final URI readiness;
    private final ScheduledExecutorService supervisor;
    private LocalProcess process;
    private boolean closed;
    private boolean held;

    private ServiceProcess(String name, LocalProcess.Program program, URI readiness) {
        this.name = name;
        this.program = program;
        this.readiness = readiness;
        this.process = LocalProcess.start(program);
        this.supervisor = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().daemon().name("supervisor-" + name).factory());
        var _ = supervisor.scheduleWithFixedDelay(this::supervise, 1, 1, TimeUnit.SECONDS);
    }

    /**
     * Starts a replica and returns at once.
     *
     * @param name of the replica, as in {@code fetcher-1}
     * @param opsPort where it will answer {@code /readyz}
     */
    static ServiceProcess start(
            String name, Service service, Map<String, String> settings, int opsPort, Path logDirectory) {
        Map<String, String> environment = new HashMap<>(settings);
        environment.put("REPLICA", name);
        environment.put("OPS_PORT", Integer.toString(opsPort));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx768m",
                "-XX:+UseSerialGC",
                "-XX:+ExitOnOutOfMemoryError",
                "-Xshare:auto",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                service.mainClass().getName()));
        LocalProcess.Program program = new LocalProcess.Program(name, logDirectory.resolve(name + ".log"), command)
                .withEnvironment(environment);
        return new ServiceProcess(name, program, URI.create("http://127.0.0.1:" + opsPort + "/readyz"));
    }

    public String name() {
        return name;
    }

    /** The process ID of the replica as it runs now. */
    public synchronized long pid() {
        return process.pid();
    }

    /** Where it says whether it is ready. */
    public URI readiness() {
        return readiness;
    }

    /** Waits until it is ready. */
    public void awaitReady() {
        LocalProcess started;
        synchronized (this) {
            started = process;
        }
        started.awaitReady(Readiness.http(readiness), READY_WITHIN);
    }

    /** SIGKILL. It stays away until {@link #restart}. */
    public synchronized void kill() {
        held = true;
        process.kill();
    }

    /** Starts a killed replica again, at once. */
    public synchronized void restart() {
        held = false;
        if (!process.isAlive()) {
            process = LocalProcess.start(program);
        }
    }

    /** SIGSTOP: for all others it looks as if it were cut off, and for itself as if no time passed. */
    public synchronized void pause() {
        process.pause();
    }

    /** SIGCONT. */
    public synchronized void resume() {
        process.resume();
    }

    private synchronized void supervise() {
        if (!closed && !held && !process.isAlive()) {
            LOG.atWarn().addKeyValue("replica", name).log("a replica died and is started again");
            process = LocalProcess.start(program);
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
        }
        supervisor.shutdownNow();
        process.close();
    }
}
