package io.virtualimage.disk;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Programs that read standard input and write standard output, such as compressors. A missing one fails the test. */
public final class Filter {
    private Filter() {}

    /** What the program makes of the input; anything but success fails the test. */
    public static byte[] run(byte[] input, String... command) {
        ByteArrayOutputStream output = new ByteArrayOutputStream();
        int exitValue = start(input, output, command);
        if (exitValue != 0) {
            throw new AssertionError("%s ended with %d".formatted(String.join(" ", command), exitValue));
        }
        return output.toByteArray();
    }

    /** Whether the program takes the input: ends with 0, or with 2 after no more than a warning. */
    public static boolean accepts(byte[] input, String... command) {
        int exitValue = start(input, new ByteArrayOutputStream(), command);
        return exitValue == 0 || exitValue == 2;
    }

    private static int start(byte[] input, ByteArrayOutputStream output, String... command) {
        try {
            Path directory = Files.createTempDirectory("filter");
            Path in = Files.write(directory.resolve("in"), input);
            Path out = directory.resolve("out");
            try {
                Process process = new ProcessBuilder(command)
                        .redirectInput(in.toFile())
                        .redirectOutput(out.toFile())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
                if (!process.waitFor(2, TimeUnit.MINUTES)) {
                    process.destroyForcibly();
                    throw new AssertionError("still running after two minutes: " + String.join(" ", command));
                }
                output.writeBytes(Files.readAllBytes(out));
                return process.exitValue();
            } finally {
                for (Path file : new Path[] {in, out, directory}) {
                    Files.deleteIfExists(file);
                }
            }
        } catch (IOException e) {
            throw new AssertionError("'%s' can't be run; is it installed?".formatted(String.join(" ", command)), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }
}
