package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The judges: programs that we did not write. */
final class Programs {
    private Programs() {}

    /** Runs one and returns what it printed; fails if it fails. */
    static String run(Path directory, String... command) throws IOException, InterruptedException {
        Path printed = Files.createTempFile(directory, "run-", ".out");
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(printed.toFile())
                .start();
        boolean ended = process.waitFor(180, TimeUnit.SECONDS);
        if (!ended) {
            process.destroyForcibly();
        }
        String text = Files.readString(printed, StandardCharsets.UTF_8);
        assertThat(ended && process.exitValue() == 0)
                .as("%s: %s", String.join(" ", command), text)
                .isTrue();
        Files.delete(printed);
        return text;
    }

    /** Fetches an image by skopeo, and unpacks the file under {@code disk/} of its layer by tar. */
    static Path diskOf(String registryUrl, Path directory) throws IOException, InterruptedException {
        Path copy = Files.createTempDirectory(directory, "image-");
        run(directory, "skopeo", "copy", "--src-tls-verify=false", "docker://" + registryUrl, "dir:" + copy);
        String manifest = Files.readString(copy.resolve("manifest.json"));
        String layer = manifest.replaceAll("(?s).*\"layers\".*?sha256:([0-9a-f]{64}).*", "$1");
        run(copy, "tar", "-xf", layer);
        try (Stream<Path> disks = Files.list(copy.resolve("disk"))) {
            List<Path> found = disks.toList();
            assertThat(found).hasSize(1);
            return found.getFirst();
        }
    }

    /** Everything on the topics so far, as kcat prints it: one JSON document a line. */
    static List<String> records(String bootstrap, String topic, Path directory)
            throws IOException, InterruptedException {
        return run(directory, "kcat", "-b", bootstrap, "-C", "-t", topic, "-e", "-q", "-o", "beginning")
                .lines()
                .filter(line -> !line.isBlank())
                .toList();
    }
}
