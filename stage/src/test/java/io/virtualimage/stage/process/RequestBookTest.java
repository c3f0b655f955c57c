package io.virtualimage.stage.process;

import static io.virtualimage.stage.work.Ledger.Verdict.STALE;
import static io.virtualimage.stage.work.Ledger.Verdict.WANTED;
import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.ImageUse;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Storage;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RequestBookTest {
    private final RequestBook book = new RequestBook();

    @Test
    void nothingIsWantedThatWasNeverHeardOf() {
        assertThat(book.judge(version(1, 0))).isEqualTo(STALE);
        assertThat(book.wanted("uid-1")).isEmpty();
    }

    @Test
    void theNewestVersionIsWantedWhateverTheOrder() {
        book.apply(requested(version(2, 1)));
        book.apply(requested(version(1, 0)));

        assertThat(book.judge(version(1, 0))).isEqualTo(STALE);
        assertThat(book.judge(version(2, 0))).isEqualTo(STALE);
        assertThat(book.judge(version(2, 1))).isEqualTo(WANTED);
        assertThat(book.wanted("uid-1")).contains(version(2, 1));
    }

    @Test
    void aVersionThatTheLedgerHasNotHeardOfYetIsNotStale() {
        book.apply(requested(version(1, 0)));

        assertThat(book.judge(version(2, 0))).isEqualTo(WANTED);
    }

    @Test
    void aRequestThatIsSaidAgainChangesNothing() {
        Event.ImageRequested request = requested(version(2, 1));
        book.apply(request);
        book.apply(request.with(new ImageUse(List.of("vm"), true), "1"));
        assertThat(book.judge(version(2, 1))).isEqualTo(WANTED);
        assertThat(book.judge(version(2, 0))).isEqualTo(STALE);

        book.apply(new Event.ImageWithdrawn(version(3, 0)));
        book.apply(request.with(new ImageUse(List.of("vm"), true), "1"));
        assertThat(book.judge(version(2, 1))).isEqualTo(STALE);
    }

    @Test
    void aBlockedImageIsWantedStill() {
        book.apply(new Event.ImageBlocked(version(1, 0), "DatasourceReady", "ImageNotReady", "not yet", null));

        assertThat(book.judge(version(1, 0))).isEqualTo(WANTED);
    }

    @Test
    void aWithdrawalIsForGoodUntilTheTombstone() {
        book.apply(requested(version(1, 0)));
        book.apply(new Event.ImageWithdrawn(version(2, 0)));
        book.apply(requested(version(3, 0)));

        assertThat(book.judge(version(3, 0))).isEqualTo(STALE);
        assertThat(book.wanted("uid-1")).isEmpty();
        assertThat(book.size()).isOne();
        book.forget("uid-1");
        assertThat(book.size()).isZero();
    }

    private static Incarnation version(long generation, long run) {
        return new Incarnation("default", "ubuntu", "uid-1", generation, run);
    }

    private static Event.ImageRequested requested(Incarnation image) {
        return new Event.ImageRequested(
                image,
                new DataSource.Http("http://host/x.img", false, new Checksums(Map.of())),
                Storage.CONTAINER_REGISTRY,
                null,
                null,
                null);
    }
}
