package io.virtualimage.disk.cli;

import io.virtualimage.disk.BadContentException;
import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.DiskException;
import io.virtualimage.disk.DiskFormat;
import io.virtualimage.disk.DiskInfo;
import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.UnsupportedDiskException;
import io.virtualimage.disk.VirtualDisk;
import io.virtualimage.disk.inspect.DiskInspector;
import io.virtualimage.disk.raw.RawDisk;
import io.virtualimage.disk.wrapper.Wrapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** An image that was named on the command line, opened. */
final class ImageFile implements AutoCloseable {
    private final String name;
    /** As it was named; also the image itself, unless that is packed in it. */
    private final FileByteSource file;

    private final FileByteSource image;
    private final VirtualDisk disk;
    private final int exitCode;

    private ImageFile(String name, FileByteSource file, FileByteSource image, VirtualDisk disk, int exitCode) {
        this.name = name;
        this.file = file;
        this.image = image;
        this.disk = disk;
        this.exitCode = exitCode;
    }

    /**
     * Opens an image. One that is compressed as a whole is unpacked first; not if it has to be raw.
     *
     * @param format what it has to be, by its wire name; raw takes the file for the disk, whatever it looks like; null
     *     to find out
     * @param exitCode the process's, if the image can't be opened, or closed
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
                Optional<Wrapper> wrapper = expected == DiskFormat.RAW ? Optional.empty() : wrapperOf(file);
                FileByteSource image = wrapper.isPresent() ? UnpackedFile.of(file, wrapper.get()) : file;
                try {
                    return new ImageFile(name, file, image, open(new NamedSource(name, image), expected), exitCode);
                } catch (IOException | DiskException | RuntimeException e) {
                    try (image) {
                        throw e;
                    }
                }
            } catch (IOException | DiskException | RuntimeException e) {
                try (file) {
                    throw e;
                }
            }
        } catch (BadContentException e) {
            throw FailureException.of(exitCode, name, e.reason());
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

    private static Optional<Wrapper> wrapperOf(FileByteSource file) throws IOException {
        return Wrapper.of(file.read(0, (int) Math.min(Wrapper.HEAD_BYTES, file.lengthBytes())));
    }

    private static VirtualDisk open(ByteSource file, @Nullable DiskFormat expected) throws IOException, DiskException {
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
        try (file) {
            image.close();
        } catch (IOException e) {
            throw FailureException.of(exitCode, name, e);
        }
    }
}
