package io.virtualimage.sandbox;

import io.virtualimage.sandbox.components.ComponentException;
import io.virtualimage.sandbox.components.LocalProcess;
import io.virtualimage.sandbox.components.Readiness;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/** The sandbox from a shell: {@code demo}, {@code up}, {@code down}, {@code status}, {@code tap}; see {@code make help}. */
public final class SandboxMain {
    private static final Duration UP_WITHIN = Duration.ofMinutes(20); // components may have to be built first
    private static final Duration DOWN_WITHIN = Duration.ofSeconds(60);

    private final Path directory;
    private final Map<String, String> environment;
    private final PrintStream out;

    private SandboxMain(Path directory, Map<String, String> environment, PrintStream out) {
        this.directory = directory;
        this.environment = environment;
        this.out = out;
    }

    /** Runs one command; exits with 0 if it did what it should. */
    public static void main(String[] arguments) {
        Map<String, String> environment = System.getenv();
        Path directory =
                Path.of(environment.getOrDefault("SANDBOX_DIR", ".sandbox")).toAbsolutePath();
        SandboxMain sandbox = new SandboxMain(directory, environment, System.out);
        int code;
        try {
            code = sandbox.run(arguments.length == 1 ? arguments[0] : "");
        } catch (ComponentException | IllegalArgumentException | IllegalStateException | IOException e) {
            System.err.println("sandbox: " + e.getMessage());
            code = 1;
        }
        System.out.flush();
        System.exit(code); // a broker within the JVM leaves threads behind
    }

    private int run(String command) throws IOException {
        return switch (command) {
            case "demo" -> demo();
            case "up" -> up();
            case "run" -> runInForeground();
            case "down" -> down();
            case "status" -> status();
            case "tap" -> tap();
            default -> throw new IllegalArgumentException("usage: sandbox demo | up | down | status | tap");
        };
    }

