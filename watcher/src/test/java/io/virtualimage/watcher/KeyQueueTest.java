package io.virtualimage.watcher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class KeyQueueTest {
    private final List<String> done = new CopyOnWriteArrayList<>();

    @Test
    void aKeyThatIsInIsNotPutInTwice() {
        CountDownLatch gate = new CountDownLatch(1);
        try (KeyQueue queue = new KeyQueue("test", key -> {
            gate.await();
            done.add(key);
            return Optional.empty();
        })) {
            queue.add("first");
            await().untilAsserted(() -> assertThat(queue.size()).isZero());
            List.of("a", "b", "a", "b", "a").forEach(queue::add);
            gate.countDown();
            await().untilAsserted(() -> assertThat(done).containsExactly("first", "a", "b"));
        }
    }

    @Test
    void whatFailedComesAgain() {
        try (KeyQueue queue = new KeyQueue("test", key -> {
            done.add(key);
            if (done.size() < 3) {
                throw new IllegalStateException("not yet");
            }
            return Optional.empty();
        })) {
            queue.add("a");
            await().untilAsserted(() -> assertThat(done).hasSize(3));
        }
    }

    @Test
    void aKeyIsBroughtForwardButNotPutOff() {
        try (KeyQueue queue = new KeyQueue("test", key -> {
            done.add(key);
            return Optional.empty();
        })) {
            queue.add("a", Duration.ofHours(1));
            queue.add("a");
            queue.add("a", Duration.ofHours(1));
            await().untilAsserted(() -> assertThat(done).contains("a"));
            queue.add("b");
            await().untilAsserted(() -> assertThat(done).containsExactly("a", "b"));
        }
    }

    @Test
    void theWorkSaysWhenItIsToBeDoneAgain() {
        try (KeyQueue queue = new KeyQueue("test", key -> {
            done.add(key);
            return done.size() < 3 ? Optional.of(Duration.ofMillis(1)) : Optional.empty();
        })) {
            queue.add("a");
            await().untilAsserted(() -> assertThat(done).hasSize(3));
        }
    }
}
