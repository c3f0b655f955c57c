package io.virtualimage.stage.process;

import io.virtualimage.topics.DeadLetter;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.EventCodec;
import io.virtualimage.topics.Topic;
import java.time.Clock;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;

/** Events as they are put on topics: under the image's UID, as CloudEvents, with a {@code traceparent}. */
final class EventRecords {
    private final EventCodec codec;
    private final Clock clock;

    /** @param source who speaks, as a CloudEvents source */
    EventRecords(String source, Clock clock) {
        this.codec = new EventCodec(source);
        this.clock = clock;
    }

    byte[] value(Event event) {
        return codec.encode(event, clock.instant());
    }

    byte[] value(DeadLetter letter) {
        return codec.encode(letter, clock.instant());
    }

    Headers headers(Event event) {
        return new RecordHeaders().add(TraceParent.HEADER, TraceParent.of(event.image()));
    }

    ProducerRecord<String, byte[]> record(Event event) {
        return new ProducerRecord<>(
                Topic.of(event).topicName(), null, event.image().uid(), value(event), headers(event));
    }

    ProducerRecord<String, byte[]> record(String key, DeadLetter letter) {
        return new ProducerRecord<>(Topic.DEAD_LETTERS.topicName(), key, value(letter));
    }
}
