package io.virtualimage.stage.process;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.snapshots.Labels;
import io.virtualimage.stage.fold.Fold;
import io.virtualimage.stage.staging.S3StagingStore;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.web.WebEndpoint;
import io.virtualimage.stage.web.WebServer;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.stage.work.TaskRunner;
import io.virtualimage.stage.work.Tombstones;
import io.virtualimage.stage.work.Worker;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.WorkGroup;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Everything a service process stands on. What is opened or started through it is closed with it, in the reverse
 * order. Several may live in one JVM: nothing here is global.
 */
public final class StageRuntime implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(StageRuntime.class);
    private static final int DEFAULT_OPS_PORT = 8080;
    private static final Duration DEFAULT_TICK = Duration.ofMillis(500);
    private static final Duration DEFAULT_LAG_INTERVAL = Duration.ofSeconds(15);

    /** How long requests that are being served may hold up the close. */
    private static final Duration WEB_GRACE = Duration.ofSeconds(5);

    /** How long the JVM's end may be held up for an orderly close. */
    private static final Duration SHUTDOWN = Duration.ofSeconds(25);

    private final Settings settings;
    private final String service;
    private final String replica;
    private final Clock clock;
    private final Duration tick;
    private final Duration lagInterval;
    private final KafkaClients clients;
    private final EventRecords records;
    private final PrometheusMeterRegistry registry;
    private final StageMeters meters;
    private final Readiness live = new Readiness();
    private final Readiness ready = new Readiness();
    private final OpsServer ops;
    private final KafkaAnnouncer announcer;
    private final KafkaFeeds feeds;
    private final Chores chores;
    private final CountDownLatch asked = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);

    /** What to close, the last first; guarded by this. */
    private final Deque<AutoCloseable> opened = new ArrayDeque<>();

    private @Nullable RequestLedger ledger;
    private @Nullable StagingStore staging;
    private @Nullable GroupLags lags;
    private boolean closing;

    private StageRuntime(String service, Settings settings, String replica, String bootstrap, int opsPort) {
        this.settings = settings;
        this.service = service;
        this.replica = replica;
        this.clock = Clock.systemUTC();
        this.tick = settings.duration("FOLD_TICK", DEFAULT_TICK);
        this.lagInterval = settings.duration("LAG_INTERVAL", DEFAULT_LAG_INTERVAL);
        this.clients = new KafkaClients(bootstrap, replica);
        this.records = new EventRecords("/" + service + "/" + replica, clock);
        this.registry = registry(service, replica);
        this.meters = new StageMeters(registry);
        this.feeds = new KafkaFeeds(clients);
        // The order in which these are opened is the reverse of the one in which they go.
        this.ops = keep(OpsServer.start(opsPort, live, ready, registry::scrape));
        this.announcer = keep(new KafkaAnnouncer(clients.producer(), records, meters));
        this.chores = keep(new Chores());
    }

    /**
     * Reads the settings that every service has, checks that the broker is what the pipeline needs, and opens the
     * ports for health and metrics. Settings: {@code KAFKA_BOOTSTRAP}; {@code REPLICA}, by default made from the host's
     * name and random digits; {@code OPS_PORT}; {@code FOLD_TICK}; {@code LAG_INTERVAL}: how often
     * the broker is asked how many tasks wait.
     *
     * @param service the name of the service, in lower case
     * @throws IllegalStateException if settings are missing or the broker isn't as it must be; says what is missing
     */
    public static StageRuntime open(String service, Settings settings) throws InterruptedException {
        String bootstrap = settings.text("KAFKA_BOOTSTRAP");
        String replica = settings.optional("REPLICA").orElseGet(() -> defaultReplica(service));
        int opsPort = settings.number("OPS_PORT", DEFAULT_OPS_PORT, 0, 65_535);
        settings.duration("FOLD_TICK", DEFAULT_TICK);
        settings.duration("LAG_INTERVAL", DEFAULT_LAG_INTERVAL);
        settings.check();
        try (Admin admin = new KafkaClients(bootstrap, replica).admin()) {
            new StartupCheck(admin).run();
        } catch (KafkaException e) {
            throw new IllegalStateException("Kafka at " + bootstrap + " can't be asked: " + e.getMessage(), e);
        }
        StageRuntime runtime = new StageRuntime(service, settings, replica, bootstrap, opsPort);
        LOG.atInfo()
                .addKeyValue("service", service)
                .addKeyValue("replica", replica)
                .addKeyValue("opsPort", runtime.opsPort())
                .log("service opened");
        return runtime;
    }

    private static String defaultReplica(String service) {
        int suffix = ThreadLocalRandom.current().nextInt(0x1_0000);
        return "%s-%04x".formatted(hostName(service), suffix);
    }

    private static String hostName(String otherwise) {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return otherwise;
        }
    }

    private PrometheusMeterRegistry registry(String service, String name) {
        PrometheusMeterRegistry made = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        keep((AutoCloseable) made::close);
        made.config().commonTags("service", service, "replica", name);
        new ClassLoaderMetrics().bindTo(made);
        new JvmMemoryMetrics().bindTo(made);
        new JvmThreadMetrics().bindTo(made);
        new ProcessorMetrics().bindTo(made);
        keep(new JvmGcMetrics()).bindTo(made);
        return made;
    }

    /** Name of this replica, in events and logs. */
    public String replica() {
        return replica;
    }

    public Clock clock() {
        return clock;
    }

    /** The registry behind {@code /metrics}, for what a service counts itself. */
    public MeterRegistry meters() {
        return registry;
    }

    /** Where {@code /livez}, {@code /readyz} and {@code /metrics} are served. */
    public int opsPort() {
        return ops.port();
    }

    public Announcer announcer() {
        return announcer;
    }

    /** Writes tombstones, by the same producer as {@link #announcer}. */
    public Tombstones tombstones() {
        return announcer;
    }

    /** The ledger, which begins to read when it is first asked for. */
    public synchronized Ledger ledger() {
        if (ledger == null) {
            RequestLedger begun = keep(new RequestLedger(clients));
            addReadiness("ledger", begun::caughtUp);
            Gauge.builder("virtualimage.ledger.images", begun, RequestLedger::size)
                    .description("Images that the ledger knows")
                    .register(registry);
            ledger = begun;
        }
        return ledger;
    }

    public SegmentFeed.Feeds feeds() {
        return feeds;
    }

    public SegmentFeed.Histories histories() {
        return feeds;
    }

    /**
     * The object store, by the settings {@code S3_ENDPOINT}, {@code S3_ACCESS_KEY}, {@code S3_SECRET_KEY} and
     * {@code S3_BUCKET}; connects to nothing yet.
     *
     * @throws IllegalStateException if one is missing
     */
    public synchronized StagingStore staging() {
        if (staging == null) {
            URI endpoint = settings.uri("S3_ENDPOINT");
            String accessKey = settings.text("S3_ACCESS_KEY");
            String secretKey = settings.text("S3_SECRET_KEY");
            String bucket = settings.text("S3_BUCKET", "virtualimage");
            settings.check();
            staging = keep(S3StagingStore.connect(endpoint, accessKey, secretKey, bucket));
        }
        return staging;
    }

    /**
     * Hosts a fold, which shares the partitions with the ones of that name in other replicas.
     *
     * @return the states of those that this replica has
     */
    public <S> FoldStates<S> host(Fold<S> fold) {
        FoldHost<S> host = keep(FoldHost.start(fold, clients, records, meters, clock, tick));
        addReadiness("fold " + fold.name(), host::ready);
        live.add("fold " + fold.name(), host::alive);
        return host.states();
    }

    /**
     * Serves a gauge with one time series per thing, for things that come and go by the thousand.
     *
     * @param name as it is served
     * @param labels what tells one thing from another; {@code service} and {@code replica} come to that
     * @param samples asked for each time that somebody reads {@code /metrics}
     */
    public void gauge(String name, String help, List<String> labels, Supplier<Stream<Sample>> samples) {
        Labels common = Labels.of("service", service, "replica", replica);
        registry.getPrometheusRegistry().register(new SampledGauge(name, help, common, labels, samples));
    }

    /**
     * Takes tasks from a group, as many at a time as there are threads; one worker object does them all. A group may
     * have 200 threads over all replicas.
     */
    public void work(WorkGroup group, int threads, Worker worker) {
        TaskRunner runner = new TaskRunner(replica, ledger(), announcer, worker, clock);
        WorkerPool pool =
                keep(new WorkerPool(group, threads, clients, runner, announcer, announcer::mention, meters).start());
        addReadiness("workers " + group.groupId(), pool::ready);
        lags().watch(group);
    }

    private synchronized GroupLags lags() {
        if (lags == null) {
            lags = keep(new GroupLags(clients.admin(), registry, lagInterval));
        }
        return lags;
    }

    /**
     * Hands out every record of some topics from the beginning, and then as they come, in this replica and in every
     * other one, on one thread. Records that can't be read are passed over; so are those that the handler throws on.
     * The process is ready when the view has caught up.
     */
    public View view(Set<Topic> topics, Consumer<ViewRecord> handler) {
        String name =
                "view of " + topics.stream().map(Topic::topicName).sorted().collect(Collectors.joining(", "));
        TopicReader reader = keep(new TopicReader(name, topics, () -> clients.reader("view"), record -> {
                    ViewRecord view = ViewRecord.read(record);
                    if (view != null) {
                        handler.accept(view);
                    }
                })
                .start());
        addReadiness(name, reader::caughtUp);
        return reader;
    }

    /**
     * Hands out every record of a topic to one of the group's replicas, at least once and from the beginning, one at a
     * time on one thread. Records that can't be read are passed over.
     */
    public void consume(String groupId, Topic topic, RecordHandler handler) {
        GroupReader reader = keep(new GroupReader(groupId, topic, () -> clients.member(groupId), handler).start());
        addReadiness("group " + groupId, reader::connected);
    }

    /**
     * Shares out a compacted topic: each of the group's replicas gets some of its partitions, and has the last record of
     * each key there. Nothing is written to the broker for it. The process is ready when it speaks with the broker.
     */
    public Share share(String groupId, Topic topic, ShareListener listener) {
        ShareReader reader = keep(new ShareReader(groupId, topic, () -> clients.sharer(groupId), listener).start());
        addReadiness("group " + groupId, reader::connected);
        Gauge.builder("virtualimage.share.images", reader, ShareReader::size)
                .description("Images that this replica, and no other of its service, looks after")
                .tag("group", groupId)
                .register(registry);
        return reader.share();
    }

    /**
     * Serves what others than the pipeline ask for. What the endpoints stand on has to be kept before, what ends what
     * they are at, after it.
     *
     * @param port 0 for any free one
     * @param idle a connection on which nothing moves for so long, while something should, is cut
     * @param endpoints by the beginning of the path, as in {@code /upload/}
     * @return where it listens
     * @throws IllegalStateException if the port can't be used
     */
    public int serve(String name, int port, Duration idle, Map<String, WebEndpoint> endpoints) {
        WebServer server = keep(WebServer.start(port, idle, WEB_GRACE, endpoints));
        addReadiness(name + " on port " + server.port(), server::listening);
        LOG.atInfo()
                .addKeyValue("serves", name)
                .addKeyValue("port", server.port())
                .log("port opened");
        return server.port();
    }

    /** Does a chore again and again, with that pause before each time, until the process ends. */
    public void every(Duration pause, String name, Chore chore) {
        chores.every(pause, name, chore);
    }

    /** Makes {@code /readyz} ask this too, and name it while it is false. */
    public void addReadiness(String name, BooleanSupplier part) {
        ready.add(name, part);
    }

    /** What {@code /readyz} would name now; empty when all is ready. */
    public List<String> lacking() {
        return ready.lacking();
    }

    /**
     * Returns when the process is asked to end (SIGTERM) or the runtime is closed. The JVM then stays until
     * {@link #close} is through, though not for long.
     */
    public void await() throws InterruptedException {
        Thread hook = Thread.ofPlatform().name("shutdown").unstarted(() -> {
            asked.countDown();
            try {
                boolean ignored = closed.await(SHUTDOWN.toMillis(), TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
        Runtime.getRuntime().addShutdownHook(hook);
        asked.await();
    }

    /** Something to be closed with this runtime, before all that was opened earlier. */
    public synchronized <C extends AutoCloseable> C keep(C closeable) {
        opened.push(closeable);
        return closeable;
    }

    /** Ends everything, in order: what does work gives it back, before what it stands on goes. May be repeated. */
    @Override
    public void close() {
        synchronized (this) {
            if (closing) {
                return;
            }
            closing = true;
        }
        asked.countDown();
        ready.add("closing", () -> false);
        for (AutoCloseable next = next(); next != null; next = next()) {
            try {
                next.close();
            } catch (Exception e) {
                LOG.atWarn().setCause(e).log("something did not close well");
            }
        }
        closed.countDown();
        LOG.atInfo().addKeyValue("replica", replica).log("service closed");
    }

    private synchronized @Nullable AutoCloseable next() {
        return opened.poll();
    }
}
