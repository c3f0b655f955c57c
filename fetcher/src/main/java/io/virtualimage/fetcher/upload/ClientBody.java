package io.virtualimage.fetcher.upload;

import io.virtualimage.fetcher.source.Pace;
import io.virtualimage.fetcher.upload.Refusal.Kind;
import io.virtualimage.fetcher.upload.Refusal.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A body as its client sends it, which is asked for when it is read, and must not come too slowly. For one thread. */
final class ClientBody {
    private final Supplier<InputStream> body;
    private final Pace pace;
    private final LongSupplier nanoTime;
    private final byte[] first = new byte[1];
    private @Nullable InputStream in;
    private boolean held;

    /**
     * Asks the client for nothing yet.
     *
     * @param patience for how long it may be slower than {@link Pace} wants it
     * @param nanoTime as {@link System#nanoTime}
     */
    ClientBody(Supplier<InputStream> body, Duration patience, LongSupplier nanoTime) {
        this.body = body;
        this.pace = new Pace(patience);
        this.nanoTime = nanoTime;
    }

    /** Waits for the first byte, which is still to be read afterwards. Returns whether there is one. */
    boolean begins() throws IOException, RefusedException {
        held = held || read(first, 1) > 0;
        return held;
    }

    /**
     * As {@link InputStream#read(byte[], int, int)}, into the beginning.
     *
     * @param most how many bytes, from 1
     * @throws RefusedException if the client sends next to nothing, and keeps a place for that
     */
    int read(byte[] buffer, int most) throws IOException, RefusedException {
        if (held) {
            held = false;
            buffer[0] = first[0];
            return 1;
        }
        long start = nanoTime.getAsLong();
        if (in == null) {
            in = body.get();
        }
        int count = in.read(buffer, 0, most);
        if (count >= 0) {
            count(count, nanoTime.getAsLong() - start);
        }
        return count;
    }

    private void count(int bytes, long nanosWaited) throws RefusedException {
        try {
            pace.add(bytes, nanosWaited);
        } catch (SocketTimeoutException e) {
            throw Refusal.of(
                            Kind.SLOW,
                            "The file comes too slowly, %s. Go on with the upload over a better connection."
                                    .formatted(e.getMessage()))
                    .exception();
        }
    }
}
