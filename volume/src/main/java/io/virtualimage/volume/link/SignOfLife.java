package io.virtualimage.volume.link;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/** Tells the service every few seconds that this Pod works and how far it has come, and learns whether it should. */
public final class SignOfLife implements AutoCloseable {
    /** How often. */
    public static final Duration PAUSE = Duration.ofSeconds(5);

    private final ServiceLink link;
    private final AtomicLong doneBytes = new AtomicLong();
    private final AtomicBoolean gone = new AtomicBoolean();
    private final Thread thread;

    /** Begins at once. */
    public SignOfLife(ServiceLink link, Duration pause) {
        this.link = link;
        this.thread = Thread.ofVirtual().name("sign-of-life").start(() -> repeat(pause));
    }

    private void repeat(Duration pause) {
        try {
            while (true) {
                link.tryPost("heartbeat/" + doneBytes.get());
                Thread.sleep(pause);
            }
        } catch (GoneException e) {
            gone.set(true);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** So many bytes more are done. */
    public void done(long bytes) {
        doneBytes.addAndGet(bytes);
    }

    /** To be asked between two pieces of work. */
    public void checkpoint() throws GoneException {
        if (gone.get()) {
            throw new GoneException();
        }
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
