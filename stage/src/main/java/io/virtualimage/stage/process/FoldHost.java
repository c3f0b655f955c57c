package io.virtualimage.stage.process;

import io.micrometer.core.instrument.Gauge;
import io.virtualimage.stage.fold.Fold;
import io.virtualimage.topics.Topic;
import java.time.Clock;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.LogAndContinueExceptionHandler;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.assignment.assignors.StickyTaskAssignor;
import org.apache.kafka.streams.state.BuiltInDslStoreSuppliers;
import org.apache.kafka.streams.state.Stores;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a {@link Fold} on Kafka Streams: one source over all its topics, one processor per partition, one sink for all
 * that it emits. At least once, states in memory, their changelog on Kafka: {@code virtualimage-<fold>-state-changelog}.
 * Writes nothing to disk.
 */
final class FoldHost<S> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(FoldHost.class);
    private static final Duration CLOSE = Duration.ofSeconds(10);

    private final Fold<S> fold;
    private final FoldStates<S> states;
    private final KafkaStreams streams;

    private FoldHost(Fold<S> fold, FoldStates<S> states, KafkaStreams streams) {
        this.fold = fold;
        this.states = states;
        this.streams = streams;
    }

    /** @param tick how often the fold looks at every image, whatever arrives */
    static <S> FoldHost<S> start(
            Fold<S> fold, KafkaClients clients, EventRecords records, StageMeters meters, Clock clock, Duration tick) {
        FoldStates<S> states = new FoldStates<>();
        Topology topology = topology(fold, records, meters, clock, tick, states);
        KafkaStreams streams = new KafkaStreams(topology, config(fold, clients));
        streams.setUncaughtExceptionHandler(failure -> {
            LOG.atError().addKeyValue("fold", fold.name()).setCause(failure).log("a thread of the fold is replaced");
            return StreamThreadExceptionResponse.REPLACE_THREAD;
        });
        streams.start();
        return new FoldHost<>(fold, states, streams);
    }

    static String applicationId(Fold<?> fold) {
        return "virtualimage-" + fold.name();
    }

    static <S> Topology topology(
            Fold<S> fold, EventRecords records, StageMeters meters, Clock clock, Duration tick, FoldStates<S> states) {
        Gauge.builder("virtualimage.fold.images", states, FoldStates::size)
                .description("Images whose state a fold holds in this replica")
                .tag("fold", fold.name())
                .register(meters.registry());
        Map<String, Topic> topics =
                fold.inputs().stream().collect(Collectors.toUnmodifiableMap(Topic::topicName, topic -> topic));
        ProcessorSupplier<String, byte[], String, Outgoing> processors =
                () -> new FoldProcessor<>(fold, topics, records, meters, clock, tick, states);
        Serializer<Outgoing> values = (topic, outgoing) -> outgoing.value();
        return new Topology()
                .addSource(
                        "events",
                        new StringDeserializer(),
                        Serdes.ByteArray().deserializer(),
                        topics.keySet().toArray(String[]::new))
                .addProcessor("fold", processors, "events")
                .addStateStore(
                        Stores.keyValueStoreBuilder(
                                        Stores.inMemoryKeyValueStore(FoldProcessor.STORE),
                                        Serdes.String(),
                                        Serdes.ByteArray())
                                .withCachingDisabled()
                                .withLoggingEnabled(changelogConfig()),
                        "fold")
                .addSink(
                        "out",
                        (key, outgoing, context) -> outgoing.topic().topicName(),
                        new StringSerializer(),
                        values,
                        "fold");
    }

    /** Small segments, cleaned eagerly: what a restart has to read is little more than the states themselves. */
    private static Map<String, String> changelogConfig() {
        return Map.of(
                "cleanup.policy",
                "compact",
                "segment.bytes",
                Integer.toString(16 << 20),
                "segment.ms",
                Long.toString(Duration.ofHours(6).toMillis()),
                "min.cleanable.dirty.ratio",
                "0.2");
    }

    static Properties config(Fold<?> fold, KafkaClients clients) {
        Map<String, Object> config = new HashMap<>();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, applicationId(fold));
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, clients.bootstrap());
        config.put(StreamsConfig.CLIENT_ID_CONFIG, clients.clientId("fold-" + fold.name()));
        config.put(StreamsConfig.GROUP_PROTOCOL_CONFIG, "classic");
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.AT_LEAST_ONCE);
        config.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, 1);
        config.put(StreamsConfig.NUM_STANDBY_REPLICAS_CONFIG, 0);
        config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 200);
        config.put(StreamsConfig.POLL_MS_CONFIG, 100);
        // Folds take events of different topics in any order, so nothing waits for a topic that is behind.
        config.put(StreamsConfig.MAX_TASK_IDLE_MS_CONFIG, StreamsConfig.MAX_TASK_IDLE_MS_DISABLED);
        config.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0);
        config.put(
                StreamsConfig.DSL_STORE_SUPPLIERS_CLASS_CONFIG,
                BuiltInDslStoreSuppliers.InMemoryDslStoreSuppliers.class);
        // Moves partitions at once. The default one first warms up stores elsewhere, for 10 minutes: ours are small.
        config.put(StreamsConfig.TASK_ASSIGNOR_CLASS_CONFIG, StickyTaskAssignor.class.getName());
        config.put(StreamsConfig.DESERIALIZATION_EXCEPTION_HANDLER_CLASS_CONFIG, LogAndContinueExceptionHandler.class);
        config.put(StreamsConfig.PRODUCTION_EXCEPTION_HANDLER_CLASS_CONFIG, PassOverTooLarge.class);
        config.put(StreamsConfig.ENABLE_METRICS_PUSH_CONFIG, false);
        config.put(StreamsConfig.consumerPrefix(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG), "earliest");
        config.put(
                StreamsConfig.mainConsumerPrefix(ConsumerConfig.SESSION_TIMEOUT_MS_CONFIG),
                KafkaClients.SESSION_TIMEOUT_MS);
        config.put(
                StreamsConfig.mainConsumerPrefix(ConsumerConfig.HEARTBEAT_INTERVAL_MS_CONFIG),
                KafkaClients.HEARTBEAT_MS);
        config.put(StreamsConfig.producerPrefix(ProducerConfig.ACKS_CONFIG), "all");
        config.put(StreamsConfig.producerPrefix(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG), true);
        // Nothing lingers: emitted events must not be overtaken by the state that remembers them.
        config.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 0);
        Properties properties = new Properties();
        properties.putAll(config);
        return properties;
    }

    /** Whether it works; false while partitions move. */
    boolean ready() {
        return streams.state() == KafkaStreams.State.RUNNING;
    }

    /** Whether it works, or will by itself. */
    boolean alive() {
        return switch (streams.state()) {
            case CREATED, REBALANCING, RUNNING -> true;
            case PENDING_SHUTDOWN, NOT_RUNNING, PENDING_ERROR, ERROR -> false;
        };
    }

    Fold<S> fold() {
        return fold;
    }

    FoldStates<S> states() {
        return states;
    }

    /** Leaves the group, so that others take over at once. */
    @Override
    public void close() {
        boolean ignored = streams.close(CloseOptions.timeout(CLOSE)
                .withGroupMembershipOperation(CloseOptions.GroupMembershipOperation.LEAVE_GROUP));
    }
}
