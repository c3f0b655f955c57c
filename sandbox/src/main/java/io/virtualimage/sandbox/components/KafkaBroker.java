package io.virtualimage.sandbox.components;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.common.ShareVersion;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A Kafka broker and its controller in this JVM, with share groups. Data and ports stay in the directory, so a later
 * start on it, by this JVM or another, goes on where this one ended. One at a time per directory.
 */
public final class KafkaBroker implements RunningComponent {

    private static final Logger LOG = LoggerFactory.getLogger(KafkaBroker.class);
    private static final String CONTROLLER = "CONTROLLER";
    private static final int NODE = 1;

    private final KafkaRaftServer server;
    private final Path directory;
    private final String bootstrapServers;
    private final AtomicBoolean closed = new AtomicBoolean();

    private KafkaBroker(KafkaRaftServer server, Path directory, String bootstrapServers) {
        this.server = server;
        this.directory = directory;
        this.bootstrapServers = bootstrapServers;
    }

    /** Starts it and returns when it takes records: 4 to 6 s, and up to 5 s more after a SIGKILL. The directory is made if it isn't there. */
    public static KafkaBroker start(Path directory) {
        return start(directory, Map.of());
    }

    /**
     * Starts it with some broker settings of one's own.
     *
     * @param overrides server properties that win over the ones chosen here
     * @throws ComponentException if it doesn't come up
     */
    public static KafkaBroker start(Path directory, Map<String, String> overrides) {
        Path data = directory.resolve("data").toAbsolutePath();
        Ports ports = new Ports(directory);
        String address = "127.0.0.1:" + ports.port("broker");
        String controller = "127.0.0.1:" + ports.port("controller");
        Map<String, String> settings = new HashMap<>(settings(data, address, controller));
        settings.putAll(overrides);
        KafkaRaftServer server = null;
        try {
            if (!Files.exists(data.resolve("meta.properties"))) {
                format(data);
            }
            server = new KafkaRaftServer(new KafkaConfig(settings, false), Time.SYSTEM);
            server.startup();
        } catch (Exception e) {
            ComponentException failure = new ComponentException(
                    "The Kafka broker in " + directory + " doesn't come up: " + e.getMessage(), e);
            shutdown(server, failure);
            throw failure;
        }
        LOG.atInfo().addKeyValue("bootstrap", address).log("broker started");
        return new KafkaBroker(server, directory, address);
    }

    private static void shutdown(@Nullable KafkaRaftServer server, Exception failure) {
        if (server != null) {
            try {
                server.shutdown();
            } catch (RuntimeException e) {
                failure.addSuppressed(e);
            }
        }
    }

    private static void format(Path data) throws Exception {
        Files.createDirectories(data);
        try (PrintStream nowhere = new PrintStream(OutputStream.nullOutputStream(), true, StandardCharsets.UTF_8)) {
            new Formatter()
                    .setPrintStream(nowhere)
                    .setNodeId(NODE)
                    .setClusterId(Uuid.randomUuid().toString())
                    .setDirectories(List.of(data.toString()))
                    .setMetadataLogDirectory(data.toString())
                    .setControllerListenerName(CONTROLLER)
                    .setFeatureLevel(ShareVersion.FEATURE_NAME, ShareVersion.SV_1.featureLevel())
                    .run();
        }
    }

    private static Map<String, String> settings(Path data, String address, String controller) {
        return Map.ofEntries(
                Map.entry("process.roles", "broker,controller"),
                Map.entry("node.id", Integer.toString(NODE)),
                Map.entry("controller.quorum.voters", NODE + "@" + controller),
                Map.entry("controller.listener.names", CONTROLLER),
                Map.entry("listeners", "PLAINTEXT://" + address + "," + CONTROLLER + "://" + controller),
                Map.entry("advertised.listeners", "PLAINTEXT://" + address),
                Map.entry("log.dirs", data.toString()),
                Map.entry("auto.create.topics.enable", "false"),
                // Kafka's own topics: one replica, few partitions.
                Map.entry("offsets.topic.replication.factor", "1"),
                Map.entry("offsets.topic.num.partitions", "3"),
                Map.entry("transaction.state.log.replication.factor", "1"),
                Map.entry("transaction.state.log.min.isr", "1"),
                Map.entry("transaction.state.log.num.partitions", "1"),
                Map.entry("share.coordinator.state.topic.replication.factor", "1"),
                Map.entry("share.coordinator.state.topic.min.isr", "1"),
                Map.entry("share.coordinator.state.topic.num.partitions", "3"),
                // Share groups: as many deliveries as there can be; groups may ask for locks that tests needn't wait
                // for.
                Map.entry("group.share.delivery.count.limit", "10"),
                Map.entry("group.share.max.size", "200"),
                Map.entry("group.share.min.record.lock.duration.ms", "1000"),
                // A worker is given its first task after a heartbeat or two: not 5 s each.
                Map.entry("group.share.heartbeat.interval.ms", "1000"),
                Map.entry("group.share.min.heartbeat.interval.ms", "1000"),
                Map.entry("group.initial.rebalance.delay.ms", "0"),
                // A start after a SIGKILL waits until the session of the killed one is over.
                Map.entry("broker.session.timeout.ms", "5000"),
                Map.entry("broker.heartbeat.interval.ms", "1000"),
                // Small: the defaults are made for a machine of its own.
                Map.entry("num.network.threads", "2"),
                Map.entry("num.io.threads", "4"),
                Map.entry("background.threads", "2"),
                Map.entry("log.cleaner.dedupe.buffer.size", "4194304"),
                Map.entry("log.segment.bytes", "67108864"),
                Map.entry("log.index.size.max.bytes", "1048576"));
    }

    public String bootstrapServers() {
        return bootstrapServers;
    }

    public Path directory() {
        return directory;
    }

    @Override
    public String describe() {
        return "Kafka " + AppInfoParser.getVersion() + " in this JVM";
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            server.shutdown();
            server.awaitShutdown();
            LOG.atInfo().addKeyValue("bootstrap", bootstrapServers).log("broker stopped");
        }
    }
}
