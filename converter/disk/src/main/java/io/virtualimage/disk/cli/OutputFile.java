package io.virtualimage.disk.cli;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
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
    /** File systems take no longer names. */
    private static final int MAX_NAME_BYTES = 255;

    private final Path target;
    private final TemporaryFile temporary;
    private final RandomAccessFile file;

    private OutputFile(Path target, TemporaryFile temporary, RandomAccessFile file) {
        this.target = target;
        this.temporary = temporary;
        this.file = file;
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
        Path path = place.resolveSibling(temporaryName(place, random));
        Files.createFile(path);
        TemporaryFile temporary = new TemporaryFile(path);
        try {
            return new OutputFile(place, temporary, new RandomAccessFile(path.toFile(), "rw"));
        } catch (IOException | RuntimeException e) {
            temporary.close();
            throw e;
        }
    }

    private static String temporaryName(Path target, String random) {
        String name = "." + target.getFileName() + "." + random + ".part";
        return name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES ? "." + random + ".part" : name;
    }

    FileChannel channel() {
        return file.getChannel();
    }

    /** What is added, or was never written, reads as zeros. */
    void setLength(long lengthBytes) throws IOException {
        file.setLength(lengthBytes);
    }

    /** Gives the file its name, when all of it is on the disk: after a crash, what has the name is complete. */
    void complete() throws IOException {
        file.getChannel().force(true);
        file.close();
        Files.move(temporary.path(), target, StandardCopyOption.ATOMIC_MOVE);
    }

    /** Deletes the file, unless it is complete. */
    @Override
    public void close() throws IOException {
        try (temporary) {
            file.close();
        }
    }
}
