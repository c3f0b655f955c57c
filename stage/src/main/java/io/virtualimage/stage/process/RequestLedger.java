package io.virtualimage.stage.process;

import io.virtualimage.stage.work.Ledger;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.UndecodableEventException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The ledger, read from {@code virtualimage.requests} into memory by a thread of its own. */
final class RequestLedger implements Ledger, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RequestLedger.class);
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final RequestBook book = new RequestBook();
    private final TopicReader reader;
    private final Duration patience;

    RequestLedger(KafkaClients clients) {
        this(clients, PATIENCE);
    }

    /** @param patience for how long a judgement may wait for the ledger to read on */
    RequestLedger(KafkaClients clients, Duration patience) {
        this.patience = patience;
        this.reader =
                new TopicReader("ledger", List.of(Topic.REQUESTS), () -> clients.reader("ledger"), this::read).start();
    }

    boolean caughtUp() {
        return reader.caughtUp();
    }

    /** Images that it knows, withdrawn ones included. */
    int size() {
        return book.size();
    }

    private void read(ConsumerRecord<String, byte[]> record) {
        if (record.value() == null) {
            book.forget(record.key());
            return;
        }
        try {
            EventCodec.decode(record.value()).map(EventCodec.Decoded::event).ifPresent(event -> {
                if (event instanceof Event.Request request) {
                    book.apply(request);
                }
            });
        } catch (UndecodableEventException e) {
            // The folds read the same record, and bury it.
            LOG.atWarn()
                    .addKeyValue("partition", record.partition())
                    .addKeyValue("offset", record.offset())
                    .setCause(e)
                    .log("a request can't be read");
        }
    }

    @Override
    public Verdict judge(Incarnation image, Position cause) throws LedgerBehindException, InterruptedException {
        TopicPartition partition = new TopicPartition(Topic.REQUESTS.topicName(), cause.partition());
        if (!reader.awaitPast(partition, cause.offset(), patience)) {
            throw new LedgerBehindException("the ledger has not read request %d of partition %d within %d s"
                    .formatted(cause.offset(), cause.partition(), patience.toSeconds()));
        }
        return book.judge(image);
    }

    @Override
    public Verdict judgeNow(Incarnation image) {
        return book.judge(image);
    }

    @Override
    public Optional<Incarnation> wanted(String uid) throws LedgerBehindException {
        if (!reader.caughtUp()) {
            throw new LedgerBehindException("the ledger has not read all requests yet");
        }
        return book.wanted(uid);
    }

    @Override
    public void close() {
        reader.close();
    }
}
