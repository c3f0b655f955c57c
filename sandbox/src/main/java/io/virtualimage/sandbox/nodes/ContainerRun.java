package io.virtualimage.sandbox.nodes;

import io.fabric8.kubernetes.api.model.Container;
import io.virtualimage.sandbox.components.LocalProcess;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One run of a container: a process, and then how it ended. */
final class ContainerRun {
    private static final int MESSAGE_BYTES = 4096;
    private static final int LOG_BYTES = 2048;
    private static final int LOG_LINES = 80;

    private final Container container;
    private final int restarts;
    private final Instant started;
    private final LocalProcess process;
    private final CompletableFuture<End> end;

    /**
     * How it ended.
     *
     * @param exitCode 128 and the signal, if one ended it
     * @param message what it left in its termination message, else, if it failed and the policy is
     *     {@code FallbackToLogsOnError}, the end of its log: as a kubelet does
     */
    record End(int exitCode, Instant at, @Nullable String message) {}

    private ContainerRun(
            Container container, int restarts, Instant started, LocalProcess process, CompletableFuture<End> end) {
        this.container = container;
        this.restarts = restarts;
        this.started = started;
        this.process = process;
        this.end = end;
    }

    /**
     * Starts it.
     *
     * @param restarts how often this container ran before
     * @param terminationMessage the file of that
     * @param onEnd called when it has ended, on any thread
     */
    static ContainerRun start(
            Container container,
            LocalProcess.Program program,
            int restarts,
            Path terminationMessage,
            Clock clock,
            Runnable onEnd) {
        Instant started = clock.instant();
        LocalProcess process = LocalProcess.start(program);
        CompletableFuture<End> end = process.onExit().thenApply(code -> {
            @Nullable String message = message(container, code, terminationMessage, program.log());
            return new End(code, clock.instant(), message);
        });
        var _ = end.whenComplete((_, _) -> onEnd.run());
        return new ContainerRun(container, restarts, started, process, end);
    }

    private static @Nullable String message(Container container, int code, Path file, Path log) {
        try {
            String message = Files.exists(file) ? tail(file, MESSAGE_BYTES) : "";
            if (message.isEmpty()
                    && code != 0
                    && "FallbackToLogsOnError".equals(container.getTerminationMessagePolicy())) {
                List<String> lines = tail(log, LOG_BYTES).lines().toList();
                message = String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES), lines.size()));
            }
            return message.isEmpty() ? null : message;
        } catch (IOException e) {
            return "its last words can't be read: " + e.getMessage();
        }
    }

    private static String tail(Path path, int bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "r")) {
            long from = Math.max(0, file.length() - bytes);
            byte[] content = new byte[(int) (file.length() - from)];
            file.seek(from);
            file.readFully(content);
            return new String(content, StandardCharsets.UTF_8);
        }
    }

    Container container() {
        return container;
    }

    int restarts() {
        return restarts;
    }

    Instant started() {
        return started;
    }

    long pid() {
        return process.pid();
    }

    /** Empty while it runs. */
    Optional<End> end() {
        return end.isDone() ? Optional.of(end.join()) : Optional.empty();
    }

    void terminate() {
        process.terminate();
    }

    void kill() {
        process.kill();
    }

    /** Waits for its end, children included. */
    void awaitEnd() {
        end.join();
    }
}
