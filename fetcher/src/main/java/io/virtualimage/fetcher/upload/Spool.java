package io.virtualimage.fetcher.upload;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Holds one segment on disk between a client, who may be slow, and the object store, to which it goes at full speed. The
 * file has no name, so it goes with the process.
 */
final class Spool implements AutoCloseable {
    private final FileChannel file;
    private long lengthBytes;

    private Spool(FileChannel file) {
        this.file = file;
    }

    static Spool in(Path directory) throws SpoolException {
        try {
            Path path = Files.createTempFile(directory, "upload-", ".segment");
            try {
                return new Spool(FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE));
            } finally {
                Files.delete(path);
            }
        } catch (IOException e) {
            throw new SpoolException(e);
        }
    }

    /** Begins anew. */
    void clear() {
        lengthBytes = 0;
    }

    /** @throws InterruptedIOException if this thread is interrupted; then the spool is of no use any more */
    void write(byte[] bytes, int length) throws SpoolException, InterruptedIOException {
        try {
            ByteBuffer buffer = ByteBuffer.wrap(bytes, 0, length);
            while (buffer.hasRemaining()) {
                lengthBytes += file.write(buffer, lengthBytes);
            }
        } catch (ClosedByInterruptException e) {
            InterruptedIOException interrupted = new InterruptedIOException("interrupted while a segment was kept");
            interrupted.initCause(e);
            throw interrupted;
        } catch (IOException e) {
            throw new SpoolException(e);
        }
    }

    /** Bytes written since it was cleared. */
    long lengthBytes() {
        return lengthBytes;
    }

    /** What was written, from the beginning; one at a time. */
    InputStream read() throws SpoolException {
        try {
            return Channels.newInputStream(file.position(0));
        } catch (IOException e) {
            throw new SpoolException(e);
        }
    }

    @Override
    public void close() {
        try {
            file.close();
        } catch (IOException e) {
            // It has no name and nothing of worth.
        }
    }

    /** The disk of this replica is full, or broken. */
    static final class SpoolException extends Exception {
        private SpoolException(IOException cause) {
            super("a segment can't be kept on disk: " + cause.getMessage(), cause);
        }
    }
}
