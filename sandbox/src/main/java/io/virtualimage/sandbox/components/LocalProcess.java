package io.virtualimage.sandbox.components;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A program that runs beside this JVM. It writes into a log file, and ends with this JVM, however that ends (SIGKILL
 * included), unless it was started as detached. Only ever signals the process that it started itself.
 */
public final class LocalProcess implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LocalProcess.class);
    private static final Duration GRACE = Duration.ofSeconds(10);
    private static final int LOG_LINES_SHOWN = 15;

    // Reads until this JVM is gone, then ends the process, or until it hears that the process has gone and its group
    // has
    // to follow. Deaf to what a terminal sends to the whole group.
    private static final String GUARD = """
            trap '' INT HUP TERM
            if read -r word; then kill -KILL "$2" 2>/dev/null; exit; fi
            kill -TERM "$1" 2>/dev/null || exit 0
            tries=0
            while [ $tries -lt 50 ] && kill -0 "$1" 2>/dev/null; do tries=$((tries + 1)); sleep 0.1; done
            kill -KILL "$2" 2>/dev/null
            """;

    /** How a program stands to this JVM. */
    public enum Bond {
        /** Has this JVM's environment, and ends with it. */
        ATTACHED,
        /** Outlives this JVM, and doesn't hear the terminal's Ctrl-C. */
        DETACHED,
        /** Ends with this JVM, has only its own environment, and takes the processes that it started with it. */
        CONTAINED
    }

    private final Program program;
    private final Process process;
    private final @Nullable Process guard;
    private final long logStart;

    /**
     * What to start.
     *
     * @param name for messages
     * @param command the program and its arguments
     * @param environment variables on top of this JVM's, or all there are if it is contained
     * @param log file to append both outputs to; its folder is made
     */
    public record Program(String name, List<String> command, Map<String, String> environment, Path log, Bond bond) {
        public Program {
            command = List.copyOf(command);
            environment = Map.copyOf(environment);
            if (name.isBlank() || command.isEmpty()) {
                throw new IllegalArgumentException("a program has a name and a command");
            }
        }

        public Program(String name, Path log, List<String> command) {
            this(name, command, Map.of(), log, Bond.ATTACHED);
        }

        public Program withEnvironment(Map<String, String> variables) {
            return new Program(name, command, variables, log, bond);
        }

        public Program asDetached() {
            return new Program(name, command, environment, log, Bond.DETACHED);
        }

        public Program asContained() {
            return new Program(name, command, environment, log, Bond.CONTAINED);
        }
    }

    private LocalProcess(Program program, Process process, @Nullable Process guard, long logStart) {
        this.program = program;
        this.process = process;
        this.guard = guard;
        this.logStart = logStart;
    }

    /**
     * Starts it and returns at once.
     *
     * @throws ComponentException if the program can't be executed at all
     */
    public static LocalProcess start(Program program) {
        try {
            Path log = program.log().toAbsolutePath();
            Path folder = log.getParent();
            if (folder != null) {
                Files.createDirectories(folder);
            }
            long logStart = Files.exists(log) ? Files.size(log) : 0;
            ProcessBuilder builder = new ProcessBuilder(commandOf(program))
                    .redirectErrorStream(true)
                    .redirectInput(ProcessBuilder.Redirect.from(new File("/dev/null")))
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
            if (program.bond() == Bond.CONTAINED) {
                builder.environment().clear();
            }
            builder.environment().putAll(program.environment());
            Process process = builder.start();
            Process guard = program.bond() == Bond.DETACHED ? null : guard(process, program.bond());
            LOG.atInfo()
                    .addKeyValue("program", program.name())
                    .addKeyValue("pid", process.pid())
                    .log("process started");
            return new LocalProcess(program, process, guard, logStart);
        } catch (IOException e) {
            throw new ComponentException(program.name() + " can't be started: " + e.getMessage(), e);
        }
    }

    private static List<String> commandOf(Program program) {
        // setsid puts itself into the background only if it leads its group, so the process ID stays the same.
        String start = switch (program.bond()) {
            case ATTACHED -> "";
            case DETACHED -> "command -v setsid >/dev/null && exec setsid \"$@\"; exec nohup \"$@\"";
            case CONTAINED -> "command -v setsid >/dev/null && exec setsid \"$@\"; exec \"$@\"";
        };
        if (start.isEmpty()) {
            return program.command();
        }
        List<String> command = new ArrayList<>(List.of("sh", "-c", start, "sh"));
        command.addAll(program.command());
        return command;
    }

    private static Process guard(Process process, Bond bond) throws IOException {
        String pid = Long.toString(process.pid());
        String all = bond == Bond.CONTAINED ? "-" + pid : pid;
        try {
            Process guard = new ProcessBuilder("sh", "-c", GUARD, "guard", pid, all)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            // Its process ID may belong to another one soon, so the guard goes as soon as the process does.
            var _ = process.onExit().thenRun(() -> dismiss(guard, bond));
            return guard;
        } catch (IOException e) {
            process.destroyForcibly();
            throw e;
        }
    }

    private static void dismiss(Process guard, Bond bond) {
        if (bond != Bond.CONTAINED) {
            guard.destroyForcibly();
            return;
        }
        try (OutputStream word = guard.getOutputStream()) {
            word.write("end\n".getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // It is gone, so the group is.
            LOG.atDebug().setCause(e).log("a guard has ended before it was told to");
        }
    }

    /**
     * Waits until the program is of use.
     *
     * @throws ComponentException if it ends before, or isn't ready in time, or this thread is interrupted; the process
     *     is ended then, and the message has the last lines of its log
     */
    public LocalProcess awaitReady(Readiness readiness, Duration bound) {
        long deadline = System.nanoTime() + bound.toNanos();
        IOException last = null;
        try {
            while (System.nanoTime() < deadline) {
                if (!process.isAlive()) {
                    throw failure("ended with code " + process.exitValue() + " while it was starting", null);
                }
                try {
                    if (readiness.isReady()) {
                        return this;
                    }
                } catch (IOException e) {
                    last = e;
                }
                boolean _ = process.waitFor(100, TimeUnit.MILLISECONDS);
            }
            String why = last == null ? "" : " (" + last.getMessage() + ")";
            throw failure("was not ready within " + bound.toSeconds() + " s" + why, last);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw failure("was not waited for, because the waiting thread was interrupted", e);
        }
    }

    private ComponentException failure(String what, @Nullable Throwable cause) {
        close();
        return new ComponentException(
                program.name() + " " + what + "; the end of " + program.log() + ":\n" + endOfLog(), cause);
    }

    /** The last lines of what this run wrote. */
    public String endOfLog() {
        try (FileChannel log = FileChannel.open(program.log(), StandardOpenOption.READ)) {
            long from = Math.max(logStart, log.size() - 16_384);
            ByteBuffer bytes = ByteBuffer.allocate((int) Math.max(0, log.size() - from));
            while (bytes.hasRemaining() && log.read(bytes, from + bytes.position()) >= 0) {
                // until the end
            }
            List<String> lines = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8)
                    .lines()
                    .toList();
            return String.join("\n", lines.subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public long pid() {
        return process.pid();
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Completes with the exit code (128 and the signal, if one ended it) when it and all it contained are gone. */
    public CompletableFuture<Integer> onExit() {
        CompletableFuture<Process> gone = process.onExit();
        if (guard != null && program.bond() == Bond.CONTAINED) {
            gone = gone.thenCompose(_ -> guard.onExit());
        }
        return gone.thenApply(_ -> process.exitValue());
    }

    /** SIGTERM; returns at once. */
    public void terminate() {
        process.destroy();
    }

    /** SIGSTOP: it stands still, and holds on to all that it has, until {@link #resume}. */
    public void pause() {
        signal("STOP");
    }

    /** SIGCONT: a paused one goes on as if no time had passed. */
    public void resume() {
        signal("CONT");
    }

    private void signal(String name) {
        try {
            Process kill = new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            if (kill.waitFor() != 0) {
                throw new ComponentException(program.name() + " can't be sent the signal " + name);
            }
        } catch (IOException e) {
            throw new ComponentException("kill can't be executed: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ComponentException("interrupted while " + program.name() + " was sent a signal", e);
        }
    }

    /** Starts the same program once more, in the place of this one that has ended. */
    public LocalProcess startAgain() {
        return start(program);
    }

    /** SIGKILL, as a machine's end would be; returns when the process is gone. */
    public void kill() {
        process.destroyForcibly();
        awaitEnd(Duration.ofSeconds(30));
    }

    /** SIGTERM, then SIGKILL if it is still there 10 s later; returns when the process is gone. */
    @Override
    public void close() {
        process.destroy();
        if (!awaitEnd(GRACE)) {
            LOG.atWarn()
                    .addKeyValue("program", program.name())
                    .addKeyValue("pid", process.pid())
                    .log("process ignores SIGTERM and is killed");
            kill();
        }
        if (guard != null && program.bond() != Bond.CONTAINED) {
            guard.destroyForcibly();
        }
    }

    private boolean awaitEnd(Duration bound) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + bound.toNanos();
        try {
            while (true) {
                try {
                    return process.waitFor(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
