package io.virtualimage.fetcher.source;

import io.virtualimage.topics.FailureReason;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.SocketTimeoutException;
import java.time.Duration;

/** A piece of a blob, as the registry sends it: a connection that breaks is the source's trouble. */
final class LayerRangeStream extends FilterInputStream {
    private final ResolvedSource.ContainerImage image;
    private long done;

    LayerRangeStream(ResolvedSource.ContainerImage image, InputStream piece) {
        super(piece);
        this.image = image;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        try {
            int count = in.read(buffer, offset, length);
            done += Math.max(0, count);
            return count;
        } catch (InterruptedIOException e) {
            if (e instanceof SocketTimeoutException) {
                throw broken(e);
            }
            throw e;
        } catch (IOException e) {
            throw broken(e);
        }
    }

    private SourceException broken(IOException e) {
        return new SourceException.Unavailable(
                ConnectionWords.isEnd(e) ? FailureReason.SOURCE_TRUNCATED : FailureReason.SOURCE_UNAVAILABLE,
                "%s: %s after %d bytes".formatted(image.publicName(), ConnectionWords.of(e), done),
                Duration.ZERO,
                e);
    }
}
