package io.virtualimage.watcher;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keys to be looked at, one after the other, by one thread. A key that is in already is not put in twice; one whose work
 * failed comes again after a pause, which doubles from {@value #FIRST_PAUSE_MILLIS} ms to half a minute.
 */
final class KeyQueue implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(KeyQueue.class);
    private static final long FIRST_PAUSE_MILLIS = 200;
    private static final int DOUBLINGS = 7;

    /** What is done for a key. */
    interface Work {
        /** Does it; the answer says when the key is to come again, if it is. */
        Optional<Duration> on(String key) throws Exception;
    }

    private final Work work;
    private final ScheduledThreadPoolExecutor executor;
    private final Map<String, Long> dueNanos = new HashMap<>();
    private final Map<String, Integer> failures = new HashMap<>();

    KeyQueue(String threadName, Work work) {
        this.work = work;
        this.executor = new ScheduledThreadPoolExecutor(
                1, Thread.ofPlatform().daemon().name(threadName).factory());
        executor.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
    }

    void add(String key) {
        add(key, Duration.ZERO);
    }

    /** Puts it in to be looked at after so long; or earlier, if it was to be looked at earlier. */
    synchronized void add(String key, Duration delay) {
        if (executor.isShutdown()) {
            return;
        }
        long due = System.nanoTime() + delay.toNanos();
        Long before = dueNanos.get(key);
        if (before != null && before - due <= 0) {
            return;
        }
        dueNanos.put(key, due);
        var ignored = executor.schedule(() -> run(key, due), delay.toNanos(), TimeUnit.NANOSECONDS);
    }

    /** How many keys are in, those being worked on not counted. */
    synchronized int size() {
        return dueNanos.size();
    }

    private void run(String key, long due) {
        synchronized (this) {
            if (!dueNanos.remove(key, due)) {
                return; // it was brought forward
            }
        }
        try {
            Optional<Duration> again = work.on(key);
            forgetFailures(key);
            again.ifPresent(delay -> add(key, delay));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Exception e) {
            Duration pause = nextPause(key);
            log.atWarn()
                    .addKeyValue("key", key)
                    .addKeyValue("pauseMillis", pause.toMillis())
                    .setCause(e)
                    .log("work failed, and will be tried again");
            add(key, pause);
        }
    }

    private synchronized void forgetFailures(String key) {
        failures.remove(key);
    }

    private synchronized Duration nextPause(String key) {
        int failed = failures.merge(key, 1, Integer::sum);
        return Duration.ofMillis(FIRST_PAUSE_MILLIS << Math.min(failed - 1, DOUBLINGS));
    }

    /** Drops what is in, and waits a little for what is being done. */
    @Override
    public void close() {
        executor.shutdownNow();
        try {
            executor.awaitTermination(5, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
