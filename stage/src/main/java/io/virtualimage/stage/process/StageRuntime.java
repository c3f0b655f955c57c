package io.virtualimage.stage.process;

import io.micrometer.core.instrument.MeterRegistry;
import io.virtualimage.stage.fold.Fold;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.stage.work.Tombstones;
import io.virtualimage.stage.work.Worker;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.WorkGroup;
import java.time.Clock;
import java.time.Duration;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** Everything a service process stands on. Several may live in one JVM. */
@SuppressWarnings("DoNotCallSuggester")
public final class StageRuntime implements AutoCloseable {
    private final String replica;

    private StageRuntime(String replica) {
        this.replica = replica;
    }

    /**
     * Reads the settings that every service has, checks that the broker is what we need, and opens the ops endpoint.
     *
     * @param service the name of the service, in lower case
     * @throws IllegalStateException if settings are missing, or the broker isn't as it must be; says what is missing
     */
    public static StageRuntime open(String service, Settings settings) {
        return new StageRuntime(settings.text("REPLICA", service));
    }

    /** Name of this replica, in events and logs. */
    public String replica() {
        return replica;
    }

    public Clock clock() {
        throw new UnsupportedOperationException();
    }

    public MeterRegistry meters() {
        throw new UnsupportedOperationException();
    }

    public Announcer announcer() {
        throw new UnsupportedOperationException();
    }

    /** Writes tombstones, by the same producer as {@link #announcer}. */
    public Tombstones tombstones() {
        throw new UnsupportedOperationException();
    }

    /** The ledger, which begins to read when it is first asked for. */
    public Ledger ledger() {
        throw new UnsupportedOperationException();
    }

    public SegmentFeed.Feeds feeds() {
        throw new UnsupportedOperationException();
    }

    /** The object store, by the settings {@code S3_*}. */
    public StagingStore staging() {
        throw new UnsupportedOperationException();
    }

    /** Hosts a fold: it shares the partitions with the other replicas. */
    public void host(Fold<?> fold) {
        throw new UnsupportedOperationException();
    }

    /** Takes tasks from a group, as many at a time as there are threads. */
    public void work(WorkGroup group, int threads, Worker worker) {
        throw new UnsupportedOperationException();
    }

    /** Hands out every record of compacted topics from the beginning, in this and in every other replica. */
    public View view(Set<Topic> topics, Consumer<ViewRecord> handler) {
        throw new UnsupportedOperationException();
    }

    /** Hands out every record of a topic to one of the group's replicas, at least once. */
    public void consume(String groupId, Topic topic, RecordHandler handler) {
        throw new UnsupportedOperationException();
    }

    /** Does a chore, again after the given pause, until the process ends. */
    public void every(Duration period, String name, Chore chore) {
        throw new UnsupportedOperationException();
    }

    /** Makes {@code /readyz} ask this too, under that name. */
    public void addReadiness(String name, BooleanSupplier ready) {
        throw new UnsupportedOperationException();
    }

    /** Returns when the process is asked to end (SIGTERM). */
    public void await() throws InterruptedException {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
