package io.virtualimage.fetcher.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.fetcher.volume.SourceBook.UnknownException;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Topic;
import io.virtualimage.topics.Validator;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class FetchedBookTest {
    private static final int AT_ONCE = 16;
    private static final Incarnation IMAGE = new Incarnation("ns", "vi", "uid-1", 2, 0);
    private static final WantedVolume WANTED = new WantedVolume(IMAGE, 0, Instant.EPOCH);

    private final CountDownLatch asked = new CountDownLatch(AT_ONCE);
    private final CountDownLatch answer = new CountDownLatch(1);

    /** One event, when it may be handed out. */
    private final class OneEvent implements SegmentFeed.History {
        private boolean told;

        @Override
        public boolean caughtUp() {
            return told;
        }

        @Override
        public Optional<Recorded> next(Duration atMost) throws InterruptedException {
            asked.countDown();
            answer.await();
            told = true;
            return Optional.of(new Recorded(
                    new SourceOpened(
                            IMAGE, 0, 10L, 4, new Validator(Validator.Kind.CLAIM, "c"), true, "disk.img", null),
                    Topic.FETCHED,
                    new Position(0, 0),
                    Instant.EPOCH));
        }

        @Override
        public void close() {}
    }

    private static SegmentFetched segment(int index) {
        return new SegmentFetched(IMAGE, 0, null, index, 4, 0, SegmentSet.EMPTY, false, 10L, "f-1");
    }

    @Test
    void whatIsSaidHereIsRecalledBeforeItIsReadAgain() throws Exception {
        answer.countDown();
        FetchedBook book = new FetchedBook((image, partition, since) -> new OneEvent());
        book.note(segment(0)); // of what was never read, nothing is kept
        assertThat(book.recall(WANTED).staged().present()).isEqualTo(SegmentSet.EMPTY);

        book.note(segment(1));

        assertThat(book.recall(WANTED).staged().present()).isEqualTo(SegmentSet.of(1));
        assertThat(book.read(WANTED).staged().present()).isEqualTo(SegmentSet.EMPTY);
    }

    @Test
    void nobodyOpensMoreHistoriesThanThereIsRoomFor() throws Exception {
        FetchedBook book = new FetchedBook((image, partition, since) -> new OneEvent());
        try (ExecutorService readers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < AT_ONCE; i++) {
                var _ = readers.submit(() -> book.read(WANTED));
            }
            asked.await();
            assertThatThrownBy(() -> book.read(WANTED)).isInstanceOf(UnknownException.class);
            answer.countDown();
        }
        assertThat(book.read(WANTED).opened()).isNotNull();
    }

    @Test
    void aHistoryThatBreaksGivesItsRoomBack() {
        FetchedBook book = new FetchedBook((image, partition, since) -> {
            throw new IllegalStateException("the broker is away");
        });
        for (int i = 0; i <= AT_ONCE; i++) {
            assertThatThrownBy(() -> book.read(WANTED)).hasRootCauseMessage("the broker is away");
        }
    }
}
