package io.virtualimage.volume.fill;

import io.virtualimage.volume.link.VolumeException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * The volume, to be filled: a device is the disk itself, in a directory the disk is the file {@value #DISK}. Whoever writes
 * the same again changes nothing, two at once included. Zeros are written only where something else stands, so a new file
 * has holes there, and a device that gives out its blocks when they are written keeps those it has. Safe for use by
 * many threads.
 */
final class VolumeTarget implements AutoCloseable {
    static final String DISK = "disk.img";

    private static final int BLOCK_BYTES = 256 << 10;
    private static final byte[] ZERO_BLOCK = new byte[BLOCK_BYTES];

    private final FileChannel channel;
    private final Path directory;

    /** A file that nobody else has ever written to. */
    private final boolean fresh;

    private VolumeTarget(FileChannel channel, Path directory, boolean fresh) {
        this.channel = channel;
        this.directory = directory;
        this.fresh = fresh;
    }

    /** @throws VolumeException if the volume has no room for so many bytes, or can't be written to */
    static VolumeTarget open(Path volume, long lengthBytes) throws VolumeException {
        try {
            return Files.isDirectory(volume) ? file(volume, lengthBytes) : device(volume, lengthBytes);
        } catch (IOException e) {
            throw VolumeException.ofVolume("the volume can't be opened: " + reason(e), e);
        }
    }

    /**
     * Whether what was written to it before is still there: not if the file is gone, or shorter than it has to be. A device
     * is always there.
     */
    static boolean kept(Path volume, long lengthBytes) throws VolumeException {
        Path disk = volume.resolve(DISK);
        try {
            return !Files.isDirectory(volume) || (Files.exists(disk) && Files.size(disk) >= lengthBytes);
        } catch (IOException e) {
            throw VolumeException.ofVolume("the volume can't be looked at: " + reason(e), e);
        }
    }

    private static VolumeTarget file(Path directory, long lengthBytes) throws IOException {
        Path disk = directory.resolve(DISK);
        boolean fresh = true;
        FileChannel channel;
        try {
            channel = FileChannel.open(
                    disk, StandardOpenOption.CREATE_NEW, StandardOpenOption.READ, StandardOpenOption.WRITE);
        } catch (FileAlreadyExistsException e) {
            fresh = false;
            channel = FileChannel.open(disk, StandardOpenOption.READ, StandardOpenOption.WRITE);
        }
        if (channel.size() > lengthBytes) {
            channel.truncate(lengthBytes);
        }
        if (channel.size() < lengthBytes) {
            try (RandomAccessFile whole = new RandomAccessFile(disk.toFile(), "rw")) {
                whole.setLength(lengthBytes);
            }
        }
        return new VolumeTarget(channel, directory, fresh);
    }

    private static VolumeTarget device(Path device, long lengthBytes) throws IOException, VolumeException {
        long room;
        try (RandomAccessFile whole = new RandomAccessFile(device.toFile(), "r")) {
            room = whole.length();
        }
        if (room < lengthBytes) {
            throw VolumeException.ofVolume(
                    "the volume has %d bytes, and the disk %d".formatted(room, lengthBytes), null);
        }
        FileChannel channel = FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE);
        return new VolumeTarget(channel, device, false);
    }

    void write(long offset, ByteBuffer bytes) throws VolumeException {
        long position = offset;
        try {
            while (bytes.hasRemaining()) {
                position += channel.write(bytes, position);
            }
        } catch (IOException e) {
            throw unwritable(position, e);
        }
    }

    /** Sees to it that there are zeros. */
    void writeZeros(long offset, long lengthBytes) throws VolumeException {
        if (fresh) {
            return;
        }
        byte[] there = new byte[BLOCK_BYTES];
        for (long done = 0; done < lengthBytes; ) {
            int count = (int) Math.min(BLOCK_BYTES, lengthBytes - done);
            read(offset + done, ByteBuffer.wrap(there, 0, count));
            if (Arrays.mismatch(there, 0, count, ZERO_BLOCK, 0, count) >= 0) {
                write(offset + done, ByteBuffer.wrap(ZERO_BLOCK, 0, count));
            }
            done += count;
        }
    }

    /** The CRC-32C of what stands there. */
    long checksum(long offset, long lengthBytes) throws VolumeException {
        CRC32C checksum = new CRC32C();
        ByteBuffer block = ByteBuffer.allocate(BLOCK_BYTES);
        for (long done = 0; done < lengthBytes; ) {
            block.clear().limit((int) Math.min(BLOCK_BYTES, lengthBytes - done));
            read(offset + done, block);
            done += block.position();
            checksum.update(block.flip());
        }
        return checksum.getValue();
    }

    private void read(long offset, ByteBuffer target) throws VolumeException {
        long position = offset;
        try {
            while (target.hasRemaining()) {
                int count = channel.read(target, position);
                if (count < 0) {
                    throw new IOException("it ends there");
                }
                position += count;
            }
        } catch (IOException e) {
            throw VolumeException.ofVolume("the volume can't be read at byte %d: %s".formatted(position, reason(e)), e);
        }
    }

    /** Returns when all that was written is on the volume for good. */
    void force() throws VolumeException {
        try {
            channel.force(false);
        } catch (IOException e) {
            throw VolumeException.ofVolume("what was written can't be made to last: " + reason(e), e);
        }
    }

    /** The same, with all that is known of the file. */
    void forceAll() throws VolumeException {
        try {
            channel.force(true);
            if (Files.isDirectory(directory)) {
                try (FileChannel entry = FileChannel.open(directory, StandardOpenOption.READ)) {
                    entry.force(true); // the file's name
                }
            }
        } catch (IOException e) {
            throw VolumeException.ofVolume("what was written can't be made to last: " + reason(e), e);
        }
    }

    private static VolumeException unwritable(long position, IOException e) {
        return VolumeException.ofVolume("the volume can't be written at byte %d: %s".formatted(position, reason(e)), e);
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
}
