package io.virtualimage.disk;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A source over a regular file, whose length is taken when it is opened. Safe for use by several threads; as with any
 * {@link FileChannel}, a thread that is interrupted while it reads closes the file for all of them.
 */
public final class FileByteSource implements ByteSource, AutoCloseable {
    private final FileChannel channel;
    private final long lengthBytes;

    private FileByteSource(FileChannel channel, long lengthBytes) {
        this.channel = channel;
        this.lengthBytes = lengthBytes;
    }

    public static FileByteSource open(Path file) throws IOException {
        FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
        try {
            return new FileByteSource(channel, channel.size());
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
    public void close() throws IOException {
        channel.close();
    }
}
