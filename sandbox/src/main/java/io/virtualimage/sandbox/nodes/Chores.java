package io.virtualimage.sandbox.nodes;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Work that takes long, beside the node's own thread, each piece at most once at a time. */
final class Chores {
    private static final Logger LOG = LoggerFactory.getLogger(Chores.class);

    private final Set<String> busy = ConcurrentHashMap.newKeySet();
    private final Runnable wake;

    Chores(Runnable wake) {
        this.wake = wake;
    }

    /** Work that may fail, and then is asked for again. */
    @FunctionalInterface
    interface Chore {
        void run() throws IOException, InterruptedException;
    }

    boolean isBusy(String name) {
        return busy.contains(name);
    }

    /** Starts it unless it runs; wakes the node when it is done, but not when it failed. */
    void start(String name, Chore chore) {
        if (!busy.add(name)) {
            return;
        }
        Thread.ofVirtual().name(name).start(() -> {
            boolean done = false;
            try {
                chore.run();
                done = true;
            } catch (IOException | RuntimeException e) {
                (StaleView.isBehind(e) ? LOG.atDebug() : LOG.atWarn())
                        .addKeyValue("what", name)
                        .setCause(e)
                        .log("failed, and will be tried again");
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            } finally {
                busy.remove(name);
            }
            if (done) {
                wake.run();
            }
        });
    }
}
