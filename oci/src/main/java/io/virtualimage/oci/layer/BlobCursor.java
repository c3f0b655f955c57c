package io.virtualimage.oci.layer;

import io.virtualimage.oci.Digest;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.ReadingStoppedException;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.RegistryException.Reason;
import io.virtualimage.oci.Repository;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import org.jspecify.annotations.Nullable;

/**
 * A place in a blob from which to read on. The blob is asked for in windows; a connection that breaks is opened again at
 * the place, if something has come since the last time. From a registry that has no ranges the blob is read through.
 *
 * <p>Everything that is thrown is a {@link RegistryException}: {@code UNAVAILABLE} if the connection breaks too often or
 * at once, {@code DIGEST_MISMATCH} if the blob is shorter than it should be; {@link ReadingStoppedException} if the watch
 * says so.
 */
final class BlobCursor implements Closeable {

    /** A connection that is cut after each gigabyte gets a tebibyte through. */
    private static final int MAX_REOPENED = 1000;

    private static final int PASSED_OVER_BYTES = 1 << 16;

    private final OciRegistry registry;
    private final Repository repository;
    private final Digest digest;
    private final long lengthBytes;
    private final long firstWindow;
    private final long lastWindow;
    private final ReadWatch watch;

    private @Nullable InputStream in;
    private long position;
    private long windowEnd;
    private long nextWindow;
    private boolean hasRanges = true;
    private boolean progress;
    private int reopened;

    /**
     * Nothing is opened yet.
     *
     * @param firstWindow how many bytes to ask for at first, and after each {@link #jumpTo}; twice as many each time
     * @param lastWindow how many at most
     */
    BlobCursor(
            OciRegistry registry,
            Repository repository,
            Digest digest,
            long lengthBytes,
            long position,
            long firstWindow,
            long lastWindow,
            ReadWatch watch) {
        if (position < 0 || position > lengthBytes) {
            throw new IllegalArgumentException("a blob of " + lengthBytes + " bytes has no byte " + position);
        }
        this.registry = registry;
        this.repository = repository;
        this.digest = digest;
        this.lengthBytes = lengthBytes;
        this.position = position;
        this.firstWindow = firstWindow;
        this.lastWindow = lastWindow;
        this.watch = watch;
        this.nextWindow = firstWindow;
    }

    long position() {
        return position;
    }

    long lengthBytes() {
        return lengthBytes;
    }

    /** Reads 1 byte at least, or returns -1 at the blob's end. */
    int read(byte[] buffer, int offset, int length) throws RegistryException {
        while (position < lengthBytes) {
            watch.read(0);
            try {
                InputStream from = in == null ? open() : in;
                int read = from.read(buffer, offset, (int) Math.min(length, windowEnd - position));
                if (read > 0) {
                    position += read;
                    progress = true;
                    if (position == windowEnd) {
                        close();
                    }
                    watch.read(read);
                    return read;
                }
                throw new EOFException("it ended early");
            } catch (IOException e) {
                close();
                mend(e);
            }
        }
        return -1;
    }

    /** Goes on at another place, without reading what is between where that can be avoided. */
    void jumpTo(long target) throws RegistryException {
        if (hasRanges || target < position) {
            close();
            position = target;
            nextWindow = firstWindow;
            return;
        }
        byte[] waste = new byte[PASSED_OVER_BYTES];
        while (position < target && read(waste, 0, (int) Math.min(waste.length, target - position)) > 0) {}
    }

    private InputStream open() throws IOException {
        long from = hasRanges ? position : 0;
        long window = hasRanges ? Math.min(nextWindow, lengthBytes - from) : lengthBytes;
        InputStream opened = registry.openBlob(repository, digest, from, window);
        in = opened;
        windowEnd = from + window;
        nextWindow = nextWindow > lastWindow / 2 ? lastWindow : nextWindow * 2;
        if (from < position) {
            passOver(opened, position - from);
        }
        return opened;
    }

    private void passOver(InputStream opened, long count) throws IOException {
        byte[] waste = new byte[PASSED_OVER_BYTES];
        long left = count;
        while (left > 0) {
            int read = opened.read(waste, 0, (int) Math.min(waste.length, left));
            if (read < 0) {
                throw new EOFException("it ended early");
            }
            left -= read;
            watch.read(read);
        }
    }

    /** Returns if it makes sense to open the blob again. */
    private void mend(IOException e) throws RegistryException {
        if (e instanceof ReadingStoppedException stopped) {
            throw stopped;
        }
        if (e instanceof RegistryException refusal) {
            if (refusal.reason() == Reason.RANGES_UNSUPPORTED && hasRanges) {
                hasRanges = false;
                return;
            }
            if (!refusal.retryable()) {
                throw refusal;
            }
        }
        if (!progress && e instanceof EOFException) {
            throw failed(Reason.DIGEST_MISMATCH, "it ends there, and should have " + lengthBytes + " bytes", e);
        }
        if (!progress || reopened == MAX_REOPENED || Thread.currentThread().isInterrupted()) {
            if (e instanceof RegistryException refusal) {
                throw refusal;
            }
            throw failed(Reason.UNAVAILABLE, "the connection broke: " + e.getMessage(), e);
        }
        reopened++;
        progress = false;
    }

    private RegistryException failed(Reason reason, String why, IOException cause) {
        String deed = "read the blob " + digest + " of " + repository + " from " + position;
        return RegistryException.of(reason, deed, why, cause);
    }

    /** Gives the connection back. Whoever reads on gets another one, at the same place. */
    @Override
    public void close() {
        InputStream open = in;
        in = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                // What was wanted of it has been read.
            }
        }
    }
}
