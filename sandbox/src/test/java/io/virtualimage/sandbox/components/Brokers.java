package io.virtualimage.sandbox.components;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.FinalizedVersionRange;
import org.apache.kafka.common.utils.AppInfoParser;
import org.apache.kafka.server.common.MetadataVersion;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.kafka.KafkaContainer;

/** Chooses the Kafka for tests: a given one, else one in a container, else one in this JVM. */
public final class Brokers {

    private static final String VARIABLE = "KAFKA_BOOTSTRAP";

    private Brokers() {}

    sealed interface Choice {
        /** A broker that somebody runs. */
        record Given(String bootstrapServers) implements Choice {}

        /** A container of the same version as the clients. */
        record Container() implements Choice {}

        record InThisJvm() implements Choice {}
    }

    static Choice choose(Map<String, String> environment, BooleanSupplier dockerAnswers) {
        String given = environment.getOrDefault(VARIABLE, "").strip();
        if (!given.isEmpty()) {
            return new Choice.Given(given);
        }
        return dockerAnswers.getAsBoolean() ? new Choice.Container() : new Choice.InThisJvm();
    }

    /** The broker for tests, started if it isn't a given one; the directory is for one in this JVM. */
    public static TestBroker forTests(Path directory) {
        return switch (choose(
                System.getenv(), () -> DockerClientFactory.instance().isDockerAvailable())) {
            case Choice.Given(String bootstrap) -> given(bootstrap);
            case Choice.Container() -> container();
            case Choice.InThisJvm() -> {
                KafkaBroker broker = KafkaBroker.start(directory);
                yield new TestBroker(broker.bootstrapServers(), broker.describe(), broker::close);
            }
        };
    }

    static TestBroker given(String bootstrap) {
        Map<String, Object> settings = Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap,
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, 20_000,
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, 5_000);
        try (Admin admin = Admin.create(settings)) {
            // A broker doesn't tell its release, only which one's metadata it writes.
            String version = Optional.ofNullable(admin.describeFeatures()
                            .featureMetadata()
                            .get()
                            .finalizedFeatures()
                            .get(MetadataVersion.FEATURE_NAME))
                    .map(FinalizedVersionRange::maxVersionLevel)
                    .map(level -> MetadataVersion.fromFeatureLevel(level).version())
                    .orElse("unknown");
            return new TestBroker(
                    bootstrap, "existing Kafka at " + bootstrap + ", metadata version " + version, () -> {});
        } catch (ExecutionException e) {
            throw new ComponentException(
                    VARIABLE + " names " + bootstrap + ", but no Kafka answers there: " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new ComponentException("Interrupted while asking " + bootstrap, e);
        }
    }

    private static TestBroker container() {
        String image = "apache/kafka:" + AppInfoParser.getVersion();
        KafkaContainer kafka = new KafkaContainer(image)
                .withEnv("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
                .withEnv("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR", "1")
                .withEnv("KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR", "1")
                .withEnv("KAFKA_GROUP_SHARE_DELIVERY_COUNT_LIMIT", "10")
                .withEnv("KAFKA_GROUP_SHARE_MIN_RECORD_LOCK_DURATION_MS", "1000");
        kafka.start();
        return new TestBroker(kafka.getBootstrapServers(), image + " in a container", kafka::stop);
    }
}
