package io.virtualimage.fetcher.source;

import io.virtualimage.topics.FailureReason;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A piece of a source, read to its end: where a connection breaks, it goes on with another one from the very byte. It
 * gives up when a connection brought nothing, after {@value #MAX_REOPENINGS} of them, and after {@value #MAX_STALLS} that
 * fell asleep: those cost a worker's time.
 */
public final class ResumingStream extends InputStream {
    static final int MAX_REOPENINGS = 20;
    static final int MAX_STALLS = 2;

    private final Source source;
    private final ResolvedSource resolved;
    private final SourceVersion version;
    private final long offset;
    private final long lengthBytes;

    private InputStream body;
    private long done;
    private long doneWhenOpened;
    private int reopenings;
    private int stalls;

    private ResumingStream(
            Source source,
            ResolvedSource resolved,
            SourceVersion version,
            long offset,
            long lengthBytes,
            InputStream body) {
        this.source = source;
        this.resolved = resolved;
        this.version = version;
        this.offset = offset;
        this.lengthBytes = lengthBytes;
        this.body = body;
    }

    /** Opens a piece; as {@link Source#openRange}. */
    public static ResumingStream open(
            Source source, ResolvedSource resolved, SourceVersion version, long offset, long lengthBytes)
            throws SourceException, InterruptedException {
        InputStream body = source.openRange(resolved, version, offset, lengthBytes);
        return new ResumingStream(source, resolved, version, offset, lengthBytes, body);
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int start, int length) throws IOException {
        Objects.checkFromIndexSize(start, length, buffer.length);
        if (length == 0) {
            return 0;
        }
        while (done < lengthBytes) {
            IOException broken = null;
            int count = -1;
            try {
                count = body.read(buffer, start, (int) Math.min(length, lengthBytes - done));
            } catch (SourceException.Refused | SourceException.Unusable | SourceException.Changed e) {
                throw e;
            } catch (IOException e) {
                if (e instanceof InterruptedIOException && !(e instanceof SocketTimeoutException)) {
                    throw e;
                }
                broken = e;
            }
            if (count > 0) {
                done += count;
                return count;
            }
            reopen(broken);
        }
        return -1;
    }

    private void reopen(@Nullable IOException broken) throws IOException {
        if (broken != null && broken.getCause() instanceof SocketTimeoutException) {
            stalls++;
        }
        if (done == doneWhenOpened || reopenings >= MAX_REOPENINGS || stalls > MAX_STALLS) {
            FailureReason reason = broken instanceof SourceException.Unavailable unavailable
                    ? unavailable.reason()
                    : FailureReason.SOURCE_TRUNCATED;
            throw new SourceException.Unavailable(
                    reason,
                    "%s: %s after %d of %d bytes (from byte %d on)"
                            .formatted(
                                    resolved.publicName(),
                                    reason == FailureReason.SOURCE_TRUNCATED
                                            ? "the connection closed"
                                            : "the connection broke",
                                    done,
                                    lengthBytes,
                                    offset),
                    Duration.ZERO,
                    broken);
        }
        body.close();
        body = InputStream.nullInputStream();
        doneWhenOpened = done;
        reopenings++;
        try {
            body = source.openRange(resolved, version, offset + done, lengthBytes - done);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException stopped = new InterruptedIOException("interrupted while connecting again");
            stopped.initCause(e);
            throw stopped;
        }
    }

    @Override
    public void close() throws IOException {
        body.close();
    }
}
