package io.virtualimage.disk.cli;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.convert.ParallelCopy;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** {@code vdisk convert}: the same disk in another format. */
final class ConvertCommand {
    /** With fewer, processors would wait for disks. */
    private static final int MIN_THREADS = 4;
    /** Beyond these, threads wait for each other at the file that is written. */
    private static final int MAX_THREADS = 8;

    private ConvertCommand() {}

    static int run(List<String> given) throws UsageException, FailureException {
        Arguments arguments = Arguments.parse(given, Set.of("-f", "-O", "-m"), Set.of());
        List<String> files = arguments.files(2, "an image and the name of the new one");
        String format = arguments.value("-O", "raw");
        if (!format.equals("raw") && !format.equals("qcow2")) {
            throw new UsageException("the new image can be 'raw' or 'qcow2', not '%s'".formatted(format));
        }
        int threads = threads(arguments.value("-m"));
        String target = files.getLast();
        try (ImageFile image = ImageFile.open(files.getFirst(), arguments.value("-f"), 1)) {
            convert(image, target, format, threads);
        }
        return 0;
    }

    private static int threads(@Nullable String given) throws UsageException {
        if (given == null) {
            return Math.clamp(Runtime.getRuntime().availableProcessors(), MIN_THREADS, MAX_THREADS);
        }
        if (!given.matches("[1-9]|1[0-6]")) {
            throw new UsageException("the number of threads is 1 to 16, not '%s'".formatted(given));
        }
        return Integer.parseInt(given);
    }

    private static void convert(ImageFile image, String target, String format, int threads) throws FailureException {
        try (OutputFile output = OutputFile.create(Path.of(target), Path.of(image.name()))) {
            if (format.equals("qcow2")) {
                output.setLength(ParallelCopy.toQcow2(image.disk(), output.channel(), threads));
            } else {
                ParallelCopy.toRaw(image.disk(), output.channel(), threads);
                output.setLength(image.info().virtualSizeBytes());
            }
            output.complete();
        } catch (IOException e) {
            throw FailureException.of(1, target, e);
        } catch (DiskException e) {
            throw FailureException.of(1, image.name(), e);
        }
    }
}
