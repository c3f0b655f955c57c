package io.virtualimage.stage.process;

import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.UndecodableEventException;
import java.util.Arrays;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A record of a topic, read outside of the folds.
 *
 * @param key the image's UID
 * @param recorded what it says; null for a tombstone: nothing holds any more of what was said under this key
 */
public record ViewRecord(Topic topic, String key, @Nullable Recorded recorded) {
    private static final Logger LOG = LoggerFactory.getLogger(ViewRecord.class);

    /** What a record says; null if it is nothing that this version can read. */
    static @Nullable ViewRecord read(ConsumerRecord<String, byte[]> record) {
        Topic topic = Arrays.stream(Topic.values())
                .filter(each -> each.topicName().equals(record.topic()))
                .findFirst()
                .orElseThrow();
        if (record.key() == null) {
            return null;
        }
        if (record.value() == null) {
            return new ViewRecord(topic, record.key(), null);
        }
        try {
            return EventCodec.decode(record.value())
                    .map(decoded -> new ViewRecord(
                            topic,
                            record.key(),
                            new Recorded(
                                    decoded.event(),
                                    topic,
                                    new Position(record.partition(), record.offset()),
                                    decoded.time())))
                    .orElse(null);
        } catch (UndecodableEventException e) {
            LOG.atWarn()
                    .addKeyValue("topic", record.topic())
                    .addKeyValue("partition", record.partition())
                    .addKeyValue("offset", record.offset())
                    .setCause(e)
                    .log("a record can't be read and was passed over");
            return null;
        }
    }
}
