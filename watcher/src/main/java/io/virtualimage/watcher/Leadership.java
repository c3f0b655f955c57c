package io.virtualimage.watcher;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderCallbacks;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfig;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElectionConfigBuilder;
import io.fabric8.kubernetes.client.extended.leaderelection.LeaderElector;
import io.fabric8.kubernetes.client.extended.leaderelection.resourcelock.LeaseLock;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stands for election, again and again, until closed. Two may think that they lead at once for as long as one of them is
 * paused: whatever the leader does has to bear that.
 */
final class Leadership implements AutoCloseable {
    private static final Executor THREADS = Thread::startVirtualThread;
    private static final Logger log = LoggerFactory.getLogger(Leadership.class);
    private static final Duration LEASE = Duration.ofSeconds(15);
    private static final Duration RENEW = Duration.ofSeconds(10);
    private static final Duration RETRY = Duration.ofSeconds(2);

    private final KubernetesClient client;
    private final LeaderElectionConfig config;
    private final String identity;
    private final Runnable onElected;
    private final Thread thread;
    private volatile boolean leading;
    private volatile boolean closed;
    private volatile @Nullable CompletableFuture<?> term;

    /** @param onElected called each time this replica begins to lead; must be quick */
    Leadership(KubernetesClient client, String namespace, String lease, String identity, Runnable onElected) {
        this.client = client;
        this.identity = identity;
        this.onElected = onElected;
        this.config = new LeaderElectionConfigBuilder()
                .withName(lease)
                .withLock(new LeaseLock(namespace, lease, identity))
                .withLeaseDuration(LEASE)
                .withRenewDeadline(RENEW)
                .withRetryPeriod(RETRY)
                .withReleaseOnCancel(true)
                .withLeaderCallbacks(new LeaderCallbacks(this::elected, this::deposed, leader -> {}))
                .build();
        this.thread = Thread.ofPlatform().daemon().name("leadership").unstarted(this::stand);
    }

    void start() {
        thread.start();
    }

    boolean leading() {
        return leading;
    }

    private void elected() {
        log.atInfo().addKeyValue("replica", identity).log("leading");
        leading = true;
        onElected.run();
    }

    private void deposed() {
        leading = false;
        log.atInfo().addKeyValue("replica", identity).log("not leading any more");
    }

    private void stand() {
        while (!closed) {
            try {
                CompletableFuture<?> next = new LeaderElector(client, config, THREADS).start();
                term = next;
                if (closed) {
                    next.cancel(true);
                }
                next.get();
            } catch (CancellationException e) {
                log.debug("no longer standing for election", e);
            } catch (ExecutionException | RuntimeException e) {
                log.warn("the election failed, and will be held again", e);
            } catch (InterruptedException e) {
                closed = true;
            }
            leading = false;
            pause();
        }
    }

    private void pause() {
        try {
            if (!closed) {
                Thread.sleep(RETRY);
            }
        } catch (InterruptedException e) {
            closed = true;
        }
    }

    /** Gives the lease back, so that another one need not wait for its end. */
    @Override
    public void close() {
        closed = true;
        CompletableFuture<?> running = term;
        if (running != null) {
            running.cancel(true);
        }
        thread.interrupt();
        leading = false;
    }
}
