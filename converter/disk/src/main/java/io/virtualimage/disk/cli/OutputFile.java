package io.virtualimage.disk.cli;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HexFormat;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A file that gets its name when it is complete; until then it stands beside that under another. If it never is, nothing
 * stays: not when the process is asked to end either, only when it is killed.
 */
final class OutputFile implements AutoCloseable {
    private final Path target;
    private final Path temporary;
    private final RandomAccessFile file;
    private final Thread cleaner;

    private OutputFile(Path target, Path temporary, RandomAccessFile file) {
        this.target = target;
        this.temporary = temporary;
        this.file = file;
        this.cleaner = new Thread(() -> delete(temporary));
    }

    /**
     * Begins an empty file.
     *
     * @param target its name; what has that name is replaced, if it is a regular file
     * @param input what must not be replaced
     */
    static OutputFile create(Path target, Path input) throws IOException {
        Path place = target.toAbsolutePath();
        if (Files.exists(target)) {
            if (Files.isSameFile(target, input)) {
                throw new IOException("this is the input, which is never overwritten");
            }
            if (!Files.isRegularFile(target)) {
                throw new IOException("not a regular file");
            }
            place = target.toRealPath(); // a link stays, what it leads to is replaced
        }
        String random = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextLong());
        Path temporary = place.resolveSibling("." + place.getFileName() + "." + random + ".part");
        Files.createFile(temporary);
        try {
            OutputFile output = new OutputFile(place, temporary, new RandomAccessFile(temporary.toFile(), "rw"));
            Runtime.getRuntime().addShutdownHook(output.cleaner);
            return output;
        } catch (IOException | RuntimeException e) {
            delete(temporary);
            throw e;
        }
    }

    FileChannel channel() {
        return file.getChannel();
    }

    /** What is added, or was never written, reads as zeros. */
    void setLength(long lengthBytes) throws IOException {
        file.setLength(lengthBytes);
    }

    /** Gives the file its name. */
    void complete() throws IOException {
        file.close();
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Deletes the file, unless it is complete. */
    @Override
    public void close() throws IOException {
        file.close();
        delete(temporary);
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // The process is about to end, and the hook has run or will.
        }
    }

    private static void delete(Path temporary) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            System.err.println("vdisk: " + temporary + " is left, as it could not be deleted: " + e.getMessage());
        }
    }
}
