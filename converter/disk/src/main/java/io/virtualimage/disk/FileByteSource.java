package io.virtualimage.disk;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * A source over a regular file, whose length is taken when it is opened. Safe for use by several threads; as with any
 * {@link FileChannel}, a thread that is interrupted while it reads closes the file for all of them.
 *
 * <p>Holes are known to be zeros on 64-bit Linux, if the JVM was started with {@code --enable-native-access}; elsewhere
 * nothing is known.
 */
public final class FileByteSource implements ByteSource, AutoCloseable {
    private final FileChannel channel;
    private final long lengthBytes;
    private final Path path;
    private final @Nullable Object fileKey;
    private @Nullable SparseFile sparse;
    private boolean sparseIsKnown;

    private FileByteSource(FileChannel channel, long lengthBytes, Path path, @Nullable Object fileKey) {
        this.channel = channel;
        this.lengthBytes = lengthBytes;
        this.path = path;
        this.fileKey = fileKey;
    }

    public static FileByteSource open(Path file) throws IOException {
        // Taken before the file is opened: found again afterwards, it is the key of what was opened.
        Object fileKey = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            return new FileByteSource(channel, channel.size(), file, fileKey);
        } catch (IOException e) {
            try (channel) {
                throw e;
            }
        }
    }

    @Override
    public long lengthBytes() {
        return lengthBytes;
    }

    @Override
    public void read(long offset, ByteBuffer target) throws IOException {
        checkRange(offset, target.remaining());
        long position = offset;
        while (target.hasRemaining()) {
            int count = channel.read(target, position);
            if (count < 0) {
                throw new EOFException("the file became shorter while it was read: it ends before offset " + position);
            }
            position += count;
        }
    }

    @Override
    public long knownZeroBytes(long offset, long maxBytes) {
        long wanted = Math.min(maxBytes, lengthBytes - offset);
        SparseFile file = sparse();
        return wanted > 0 && file != null ? file.holeBytes(offset, wanted) : 0;
    }

    @Override
    public long bytesBeforeKnownZeros(long offset, long maxBytes) {
        SparseFile file = sparse();
        return file != null ? file.bytesBeforeHole(offset, maxBytes) : maxBytes;
    }

    /** What the file of that name takes of its file system in bytes, holes not counted; empty where that is not known. */
    public OptionalLong allocatedBytes() {
        return SparseFile.allocatedBytes(path);
    }

    /** Null where nothing is known of holes. */
    private synchronized @Nullable SparseFile sparse() {
        if (!sparseIsKnown) {
            sparse = fileKey == null ? null : SparseFile.open(path, fileKey).orElse(null);
            sparseIsKnown = true;
        }
        return sparse;
    }

    /** Not while other threads use it. */
    @Override
    public synchronized void close() throws IOException {
        if (sparse != null) {
            sparse.close();
            sparse = null;
        }
        sparseIsKnown = true;
        channel.close();
    }
}
