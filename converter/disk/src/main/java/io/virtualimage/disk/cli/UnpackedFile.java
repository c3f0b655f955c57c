package io.virtualimage.disk.cli;

import io.virtualimage.disk.FileByteSource;
import io.virtualimage.disk.wrapper.UnpackLimits;
import io.virtualimage.disk.wrapper.UnpackedStream;
import io.virtualimage.disk.wrapper.Wrapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;

/** Unpacks a compressed image, since a disk is read at any offset: into a temporary file with holes for its zeros. */
final class UnpackedFile {
    private static final int BLOCK_BYTES = 64 << 10;
    private static final byte[] ZEROS = new byte[BLOCK_BYTES];

    private UnpackedFile() {}

    /**
     * What was packed. The temporary file has no name any more when this returns, so that nothing stays of it, however
     * the process ends; before, only when it is killed.
     *
     * @throws io.virtualimage.disk.BadContentException if the file is damaged, or over a limit
     */
    static FileByteSource of(FileByteSource packed, Wrapper wrapper) throws IOException {
        try (TemporaryFile file = new TemporaryFile(Files.createTempFile("vdisk-", ".img"))) {
            unpack(packed, wrapper, file.path());
            FileByteSource plain = FileByteSource.open(file.path());
            plain.knownZeroBytes(0, 1); // looks for holes from now on, by the name that goes
            return plain;
        }
    }

    private static void unpack(FileByteSource packed, Wrapper wrapper, Path file) throws IOException {
        int threads = Math.min(4, Runtime.getRuntime().availableProcessors());
        try (InputStream plain = UnpackedStream.of(packed, wrapper, UnpackLimits.DEFAULT, threads);
                FileChannel target = FileChannel.open(file, StandardOpenOption.WRITE)) {
            byte[] block = new byte[BLOCK_BYTES];
            long position = 0;
            int length = plain.readNBytes(block, 0, block.length);
            while (length > 0) {
                boolean last = length < block.length;
                // The last block is written whatever it is: it gives the file its length.
                if (last || !Arrays.equals(block, ZEROS)) {
                    write(target, ByteBuffer.wrap(block, 0, length), position);
                }
                position += length;
                length = last ? 0 : plain.readNBytes(block, 0, block.length);
            }
            if (position > target.size()) {
                write(target, ByteBuffer.wrap(ZEROS, 0, 1), position - 1);
            }
        }
    }

    private static void write(FileChannel target, ByteBuffer bytes, long offset) throws IOException {
        long position = offset;
        while (bytes.hasRemaining()) {
            position += target.write(bytes, position);
        }
    }
}
