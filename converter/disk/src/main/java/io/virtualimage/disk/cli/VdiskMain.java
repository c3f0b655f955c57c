package io.virtualimage.disk.cli;

import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.util.Arrays;
import java.util.List;

/** The program {@code vdisk}. */
public final class VdiskMain {
    private static final int WRONG_USAGE = 2;
    private static final int OUTPUT_BUFFER_BYTES = 64 << 10;

    private static final String USAGE = """
            Usage: vdisk COMMAND …

              vdisk info [--output=human|json] [-f FORMAT] IMAGE
                  what the image is
              vdisk map [--output=human|json] [-f FORMAT] IMAGE
                  where the bytes of the disk stand in the image
              vdisk convert [-O raw|qcow2] [-f FORMAT] [-m THREADS] IMAGE NEW
                  writes the same disk in another format; NEW appears, or is replaced, when it is complete
              vdisk compare [-s] [-f FORMAT] [-F FORMAT] IMAGE IMAGE
                  whether a guest would see the same; zeros at the end of the larger disk don't count
                  unless -s says so, which compares what is allocated too

            Formats are found out by what an image begins with; with -f (-F for the second image) it must be the one
            given. 'raw' takes any file for the disk itself.

            Exit code: 0 done, 1 the image is bad or can't be read or written, 2 wrong usage. Of compare: 0 identical,
            1 different, 2 an image can't be opened, 3 its map can't be read, 4 its data can't be read, or
            anything else went wrong.
            """;

    private VdiskMain() {}

    public static void main(String[] arguments) {
        PrintStream out = standardStream(FileDescriptor.out);
        PrintStream err = standardStream(FileDescriptor.err);
        int code = run(arguments, out, err);
        if (out.checkError() && code == 0) {
            err.println("vdisk: standard output can't be written to");
            code = failureCode(Arrays.asList(arguments));
        }
        err.flush();
        if (code != 0) {
            System.exit(code); // which takes longer than to return
        }
    }

    /** File names come out as they are, whatever the locale. */
    private static PrintStream standardStream(FileDescriptor descriptor) {
        return new PrintStream(
                new BufferedOutputStream(new FileOutputStream(descriptor), OUTPUT_BUFFER_BYTES),
                false,
                StandardCharsets.UTF_8);
    }

    /** Does what the arguments say, and returns the process's exit code. */
    public static int run(String[] arguments, PrintStream out, PrintStream err) {
        List<String> all = Arrays.asList(arguments);
        try {
            return run(all, out);
        } catch (UsageException e) {
            err.println("vdisk: " + e.getMessage());
            err.println("Try 'vdisk --help'.");
            return WRONG_USAGE;
        } catch (InvalidPathException e) {
            err.println("vdisk: no name of a file: " + e.getMessage());
            return WRONG_USAGE;
        } catch (FailureException e) {
            err.println("vdisk: " + e.getMessage());
            return e.exitCode();
        } catch (OutOfMemoryError e) {
            err.println("vdisk: there is not enough memory; more is given by VDISK_OPTS, such as VDISK_OPTS=-Xmx512m");
            return failureCode(all);
        } catch (RuntimeException | Error e) {
            err.println("vdisk: unexpected: " + e);
            return failureCode(all);
        }
    }

    /** Whoever compares takes 1 for an answer. */
    private static int failureCode(List<String> arguments) {
        return !arguments.isEmpty() && arguments.getFirst().equals("compare") ? CompareCommand.NOT_READ : 1;
    }

    private static int run(List<String> arguments, PrintStream out) throws UsageException, FailureException {
        if (arguments.isEmpty()) {
            throw new UsageException("which command: info, map, convert or compare?");
        }
        String command = arguments.getFirst();
        List<String> rest = arguments.subList(1, arguments.size());
        if (command.equals("-h") || rest.contains("--help")) {
            command = "--help";
        }
        return switch (command) {
            case "info" -> InfoCommand.run(rest, out);
            case "map" -> MapCommand.run(rest, out);
            case "convert" -> ConvertCommand.run(rest);
            case "compare" -> CompareCommand.run(rest, out);
            case "--help" -> print(out, USAGE);
            case "--version" -> print(out, "vdisk " + version() + System.lineSeparator());
            default -> throw new UsageException("there is no command '%s'".formatted(command));
        };
    }

    private static int print(PrintStream out, String text) {
        out.print(text);
        return 0;
    }

    private static String version() {
        String version = VdiskMain.class.getPackage().getImplementationVersion();
        return version == null ? "(not packaged)" : version;
    }
}
