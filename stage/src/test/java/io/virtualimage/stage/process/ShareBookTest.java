package io.virtualimage.stage.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.virtualimage.topics.Event;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Topic;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class ShareBookTest {
    private long nanos = Long.MAX_VALUE - 1; // such a clock may begin anywhere
    private final ShareBook book = new ShareBook(() -> nanos);

    private static Recorded record(String uid, long offset) {
        Incarnation image = new Incarnation("team", "image", uid, 1, 0);
        return new Recorded(
                new Event.ImageRemoved(image, null), Topic.PUBLISHED, new Position(0, offset), Instant.EPOCH);
    }

    private void pass(long millis) {
        nanos += TimeUnit.MILLISECONDS.toNanos(millis);
    }

    @Test
    void saysNothingBeforeItHasReadWhatThereWas() {
        book.add(3);
        assertThat(book.withoutGoal()).containsExactly(3);
        assertThat(book.put(3, "a", record("a", 0))).isEmpty();
        assertThat(book.reached(3, 1)).isEmpty();
        book.goal(3, 2);
        assertThat(book.withoutGoal()).isEmpty();
        assertThat(book.reached(3, 1)).isEmpty();
        assertThat(book.last("a")).isEmpty();

        assertThat(book.put(3, "a", record("a", 1))).isEmpty();
        assertThat(book.reached(3, 2)).containsExactly("a");
        assertThat(book.reached(3, 2)).isEmpty();
        assertThat(book.last("a")).contains(record("a", 1));
        assertThat(book.last("b")).isEmpty();
    }

    @Test
    void tellsOfEachRecordFromThenOn() {
        book.add(3);
        book.goal(3, 0);
        assertThat(book.reached(3, 0)).isEmpty();
        assertThat(book.put(3, "a", record("a", 0))).containsExactly("a");
        assertThat(book.last("a")).contains(record("a", 0));
        assertThat(book.put(3, "a", null)).containsExactly("a");
        assertThat(book.last("a")).isEmpty();
        assertThat(book.size()).isZero();
    }

    @Test
    void forgetsWhatIsSomebodyElses() {
        for (int partition : List.of(0, 1)) {
            book.add(partition);
            book.goal(partition, 0);
            book.reached(partition, 0);
        }
        book.put(0, "a", record("a", 0));
        book.put(1, "b", record("b", 0));
        assertThat(book.remove(List.of(0))).containsExactly("a");
        assertThat(book.last("a")).isEmpty();
        assertThat(book.last("b")).isPresent();
        // What was polled before the partition went does not come back by that.
        assertThat(book.put(0, "a", record("a", 0))).isEmpty();
        assertThat(book.last("a")).isEmpty();
        // Given back, it is read again from its beginning.
        book.add(0);
        assertThat(book.withoutGoal()).containsExactly(0);
        assertThat(book.last("a")).isEmpty();
    }

    @Test
    void whoStoodStillForASessionHasNothing() {
        book.add(0);
        book.goal(0, 0);
        book.reached(0, 0);
        book.put(0, "a", record("a", 0));
        pass(KafkaClients.SESSION_TIMEOUT_MS - 1);
        assertThat(book.last("a")).isPresent();
        book.look();
        pass(KafkaClients.SESSION_TIMEOUT_MS);
        assertThat(book.last("a")).isEmpty();
        assertThatIllegalStateException().isThrownBy(book::look).withMessageContaining("stood still for 6000 ms");
        assertThat(book.remove(book.partitions())).containsExactly("a");
        book.begin();
        book.look();
        assertThat(book.last("a")).isEmpty();
    }
}
