package io.virtualimage.sandbox;

import io.virtualimage.sandbox.components.ComponentException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** The user's own tool, {@code kubectl}, on one cluster. */
final class Kubectl {
    private final Path kubeconfig;

    Kubectl(Path kubeconfig) {
        this.kubeconfig = kubeconfig;
    }

    /**
     * Runs it and returns what it printed.
     *
     * @throws ComponentException if it can't be run, takes over a minute, or fails; with what it said
     */
    String run(String... arguments) {
        try {
            Process process = start(List.of(arguments), true);
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                throw new ComponentException("kubectl " + String.join(" ", arguments) + " took over a minute");
            }
            if (process.exitValue() != 0) {
                throw new ComponentException("kubectl " + String.join(" ", arguments) + " failed: " + printed.strip());
            }
            return printed;
        } catch (IOException e) {
            throw missing(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ComponentException("interrupted while kubectl was running", e);
        }
    }

    /** Runs it in the background, copying what it prints line by line, until it is closed. */
    AutoCloseable follow(PrintStream out, String... arguments) {
        try {
            Process process = start(List.of(arguments), false);
            Thread copier = Thread.ofVirtual()
                    .name("kubectl")
                    .start(() ->
                            process.inputReader(StandardCharsets.UTF_8).lines().forEach(out::println));
            return () -> {
                process.destroy();
                process.waitFor(10, TimeUnit.SECONDS);
                copier.join(10_000);
            };
        } catch (IOException e) {
            throw missing(e);
        }
    }

    private Process start(List<String> arguments, boolean withErrors) throws IOException {
        List<String> command = new ArrayList<>(List.of("kubectl", "--kubeconfig", kubeconfig.toString()));
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.redirectErrorStream(withErrors);
        if (!withErrors) {
            builder.redirectError(ProcessBuilder.Redirect.INHERIT);
        }
        return builder.start();
    }

    private static ComponentException missing(IOException e) {
        return new ComponentException("kubectl is not on the PATH, and it is how the demo shows what a user sees", e);
    }
}
