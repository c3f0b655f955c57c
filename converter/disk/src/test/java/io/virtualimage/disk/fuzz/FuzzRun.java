package io.virtualimage.disk.fuzz;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Fuzzes all targets, or some, for so much processor time each, two at a time, and says what came of it; ends with
 * status 1 if there is a finding. Corpora and findings are kept in a folder, for the next run: there, findings are tried
 * again first, and become part of the corpus once they do not fail any more.
 *
 * <p>The environment gives the plan: {@code SECONDS_EACH} or {@code MINUTES}, {@code TARGET}, {@code FUZZ_PLAN} as
 * {@link FuzzPlan} has them; or {@code REPEAT}, a file with a single input.
 */
public final class FuzzRun {
    private static final int AT_A_TIME = 2;
    /** With so many, a target is given up. */
    private static final int MAX_FINDINGS = 10;

    private final Path folder;

    private FuzzRun(Path folder) {
        this.folder = folder;
    }

    private record Row(FuzzTarget target, Duration cpu, FuzzStats stats, List<Path> findings) {}

    /** Does as the environment says; the only argument is the folder to keep things in. */
    public static void main(String[] arguments) throws Exception {
        Map<String, String> settings = System.getenv();
        String repeat = settings.getOrDefault("REPEAT", "");
        String targets = settings.getOrDefault("TARGET", "");
        if (!repeat.isEmpty()) {
            repeat(FuzzTarget.ofKey(targets), Path.of(repeat));
            return;
        }
        FuzzPlan plan = FuzzPlan.of(
                settings.getOrDefault("SECONDS_EACH", "12"),
                settings.getOrDefault("MINUTES", ""),
                targets,
                settings.getOrDefault("FUZZ_PLAN", ""));
        boolean clean = new FuzzRun(Path.of(arguments[0])).run(plan);
        System.exit(clean ? 0 : 1);
    }

    private static void repeat(FuzzTarget target, Path file) throws IOException {
        byte[] input = Files.readAllBytes(file);
        Path image = file.resolveSibling(file.getFileName() + ".img");
        target.subject().writeFile(input, image);
        System.out.printf("the file that %s stands for is in %s%n", file, image);
        String refusal = target.run(input);
        System.out.println(refusal.isEmpty() ? "no finding: it is taken" : "no finding: it is refused: " + refusal);
    }

    private boolean run(FuzzPlan plan) throws Exception {
        List<Row> rows = new ArrayList<>();
        try (ExecutorService workers = Executors.newFixedThreadPool(AT_A_TIME)) {
            List<Future<Row>> started = plan.budgets().entrySet().stream()
                    .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                    .map(entry -> workers.submit(() -> fuzz(entry.getKey(), entry.getValue())))
                    .toList();
            for (Future<Row> future : started) {
                rows.add(future.get());
            }
        }
        report(rows);
        return rows.stream().allMatch(row -> row.findings.isEmpty());
    }

    private Row fuzz(FuzzTarget target, Duration budget) throws IOException, InterruptedException {
        Path corpus = Files.createDirectories(folder.resolve(target.key()).resolve("corpus"));
        Path seeds = Files.createDirectories(folder.resolve(target.key()).resolve("seeds"));
        Path findings = Files.createDirectories(folder.resolve(target.key()).resolve("findings"));
        writeSeeds(target, seeds);

        FuzzProcess process =
                new FuzzProcess(target, folder.resolve(target.key()).resolve("log"));
        tryAgain(process, findings, corpus);
        FuzzStats stats = new FuzzStats(0, 0, 0, 0, false, List.of());
        // The engine counts seconds on the wall. Where others use the processors too, it takes several turns.
        while (process.cpu().compareTo(budget) < 0 && list(findings).size() < MAX_FINDINGS) {
            Duration left = budget.minus(process.cpu());
            stats = process.run(left, findings.resolve("input-"), List.of(corpus, seeds))
                    .after(stats);
        }
        System.out.printf("%s: %s%n", target.key(), list(findings).isEmpty() ? "no finding" : "A FINDING");
        return new Row(target, process.cpu(), stats, list(findings));
    }

    private static void writeSeeds(FuzzTarget target, Path seeds) throws IOException {
        Path files = Files.createTempDirectory("seeds");
        try {
            new Seeds(files).writeTo(seeds, target);
        } finally {
            for (Path file : list(files)) {
                Files.delete(file);
            }
            Files.delete(files);
        }
    }

    private static void tryAgain(FuzzProcess process, Path findings, Path corpus)
            throws IOException, InterruptedException {
        for (Path finding : list(findings)) {
            FuzzStats stats = process.run(Duration.ofSeconds(30), findings.resolve("input-"), List.of(finding));
            if (!stats.failed()) {
                Files.move(finding, corpus.resolve(finding.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
    }

    private static List<Path> list(Path folder) throws IOException {
        List<Path> files = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
            stream.forEach(files::add);
        }
        return files;
    }

    private void report(List<Row> rows) {
        System.out.printf(
                "%n%-10s %8s %12s %10s %7s %9s %7s %9s%n",
                "target", "CPU s", "executions", "per CPU s", "edges", "features", "corpus", "findings");
        for (Row row : rows) {
            double seconds = row.cpu.toMillis() / 1000.0;
            System.out.printf(
                    "%-10s %8.1f %,12d %,10.0f %,7d %,9d %,7d %9d%n",
                    row.target.key(),
                    seconds,
                    row.stats.executions(),
                    row.stats.executions() / Math.max(seconds, 0.1),
                    row.stats.edges(),
                    row.stats.features(),
                    row.stats.corpusInputs(),
                    row.findings.size());
        }
        for (Row row : rows) {
            for (Path finding : row.findings) {
                System.out.printf("repeat with: make fuzz TARGET=%s REPEAT=%s%n", row.target.key(), finding);
            }
        }
    }
}
