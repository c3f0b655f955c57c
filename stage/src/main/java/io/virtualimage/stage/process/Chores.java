package io.virtualimage.stage.process;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is done now and then, each on a thread of its own, so that a slow one holds up no other. */
final class Chores implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Chores.class);
    private static final Duration CLOSE = Duration.ofSeconds(5);

    private final List<Thread> threads = new CopyOnWriteArrayList<>();

    /** Does the chore for the first time after the pause. */
    void every(Duration pause, String name, Chore chore) {
        threads.add(Thread.ofPlatform().daemon().name("chore-" + name).start(() -> repeat(pause, name, chore)));
    }

    private static void repeat(Duration pause, String name, Chore chore) {
        try {
            while (!Thread.currentThread().isInterrupted()) {
                Thread.sleep(pause);
                attempt(name, chore);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void attempt(String name, Chore chore) throws InterruptedException {
        try {
            chore.run();
        } catch (InterruptedException e) {
            throw e;
        } catch (Exception | OutOfMemoryError | StackOverflowError e) {
            LOG.atError().addKeyValue("chore", name).setCause(e).log("a chore failed; it is done again in its time");
        }
    }

    @Override
    public void close() {
        threads.forEach(Thread::interrupt);
        try {
            for (Thread thread : threads) {
                boolean ignored = thread.join(CLOSE);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
