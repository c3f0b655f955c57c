package io.virtualimage.statuswriter;

import io.virtualimage.topics.ImageStatus.DownloadSpeed;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * How quickly a source gives its bytes, from the times at which segments were said to be staged.
 *
 * @param since when the source first answered
 * @param last when the last bytes came
 * @param receivedBytes all that came since, bytes that had to come twice included
 * @param windowSince begin of the stretch that the current speed will be taken from next
 * @param windowBytes bytes received at that time
 * @param currentBytesPerSecond of the last whole stretch; null until there is one
 */
public record Speedometer(
        @Nullable Instant since,
        @Nullable Instant last,
        long receivedBytes,
        @Nullable Instant windowSince,
        long windowBytes,
        @Nullable Long currentBytesPerSecond) {

    static final Speedometer AT_REST = new Speedometer(null, null, 0, null, 0, null);

    private static final Duration WINDOW = Duration.ofSeconds(2);

    /** Something came from the source: its answer, or the given number of bytes more. */
    Speedometer advanced(long bytes, Instant now) {
        if (since == null || windowSince == null) {
            return new Speedometer(now, bytes > 0 ? now : null, bytes, now, bytes, null);
        }
        if (bytes <= 0) {
            return this;
        }
        long received = receivedBytes + bytes;
        Duration stretch = Duration.between(windowSince, now);
        return stretch.compareTo(WINDOW) < 0
                ? new Speedometer(since, now, received, windowSince, windowBytes, currentBytesPerSecond)
                : new Speedometer(since, now, received, now, received, perSecond(received - windowBytes, stretch));
    }

    /** Null before the first byte. The current speed only where it is asked for, and known. */
    @Nullable
    DownloadSpeed reading(boolean withCurrent) {
        if (since == null || last == null || receivedBytes == 0) {
            return null;
        }
        return new DownloadSpeed(
                perSecond(receivedBytes, Duration.between(since, last)), withCurrent ? currentBytesPerSecond : null);
    }

    private static long perSecond(long bytes, Duration time) {
        // Clocks of two replicas may differ: time never runs backwards here, nor stands still.
        return (long) (bytes * 1000.0 / Math.max(1, time.toMillis()));
    }
}
