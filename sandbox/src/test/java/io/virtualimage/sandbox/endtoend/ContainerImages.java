package io.virtualimage.sandbox.endtoend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Makes container images, as users do, in a folder of its own; by buildah and skopeo. */
final class ContainerImages {
    private static final String LOCAL = "localhost/disk";

    private final Path directory;

    ContainerImages(Path directory) throws IOException {
        this.directory = Files.createDirectories(directory);
    }

    /** The build's context. */
    Path directory() {
        return directory;
    }

    /** Builds the lines of a Dockerfile, one layer a line. */
    void build(String... lines) throws IOException, InterruptedException {
        buildah(
                "bud",
                "--isolation",
                "chroot",
                "--layers",
                "-t",
                LOCAL,
                "-f",
                dockerfile(lines).toString(),
                ".");
    }

    /** Builds the same for several architectures, and pushes an index of them. */
    void pushIndex(String image, String format, List<String> architectures, String... lines)
            throws IOException, InterruptedException {
        buildah("manifest", "create", "localhost/list");
        for (String architecture : architectures) {
            List<String> own = Arrays.stream(lines)
                    .map(line -> line.replace("ARCH", architecture))
                    .toList();
            buildah(
                    "bud",
                    "--isolation",
                    "chroot",
                    "--arch",
                    architecture,
                    "--manifest",
                    "localhost/list",
                    "-f",
                    dockerfile(own.toArray(String[]::new)).toString(),
                    ".");
        }
        buildah("manifest", "push", "--tls-verify=false", "--all", "--format", format, "localhost/list", docker(image));
    }

    private Path dockerfile(String... lines) throws IOException {
        return Files.writeString(directory.resolve("Dockerfile"), String.join("\n", lines) + "\n");
    }

    /**
     * Pushes what was built last.
     *
     * @param options of {@code buildah push}
     * @param credentials of {@code skopeo copy}: {@code --dest-creds user:password}, or none
     */
    void push(String image, String options, String... credentials) throws IOException, InterruptedException {
        Path pushed = Files.createTempDirectory(directory, "pushed-");
        List<String> arguments = new ArrayList<>(List.of("push"));
        arguments.addAll(List.of(options.split(" ")));
        // By way of a folder, since nothing else stays uncompressed on its way to a registry.
        arguments.addAll(List.of(LOCAL, "dir:" + pushed));
        buildah(arguments.toArray(String[]::new));
        copy("dir:" + pushed, image, credentials);
    }

    /** Copies an image to a registry as it is. */
    void copy(String from, String image, String... credentials) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of("skopeo", "copy", "--preserve-digests", "--dest-tls-verify=false"));
        command.addAll(List.of(credentials));
        command.addAll(List.of(from, docker(image)));
        run(command.toArray(String[]::new));
    }

    /** Runs a program in the folder. */
    String run(String... command) throws IOException, InterruptedException {
        return Programs.run(directory, command);
    }

    private static String docker(String image) {
        return "docker://" + image;
    }

    private void buildah(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                "buildah",
                "--root",
                directory + "/storage",
                "--runroot",
                directory + "/run",
                "--storage-driver",
                "vfs"));
        command.addAll(List.of(arguments));
        run(command.toArray(String[]::new));
    }
}
