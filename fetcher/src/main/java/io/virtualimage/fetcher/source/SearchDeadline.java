package io.virtualimage.fetcher.source;

import io.virtualimage.oci.ReadingStoppedException;
import io.virtualimage.oci.layer.ReadWatch;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeoutException;

/**
 * Stops the search of one image that takes too long: what a registry may send in all is bounded only by numbers so large
 * that a slow one could keep a worker for years. For one thread.
 */
final class SearchDeadline implements ReadWatch {
    private final ReadWatch next;
    private final Clock clock;
    private final Duration patience;
    private final Instant end;
    private long readBytes;
    private boolean passed;

    /** @param next who looks on besides */
    SearchDeadline(ReadWatch next, Clock clock, Duration patience) {
        this.next = next;
        this.clock = clock;
        this.patience = patience;
        this.end = clock.instant().plus(patience);
    }

    @Override
    public void read(int bytes) throws ReadingStoppedException {
        readBytes += bytes;
        next.read(bytes);
        if (!clock.instant().isBefore(end)) {
            passed = true;
            throw new ReadingStoppedException(new TimeoutException(words()));
        }
    }

    /** Whether it was this that stopped the search. */
    boolean passed() {
        return passed;
    }

    /** For people. */
    String words() {
        return "the file under /disk was not found within %d s, in %d bytes of the image's layers: put it into a layer of its own"
                .formatted(patience.toSeconds(), readBytes);
    }
}
