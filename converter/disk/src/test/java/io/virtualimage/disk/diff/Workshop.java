package io.virtualimage.disk.diff;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import tools.jackson.databind.json.JsonMapper;

/** A folder in which programs make an image, and the list of their commands, to be repeated by hand. */
final class Workshop {
    private static final JsonMapper JSON = new JsonMapper();

    static final String IMAGE = "image";

    private final Path folder;
    private final List<List<String>> commands = new ArrayList<>();

    Workshop(Path folder) {
        this.folder = folder;
    }

    Path folder() {
        return folder;
    }

    Path image() {
        return folder.resolve(IMAGE);
    }

    /** Has a program make something, and fails if it fails. */
    String make(String... command) {
        commands.add(List.of(command));
        return ask(command);
    }

    /** The same for a program that is a judge, and changes nothing. */
    String ask(String... command) {
        try {
            Path output = folder.resolve("output");
            Process process = new ProcessBuilder(command)
                    .directory(folder.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            process.getOutputStream().close();
            if (!process.waitFor(2, TimeUnit.MINUTES)) {
                process.destroyForcibly();
                throw new AssertionError("still running after two minutes: " + String.join(" ", command));
            }
            String said = Files.readString(output, StandardCharsets.ISO_8859_1);
            if (process.exitValue() != 0) {
                throw new AssertionError("%s failed: %s".formatted(String.join(" ", command), said));
            }
            return said;
        } catch (IOException e) {
            throw new AssertionError(
                    "can't run %s; 'make tools' says what has to be installed".formatted(command[0]), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /** What the image's disk has in bytes, by QEMU. */
    long virtualSize(String format) {
        return JSON.readTree(ask("qemu-img", "info", "-f", format, "--output=json", IMAGE))
                .get("virtual-size")
                .asLong();
    }

    /** The commands as a shell takes them. */
    String recipe() {
        return commands.stream()
                .map(command -> command.stream().map(Workshop::quoted).collect(Collectors.joining(" ")))
                .collect(Collectors.joining("\n"));
    }

    private static String quoted(String word) {
        return word.matches("[\\w./=,:+-]+") ? word : "'" + word + "'";
    }
}
