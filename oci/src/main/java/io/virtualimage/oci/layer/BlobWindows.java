package io.virtualimage.oci.layer;

import io.virtualimage.oci.Digest;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.Repository;
import java.io.InputStream;

/**
 * A blob as a stream whose long skips cost one request and no bytes. What is read in one go is asked for in windows that
 * grow, so that a header costs little and an archive of many small files few requests.
 */
final class BlobWindows extends InputStream {

    static final int FIRST_WINDOW = 16 << 10;
    static final int LAST_WINDOW = 4 << 20;
    /** A skip that is longer is a new request; a shorter one is read through. */
    static final int READ_THROUGH = 1 << 20;

    private static final int BUFFER_BYTES = 16 << 10;

    private final BlobCursor cursor;
    private final byte[] buffer = new byte[BUFFER_BYTES];
    private int next;
    private int filled;

    BlobWindows(OciRegistry registry, Repository repository, Digest digest, long lengthBytes, ReadWatch watch) {
        this.cursor = new BlobCursor(registry, repository, digest, lengthBytes, 0, FIRST_WINDOW, LAST_WINDOW, watch);
    }

    @Override
    public int read() throws RegistryException {
        return fill() ? buffer[next++] & 0xff : -1;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws RegistryException {
        if (length == 0) {
            return 0;
        }
        if (!fill()) {
            return -1;
        }
        int count = Math.min(length, filled - next);
        System.arraycopy(buffer, next, target, offset, count);
        next += count;
        return count;
    }

    @Override
    public long skip(long count) throws RegistryException {
        long buffered = (long) filled - next;
        long ahead = Math.min(count - buffered, cursor.lengthBytes() - cursor.position());
        if (ahead > READ_THROUGH) {
            next = filled;
            cursor.jumpTo(cursor.position() + ahead);
            return buffered + ahead;
        }
        if (count <= 0) {
            return 0;
        }
        if (!fill()) {
            return 0;
        }
        int skipped = (int) Math.min(count, filled - next);
        next += skipped;
        return skipped;
    }

    private boolean fill() throws RegistryException {
        if (next == filled) {
            next = 0;
            filled = Math.max(cursor.read(buffer, 0, buffer.length), 0);
        }
        return next < filled;
    }

    /** Gives the connection back. Whoever reads on gets another one, at the same place. */
    @Override
    public void close() {
        cursor.close();
    }
}
