package io.virtualimage.disk.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file that goes when this is closed, and when the process is asked to end; it stays only when that is killed. */
final class TemporaryFile implements AutoCloseable {
    private final Path path;
    private final Thread cleaner;

    /** @param path of a file that was created for this */
    TemporaryFile(Path path) {
        this.path = path;
        this.cleaner = new Thread(this::delete);
        try {
            Runtime.getRuntime().addShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            delete();
            throw e;
        }
    }

    Path path() {
        return path;
    }

    /** Deletes the file, unless it has another name by now. */
    @Override
    public void close() {
        delete();
        try {
            Runtime.getRuntime().removeShutdownHook(cleaner);
        } catch (IllegalStateException e) {
            // The process is about to end, and the hook has run or will.
        }
    }

    private void delete() {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            System.err.println("vdisk: " + path + " is left, as it could not be deleted: " + e.getMessage());
        }
    }
}
