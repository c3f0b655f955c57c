package io.virtualimage.topics;

import java.io.PrintStream;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;

/**
 * Provisions the topics and share groups of an installation, says what it did, and ends: a Kubernetes Job, or one
 * command. Settings: {@code KAFKA_BOOTSTRAP}, {@code PARTITIONS} (default {@value Topic#PARTITIONS}) and
 * {@code REPLICATION} (default 3).
 */
public final class ProvisionTopics {
    /** Everything is as it should be. */
    static final int DONE = 0;

    /** Kafka is not reached, refuses, or has topics that don't fit. */
    static final int FAILED = 1;

    /** A setting is missing or malformed. */
    static final int MISCONFIGURED = 2;

    private ProvisionTopics() {}

    public static void main(String[] args) {
        System.exit(run(System.getenv(), System.out, System.err));
    }

    /** @return the exit code */
    public static int run(Map<String, String> environment, PrintStream out, PrintStream err) {
        String bootstrap = environment.getOrDefault("KAFKA_BOOTSTRAP", "").strip();
        try {
            if (bootstrap.isEmpty()) {
                throw new IllegalArgumentException("KAFKA_BOOTSTRAP is not set");
            }
            int partitions = number(environment, "PARTITIONS", Topic.PARTITIONS);
            int replication = number(environment, "REPLICATION", 3);
            try (Admin admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap))) {
                print(new TopicProvisioner(admin, partitions, replication).provision(), out);
                return DONE;
            }
        } catch (IllegalArgumentException e) {
            err.println(e.getMessage());
            return MISCONFIGURED;
        } catch (ProvisioningException e) {
            err.println(e.getMessage());
            return FAILED;
        } catch (KafkaException e) {
            String reason = e.getCause() == null ? e.getMessage() : e.getCause().getMessage();
            err.println("No connection to Kafka at " + bootstrap + ": " + reason);
            return FAILED;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            err.println("Interrupted");
            return FAILED;
        }
    }

    private static void print(Provisioning done, PrintStream out) {
        for (Provisioning.Step step : done.steps()) {
            String what = switch (step.kind()) {
                case TOPIC -> "topic ";
                case SHARE_GROUP -> "share group ";
            };
            String how = switch (step.action()) {
                case CREATED -> ": created with " + new TreeMap<>(step.settings());
                case CHANGED -> ": set " + new TreeMap<>(step.settings());
                case LEFT -> ": left as it is";
            };
            out.println(what + step.name() + how);
        }
    }

    private static int number(Map<String, String> environment, String name, int otherwise) {
        String text = environment.getOrDefault(name, "").strip();
        if (text.isEmpty()) {
            return otherwise;
        }
        if (!text.matches("[1-9][0-9]{0,3}")) {
            throw new IllegalArgumentException(name + " must be a number from 1 to 9999, and is '" + text + "'");
        }
        return Integer.parseInt(text);
    }
}
