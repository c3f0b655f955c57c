package io.virtualimage.disk.diff;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Hundreds of images of each format, read by QEMU and by us. Its name keeps it out of the tests that every build runs;
 * {@code make diff-test} runs it. The properties {@code diff.seed} and {@code diff.images} say which images, and how many
 * of each format.
 */
class DifferentialCheck {
    private static final int WORKERS = 2;
    private static final int SHOWN_FAILURES = 5;

    @TempDir
    Path directory;

    @ParameterizedTest
    @EnumSource
    void agreesWithQemu(DiffFormat format) throws Exception {
        long seed = Long.getLong("diff.seed", 1);
        int images = Integer.getInteger("diff.images", 200);
        long start = System.nanoTime();
        List<String> failures = new ArrayList<>();
        int done = 0;
        try (ExecutorService workers = Executors.newFixedThreadPool(WORKERS)) {
            List<Future<String>> cases = new ArrayList<>();
            for (int number = 0; number < images; number++) {
                int image = number;
                cases.add(workers.submit(() -> run(format, seed, image)));
            }
            for (Future<String> outcome : cases) {
                done++;
                if (!outcome.get().isEmpty()) {
                    failures.add(outcome.get());
                }
            }
        }
        System.out.printf(
                "%-6s %4d images, %d disagreements, %d s, seed %d%n",
                format.qemuName().equals("raw") ? format.format().wireName() : format.qemuName(),
                done,
                failures.size(),
                Duration.ofNanos(System.nanoTime() - start).toSeconds(),
                seed);
        assertThat(failures.stream().limit(SHOWN_FAILURES))
                .as("%d of %d images are not seen as QEMU sees them", failures.size(), done)
                .isEmpty();
        assertThat(done).isEqualTo(images);
    }

    @ParameterizedTest
    @EnumSource
    void unpacksWhatTheirProgramsPack(DiffFormat format) throws Exception {
        long seed = Long.getLong("diff.seed", 1);
        for (Packer packer : Packer.values()) {
            Path folder = Files.createDirectory(directory.resolve(packer.name()));
            new PackedCase(format, packer, seed, folder).run();
        }
    }

    /** What is wrong with an image; empty if nothing is. */
    private String run(DiffFormat format, long seed, int number) throws IOException {
        Path folder = Files.createDirectory(directory.resolve("image-" + number));
        DiffCase image = new DiffCase(format, seed, number, folder);
        try {
            image.run();
            return "";
        } catch (Exception | AssertionError e) {
            return "%nimage %d of seed %d: %s%n%s%n".formatted(number, seed, e, image.recipe());
        } finally {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
