package io.virtualimage.disk.fuzz;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/** The engine on one target, in processes of its own: what fails there may be out of memory, or never come back. */
final class FuzzProcess {
    private static final int HANG_SECONDS = 10;
    /** Starting the engine takes some seconds of its own. */
    private static final Duration GRACE = Duration.ofMinutes(1);

    private final FuzzTarget target;
    private final Path log;
    /** Of failures that are known, so that others can be looked for. */
    private final Set<String> knownTokens = new LinkedHashSet<>();

    private Duration cpu = Duration.ZERO;

    FuzzProcess(FuzzTarget target, Path log) {
        this.target = target;
        this.log = log;
    }

    /** Processor time of all that ran, the engine's and the compiler's included. */
    Duration cpu() {
        return cpu;
    }

    /**
     * Runs the engine once, up to the first failure that is none of those that it was stopped by before.
     *
     * @param wall how long it is to run at the most
     * @param findings the beginning of the paths of files that get inputs which fail
     * @param inputs a folder that keeps the corpus, and others to start from; or files, to run only those
     * @throws IOException if the engine itself failed
     */
    FuzzStats run(Duration wall, Path findings, List<Path> inputs) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:+EnableDynamicAgentLoading",
                "-Xshare:off",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                System.getProperty("java.class.path"),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + FuzzEntry.class.getName(),
                "--target_args=" + target.key(),
                "--instrumentation_includes=" + target.guides(),
                "--instrumentation_excludes=" + FuzzEntry.class.getPackageName() + ".**",
                "--reproducer_path=" + log.getParent(),
                "-timeout=" + HANG_SECONDS,
                "-rss_limit_mb=1024",
                "-max_total_time=" + Math.max(1, wall.toSeconds()),
                "-print_final_stats=1",
                "-artifact_prefix=" + findings));
        if (!knownTokens.isEmpty()) {
            command.add("--ignore=" + String.join(",", knownTokens));
        }
        inputs.forEach(input -> command.add(input.toString()));
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        try {
            process.getOutputStream().close();
            await(process, wall.plus(GRACE));
        } finally {
            process.destroyForcibly();
        }
        FuzzStats stats = FuzzStats.of(Files.readAllLines(log, StandardCharsets.ISO_8859_1));
        if (process.exitValue() != 0 && !stats.failed()) {
            throw new IOException("the engine failed on %s: see %s".formatted(target.key(), log));
        }
        knownTokens.addAll(stats.tokens());
        return stats;
    }

    private void await(Process process, Duration patience) throws IOException, InterruptedException {
        long start = System.nanoTime();
        Duration used = Duration.ZERO;
        while (!process.waitFor(100, TimeUnit.MILLISECONDS)) {
            // What it used in its last tenth of a second isn't seen.
            used = process.info().totalCpuDuration().orElse(used);
            if (System.nanoTime() - start > patience.toNanos()) {
                throw new IOException("the engine did not end on %s: see %s".formatted(target.key(), log));
            }
        }
        cpu = cpu.plus(used);
    }
}
