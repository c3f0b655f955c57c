package io.virtualimage.disk;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Programs of the machine that know better: a missing one fails the test, because skipping it would prove nothing. */
public final class Program {
    private static final JsonMapper JSON = new JsonMapper();

    private Program() {}

    /** What {@code qemu-img} says on standard output; anything but success fails the test. */
    public static String qemuImg(Object... arguments) {
        return run("qemu-img", "qemu-utils", arguments);
    }

    /** What {@code qemu-img info} knows about an image whose format it has to guess. */
    public static JsonNode qemuImgInfo(Path image) {
        return JSON.readTree(qemuImg("info", "--output=json", image));
    }

    /** What {@code qemu-img map} says of each run of an image's disk. */
    public static JsonNode qemuImgMap(String format, Path image) {
        return JSON.readTree(qemuImg("map", "--output=json", "-f", format, image));
    }

    /** Has {@code qemu-io} do things to an image, each a command such as {@code write -P 7 0 64k}. */
    public static String qemuIo(String format, Path image, List<String> commands) {
        Stream<String> options = commands.stream().flatMap(command -> Stream.of("-c", command));
        return run(
                "qemu-io",
                "qemu-utils",
                Stream.concat(Stream.of("-f", format), Stream.concat(options, Stream.of(image)))
                        .toArray());
    }

    /** What {@code qemu-io} says, which reads and writes as a guest would. */
    public static String qemuIo(Object... arguments) {
        return run("qemu-io", "qemu-utils", arguments);
    }

    /** What {@code vmdkinfo} of libvmdk says about an image. */
    public static String vmdkinfo(Path image) {
        return run("vmdkinfo", "libvmdk-utils", image);
    }

    /** What {@code vhdiinfo} knows about a VHD. */
    public static String vhdiInfo(Path image) {
        return run("vhdiinfo", "libvhdi-utils", image);
    }

    /** What {@code file} calls a file. */
    public static String file(Path image) {
        return run("file", "file", "--brief", image).strip();
    }

    /** What a program says, on standard output and error; anything but success fails the test. */
    public static String run(String program, String debianPackage, Object... arguments) {
        String[] command = Stream.concat(
                        Stream.of(program), Arrays.stream(arguments).map(Object::toString))
                .toArray(String[]::new);
        try {
            Path output = Files.createTempFile("output", ".txt");
            try {
                return run(command, debianPackage, output);
            } finally {
                Files.delete(output);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    private static String run(String[] command, String debianPackage, Path output)
            throws IOException, InterruptedException {
        Process process;
        try {
            process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
        } catch (IOException e) {
            throw new AssertionError(
                    "This test compares with the program '%s', which is not installed: on Debian, install the package %s."
                            .formatted(command[0], debianPackage),
                    e);
        }
        process.getOutputStream().close();
        if (!process.waitFor(2, TimeUnit.MINUTES)) {
            process.destroyForcibly();
            throw new AssertionError("still running after two minutes: " + String.join(" ", command));
        }
        String said = Files.readString(output, StandardCharsets.UTF_8);
        if (process.exitValue() != 0) {
            throw new AssertionError("%s failed: %s".formatted(String.join(" ", command), said));
        }
        return said;
    }
}
