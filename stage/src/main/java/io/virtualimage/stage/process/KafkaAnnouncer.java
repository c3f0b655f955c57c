package io.virtualimage.stage.process;

import io.virtualimage.stage.work.AnnouncementException;
import io.virtualimage.stage.work.Announcer;
import io.virtualimage.stage.work.Tombstones;
import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Topic;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.InterruptException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Announces through one idempotent producer, which all threads of the replica share. */
final class KafkaAnnouncer implements Announcer, Tombstones, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(KafkaAnnouncer.class);
    private static final Duration CLOSE = Duration.ofSeconds(5);

    /** The producer gives up by itself, earlier: waiting for its buffer and its delivery are bounded. */
    private static final long PATIENCE_MS = KafkaClients.DELIVERY_TIMEOUT_MS + 5_000L;

    private final Producer<String, byte[]> producer;
    private final EventRecords records;
    private final StageMeters meters;

    KafkaAnnouncer(Producer<String, byte[]> producer, EventRecords records, StageMeters meters) {
        this.producer = producer;
        this.records = records;
        this.meters = meters;
    }

    @Override
    public void announce(Event event) throws AnnouncementException, InterruptedException {
        send(records.record(event));
        meters.announced(event);
    }

    @Override
    public void bury(String key, DeadLetter letter) throws AnnouncementException, InterruptedException {
        send(records.record(key, letter));
        meters.buried(letter);
    }

    @Override
    public void forget(String uid) throws AnnouncementException, InterruptedException {
        send(new ProducerRecord<>(Topic.REQUESTS.topicName(), uid, null));
    }

    /** Says it without waiting to hear whether it arrived: for what is said again soon anyway. */
    void mention(Event event) {
        try {
            var _ = producer.send(records.record(event), (metadata, failure) -> {
                if (failure == null) {
                    meters.announced(event);
                } else {
                    LOG.atWarn()
                            .addKeyValue("event", event.getClass().getSimpleName())
                            .setCause(failure)
                            .log("an event was not announced");
                }
            });
        } catch (KafkaException | IllegalStateException e) {
            LOG.atWarn()
                    .addKeyValue("event", event.getClass().getSimpleName())
                    .setCause(e)
                    .log("an event was not announced");
        }
    }

    private void send(ProducerRecord<String, byte[]> record) throws AnnouncementException, InterruptedException {
        try {
            producer.send(record).get(PATIENCE_MS, TimeUnit.MILLISECONDS);
        } catch (InterruptException e) {
            throw Interruption.of(e);
        } catch (ExecutionException | TimeoutException | KafkaException | IllegalStateException e) {
            throw new AnnouncementException(
                    "the broker did not take a record for %s: %s".formatted(record.topic(), e.getMessage()), e);
        }
    }

    @Override
    public void close() {
        producer.close(CLOSE);
    }
}