    private int demo() throws IOException {
        Path own = directory.resolve("demo");
        delete(own);
        out.println("Starting a broker, an object store, a registry, a Kubernetes API and the pipeline …");
        long started = System.nanoTime();
        try (Sandbox sandbox = Sandbox.start(SandboxOptions.of(own, environment))) {
            out.println("… ready after " + TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - started) + " s: "
                    + String.join(", ", sandbox.describeComponents()));
            out.println();
            return new Demo(sandbox, out).run(own) ? 0 : 1;
        }
    }

    private int up() throws IOException {
        Optional<ProcessHandle> running = running();
        if (running.isPresent()) {
            out.println("The sandbox is up already (process " + running.get().pid() + "); 'make down' stops it.");
            return 0;
        }
        SandboxOptions.of(directory, environment); // a mistake is told here, not in a log
        Files.createDirectories(directory);
        Files.deleteIfExists(directory.resolve("status"));
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                SandboxMain.class.getName(),
                "run"));
        // Not as an argument: the command line, by which the process is known again, would be cut off by its length.
        Map<String, String> classPath = Map.of("CLASSPATH", System.getProperty("java.class.path"));
        LocalProcess process =
                LocalProcess.start(new LocalProcess.Program("sandbox", directory.resolve("sandbox.log"), command)
                        .withEnvironment(classPath)
                        .asDetached());
        Files.writeString(pidFile(), Long.toString(process.pid()));
        process.awaitReady(() -> Files.exists(directory.resolve("status")), UP_WITHIN);
        out.println("The sandbox is up. '. " + shown(directory.resolve("env")) + "' tells your shell where; try:");
        out.println("  kubectl apply -f k8s/samples/http.yaml && kubectl get vi -w");
        return status();
    }

    private String shown(Path file) {
        Path here = Path.of("").toAbsolutePath();
        return file.startsWith(here) ? here.relativize(file).toString() : file.toString();
    }

    /** What {@code up} starts in the background. */
    private int runInForeground() throws IOException {
        CountDownLatch ending = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            ending.countDown();
            try {
                ended.await(DOWN_WITHIN.toSeconds(), TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }));
        try (Sandbox sandbox = Sandbox.start(SandboxOptions.of(directory, environment))) {
            sandbox.writeEnvironment();
            StringBuilder status = new StringBuilder();
            sandbox.describeComponents()
                    .forEach(line -> status.append("component ").append(line).append('\n'));
            sandbox.replicas()
                    .forEach(replica -> status.append("replica ")
                            .append(replica.name())
                            .append(' ')
                            .append(replica.readiness())
                            .append(replica.process() == null ? " here" : " process")
                            .append('\n'));
            Path partial = directory.resolve("status.partial");
            Files.writeString(partial, status);
            Files.move(partial, directory.resolve("status"), StandardCopyOption.ATOMIC_MOVE);
            ending.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            Files.deleteIfExists(directory.resolve("status"));
            ended.countDown();
        }
        return 0;
    }

    private int down() throws IOException {
        Optional<ProcessHandle> running = running();
        if (running.isEmpty()) {
            out.println("The sandbox is not up.");
            return 0;
        }
        ProcessHandle process = running.get();
        process.destroy();
        try {
            process.onExit().get(DOWN_WITHIN.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException e) {
            process.destroyForcibly();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException e) {
            throw new IllegalStateException("waiting for process " + process.pid() + " failed", e);
        }
        Files.deleteIfExists(pidFile());
        out.println("The sandbox is down; " + shown(directory) + " keeps its data.");
        return 0;
    }

    private int status() throws IOException {
        Path file = directory.resolve("status");
        if (running().isEmpty() || !Files.exists(file)) {
            out.println("The sandbox is not up.");
            return 1;
        }
        int code = 0;
        for (String line : Files.readAllLines(file)) {
            String[] words = line.split(" ", 2);
            if ("component".equals(words[0])) {
                out.println("  " + words[1]);
            } else {
                String[] replica = words[1].split(" ", -1);
                boolean ready = isReady(URI.create(replica[1]));
                code = ready ? code : 1;
                out.printf(
                        "  %-18s %-9s %s%n",
                        replica[0],
                        ready ? "ready" : "not ready",
                        "here".equals(replica[2]) ? "in the sandbox's own process" : "a process of its own");
            }
        }
        return code;
    }

    private static boolean isReady(URI uri) {
        try {
            return Readiness.http(uri).isReady();
        } catch (IOException e) {
            return false;
        }
    }

    private int tap() throws IOException {
        String bootstrap = environment.getOrDefault("KAFKA_BOOTSTRAP", "").strip();
        if (bootstrap.isEmpty()) {
            Path env = directory.resolve("env");
            if (running().isEmpty() || !Files.exists(env)) {
                throw new IllegalStateException("there is nothing to tap: run 'make up' first, or set KAFKA_BOOTSTRAP");
            }
            bootstrap = Files.readAllLines(env).stream()
                    .filter(line -> line.startsWith("export KAFKA_BOOTSTRAP="))
                    .map(line -> line.substring(line.indexOf('\'') + 1, line.lastIndexOf('\'')))
                    .findFirst()
                    .orElseThrow();
        }
        boolean fromStart = "start".equals(environment.getOrDefault("FROM", ""));
        new Tap(bootstrap, fromStart, out).run(() -> out.checkError());
        return 0;
    }

    private Path pidFile() {
        return directory.resolve("pid");
    }

    /** The sandbox in the background, if it lives: a process ID may have been given to somebody else since. */
    private Optional<ProcessHandle> running() throws IOException {
        if (!Files.exists(pidFile())) {
            return Optional.empty();
        }
        return ProcessHandle.of(Long.parseLong(Files.readString(pidFile()).strip()))
                .filter(process -> process.info()
                        .commandLine()
                        .map(line -> line.contains(SandboxMain.class.getName()))
                        .orElse(false));
    }

    private static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
