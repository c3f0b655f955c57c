package io.virtualimage.disk.cli;

import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.inspect.DiskInspector;
import io.virtualimage.disk.raw.RawDisk;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** An image that was named on the command line, opened. */
final class ImageFile implements AutoCloseable {
    private final String name;
    private final FileByteSource file;
    private final VirtualDisk disk;

    private ImageFile(String name, FileByteSource file, VirtualDisk disk) {
        this.name = name;
        this.file = file;
        this.disk = disk;
    }

    /**
     * Opens an image.
     *
     * @param format what it has to be, by its wire name; raw takes the file for the disk, whatever it looks like; null
     *     to find out
     * @param exitCode the process's, if the image can't be opened
     */
    static ImageFile open(String name, @Nullable String format, int exitCode) throws UsageException, FailureException {
        DiskFormat expected = format == null ? null : formatOf(format);
        try {
            Path path = Path.of(name);
            if (Files.exists(path) && !Files.isRegularFile(path)) {
                throw new IOException("not a regular file");
            }
            FileByteSource file = FileByteSource.open(path);
            try {
                return new ImageFile(name, file, open(file, expected));
            } catch (IOException | DiskException | RuntimeException e) {
                try (file) {
                    throw e;
                }
            }
        } catch (IOException e) {
            throw FailureException.of(exitCode, name, e);
        } catch (DiskException e) {
            throw FailureException.of(exitCode, name, e);
        }
    }

    private static DiskFormat formatOf(String name) throws UsageException {
        return DiskFormat.ofWireName(name)
                .orElseThrow(() -> new UsageException("there is no format '%s'".formatted(name)));
    }

    private static VirtualDisk open(FileByteSource file, @Nullable DiskFormat expected)
            throws IOException, DiskException {
        if (expected == DiskFormat.RAW) {
            return RawDisk.open(file, DiskFormat.RAW);
        }
        VirtualDisk disk = DiskInspector.open(file, ReadLimits.DEFAULT);
        if (expected != null && disk.info().format() != expected) {
            throw new UnsupportedDiskException(
                    0, "%s: expected %s".formatted(disk.info().format().wireName(), expected.wireName()));
        }
        return disk;
    }

    /** As it was given. */
    String name() {
        return name;
    }

    VirtualDisk disk() {
        return disk;
    }

    DiskInfo info() {
        return disk.info();
    }

    /** What the file takes of its file system, in bytes; empty where that is not known. */
    OptionalLong allocatedBytes() {
        return file.allocatedBytes();
    }

    @Override
    public void close() throws FailureException {
        try {
            file.close();
        } catch (IOException e) {
            throw FailureException.of(1, name, e);
        }
    }
}
