package io.virtualimage.volume.read;

import io.virtualimage.volume.link.VolumeException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/**
 * What a volume holds: a device is the disk itself, a directory holds it as the file {@value #DISK}. Opened for reading
 * only. Safe for use by many threads.
 */
final class VolumeFile implements AutoCloseable {
    static final String DISK = "disk.img";

    private static final int BLOCK_BYTES = 64 * 1024;
    private static final byte[] ZEROS = new byte[BLOCK_BYTES];

    private final Path path;
    private final FileChannel channel;
    private final long lengthBytes;

    private VolumeFile(Path path, FileChannel channel, long lengthBytes) {
        this.path = path;
        this.channel = channel;
        this.lengthBytes = lengthBytes;
    }

    /** @throws VolumeException if there is no disk, or it may not be read */
    static VolumeFile open(Path volume) throws VolumeException {
        Path path = Files.isDirectory(volume) ? volume.resolve(DISK) : volume;
        try {
            FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
            // A device has no size of its own; where its end is, the position says.
            long length = channel.size() > 0 ? channel.size() : end(path);
            return new VolumeFile(path, channel, length);
        } catch (NoSuchFileException e) {
            throw VolumeException.ofVolume("the volume holds no " + path.getFileName(), e);
        } catch (IOException e) {
            throw VolumeException.ofVolume("the volume can't be opened: " + reason(e), e);
        }
    }

    private static long end(Path path) throws IOException {
        try (java.io.RandomAccessFile device = new java.io.RandomAccessFile(path.toFile(), "r")) {
            return device.length();
        }
    }

    long lengthBytes() {
        return lengthBytes;
    }

    /** Whether a piece holds nothing but zeros; reads no further than to the first byte that is none. */
    boolean isZero(long offset, long length) throws VolumeException {
        byte[] block = new byte[BLOCK_BYTES];
        try (InputStream in = piece(offset, length)) {
            for (int count = in.readNBytes(block, 0, BLOCK_BYTES); count > 0; ) {
                if (Arrays.mismatch(block, 0, count, ZEROS, 0, count) >= 0) {
                    return false;
                }
                count = in.readNBytes(block, 0, BLOCK_BYTES);
            }
            return true;
        } catch (IOException e) {
            throw unreadable(e);
        }
    }

    /** A piece's bytes. The stream throws if they can't be read or end early. */
    InputStream piece(long offset, long length) {
        return new Piece(offset, length);
    }

    /** What a failure of {@link #piece} means. */
    VolumeException unreadable(IOException failure) {
        return VolumeException.ofVolume("the volume can't be read: " + reason(failure), failure);
    }

    /** What the operating system says, without the path that nobody outside of the Pod knows. */
    private static String reason(IOException failure) {
        String said = failure instanceof FileSystemException of ? of.getReason() : failure.getMessage();
        return said == null ? failure.getClass().getSimpleName() : said;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    @Override
    public String toString() {
        return path.toString();
    }

    private final class Piece extends InputStream {
        private long position;
        private final long end;

        private Piece(long offset, long length) {
            this.position = offset;
            this.end = offset + length;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] buffer, int offset, int length) throws IOException {
            if (position >= end) {
                return length == 0 ? 0 : -1;
            }
            int wanted = (int) Math.min(length, end - position);
            int count;
            try {
                count = channel.read(ByteBuffer.wrap(buffer, offset, wanted), position);
            } catch (IOException e) {
                throw new IOException("%s at byte %d".formatted(reason(e), position), e);
            }
            if (count < 0) {
                throw new IOException("it ends at byte %d, and was %d bytes long".formatted(position, lengthBytes));
            }
            position += count;
            return count;
        }
    }
}
