package io.virtualimage.statuswriter;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Keeps writes from being more than the API server is to bear. */
public interface Pace {
    /** As quick as they come. */
    Pace UNLIMITED = () -> {};

    /** Returns when the next write may be made. */
    void await() throws InterruptedException;

    /** At most so many writes a second, evenly; after a pause up to a second's worth at once. */
    static Pace perSecond(int writes) {
        return new Pace() {
            private final long stepNanos = Duration.ofSeconds(1).toNanos() / writes;
            private long nextNanos = System.nanoTime();

            @Override
            public void await() throws InterruptedException {
                TimeUnit.NANOSECONDS.sleep(take());
            }

            private synchronized long take() {
                long now = System.nanoTime();
                long earliest = now - TimeUnit.SECONDS.toNanos(1);
                nextNanos = (nextNanos - earliest < 0 ? earliest : nextNanos) + stepNanos;
                return nextNanos - now;
            }
        };
    }
}
