package io.virtualimage.fetcher.source;

import java.net.SocketTimeoutException;
import java.time.Duration;

/**
 * Whether a body comes fast enough: who sends less than {@value #LEAST_BYTES_PER_SECOND} bytes a second, for as long as
 * patience lasts, keeps a worker busy for nothing. For one thread.
 */
public final class Pace {
    static final long LEAST_BYTES_PER_SECOND = 1024;

    private final Duration patience;
    private long waitedNanos;
    private long gotBytes;

    /** @param patience over which it is looked at */
    public Pace(Duration patience) {
        this.patience = patience;
    }

    /**
     * Counts what was read. Only the waiting counts: a reader that takes its time is no fault of the source.
     *
     * @throws SocketTimeoutException if it is too little by now
     */
    public void add(long bytes, long nanosWaited) throws SocketTimeoutException {
        waitedNanos += nanosWaited;
        gotBytes += bytes;
        if (waitedNanos < patience.toNanos()) {
            return;
        }
        if (gotBytes < LEAST_BYTES_PER_SECOND * patience.toMillis() / 1000) {
            throw new SocketTimeoutException("only %d bytes in %d s".formatted(gotBytes, waitedNanos / 1_000_000_000));
        }
        waitedNanos = 0;
        gotBytes = 0;
    }
}
