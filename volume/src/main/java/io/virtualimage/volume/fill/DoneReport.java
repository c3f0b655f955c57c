package io.virtualimage.volume.fill;

import io.virtualimage.volume.link.GoneException;
import io.virtualimage.volume.link.ServiceLink;
import io.virtualimage.volume.link.VolumeException;
import java.net.http.HttpRequest.BodyPublishers;
import java.time.Duration;
import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/**
 * Tells the publisher which ranges are done: soon after one is, and every few seconds as a sign of life. Always all of them,
 * and one after another, so that the last word is the whole truth.
 */
final class DoneReport implements AutoCloseable {
    private final ServiceLink link;
    private final Duration pause;
    private final BitSet done;
    private final Thread thread;
    private boolean news;
    private boolean ended;
    private @Nullable Exception failure;

    /** Begins at once. */
    DoneReport(ServiceLink link, Duration pause, BitSet done) {
        this.link = link;
        this.pause = pause;
        this.done = (BitSet) done.clone();
        this.thread = Thread.ofVirtual().name("done-report").start(this::repeat);
    }

    private void repeat() {
        try {
            for (String list = next(); list != null; list = next()) {
                say(list);
            }
        } catch (VolumeException | GoneException e) {
            synchronized (this) {
                failure = e;
                notifyAll();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void say(String list) throws VolumeException, GoneException, InterruptedException {
        link.put("done", () -> BodyPublishers.ofString(list), () -> null);
    }

    /** Waits until there is something to say; null at the end. */
    private synchronized @Nullable String next() throws InterruptedException {
        long until = System.nanoTime() + pause.toNanos();
        while (!news && !ended) {
            long left = (until - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                break;
            }
            wait(left);
        }
        news = false;
        return ended ? null : FillPlan.list(done);
    }

    /** One more range is on the volume for good. */
    synchronized void add(int range) {
        done.set(range);
        news = true;
        notifyAll();
    }

    /** Asks whether to go on. */
    synchronized void checkpoint() throws VolumeException, GoneException {
        switch (failure) {
            case GoneException gone -> throw gone;
            case VolumeException trouble -> throw trouble;
            case null, default -> {}
        }
    }

    /** Ends it with the last word. */
    void finish() throws VolumeException, GoneException, InterruptedException {
        synchronized (this) {
            ended = true;
            notifyAll();
        }
        thread.join();
        checkpoint();
        say(FillPlan.list(done));
    }

    @Override
    public void close() {
        thread.interrupt();
    }
}
