package io.virtualimage.sandbox.nodes;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * The contents of volumes and snapshots below one folder, each by its name: a folder for a file system, a sparse file for
 * a block device. One that is there is complete.
 */
final class VolumeFiles {
    private final Path folder;

    VolumeFiles(Path folder) throws IOException {
        this.folder = Files.createDirectories(folder.toAbsolutePath());
    }

    Path path(String name) {
        return folder.resolve(name);
    }

    boolean exists(String name) {
        return Files.exists(path(name));
    }

    List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName())).toList();
        }
    }

    /** Makes an empty one, unless it is there. */
    void create(String name, boolean block, long lengthBytes) throws IOException {
        if (!block) {
            Files.createDirectories(path(name));
        } else if (!exists(name)) {
            Path partial = fresh(name);
            setLength(partial, lengthBytes);
            Files.move(partial, path(name), StandardCopyOption.ATOMIC_MOVE);
        }
    }

    /**
     * Makes a copy of a file or folder, unless it is there; holes stay holes, and a file system that can share blocks
     * does.
     *
     * @param lengthBytes what a file is extended to, never cut off
     */
    void copy(Path source, String name, long lengthBytes) throws IOException, InterruptedException {
        if (exists(name)) {
            return;
        }
        Path partial = fresh(name);
        Process copier = new ProcessBuilder(
                        "cp", "-a", "--reflink=auto", "--sparse=always", source.toString(), partial.toString())
                .redirectErrorStream(true)
                .start();
        String words = new String(copier.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (copier.waitFor() != 0) {
            throw new IOException(source + " can't be copied: " + words.strip());
        }
        if (Files.isRegularFile(partial) && Files.size(partial) < lengthBytes) {
            setLength(partial, lengthBytes);
        }
        Files.move(partial, path(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private Path fresh(String name) throws IOException {
        Path partial = path(name + ".partial");
        delete(partial);
        return partial;
    }

    private static void setLength(Path file, long lengthBytes) throws IOException {
        try (RandomAccessFile device = new RandomAccessFile(file.toFile(), "rw")) {
            device.setLength(lengthBytes);
        }
    }

    /** Does nothing if there is none. */
    void delete(String name) throws IOException {
        delete(path(name));
    }

    private static void delete(Path root) throws IOException {
        if (!Files.exists(root)) {
            return;
        }
        List<Path> all = new ArrayList<>();
        try (Stream<Path> files = Files.walk(root)) {
            files.sorted(Comparator.reverseOrder()).forEach(all::add);
        }
        for (Path file : all) {
            Files.deleteIfExists(file);
        }
    }
}
