package io.virtualimage.fetcher.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.fetcher.FakeSource;
import io.virtualimage.topics.FailureReason;
import java.io.IOException;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ResumingStreamTest {
    private static final ResolvedSource RESOLVED = new ResolvedSource.Http("http://h/a.img", null);

    private final FakeSource source = new FakeSource("0123456789");

    private String read() throws IOException, InterruptedException {
        try (ResumingStream in =
                ResumingStream.open(source, RESOLVED, new SourceVersion(source.validator(), 10), 2, 6)) {
            return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    @Test
    void readsThePiece() throws Exception {
        assertThat(read()).isEqualTo("234567");
        assertThat(source.opened()).containsExactly("2+6");
    }

    @Test
    void goesOnAsLongAsSomethingComes() throws Exception {
        source.breakAfter(2, 1, 2);
        assertThat(read()).isEqualTo("234567");
        assertThat(source.opened()).containsExactly("2+6", "4+4", "5+3", "7+1");
    }

    @Test
    void givesUpWhenNothingCame() {
        source.breakAfter(2, 0);
        SourceException.Unavailable failure = catchThrowableOfType(SourceException.Unavailable.class, this::read);
        assertThat(failure.reason()).isEqualTo(FailureReason.SOURCE_TRUNCATED);
        assertThat(failure.words())
                .isEqualTo("http://h/a.img: the connection closed after 2 of 6 bytes (from byte 2 on)");
    }

    @Test
    void saysItWhenTheSourceChangedMeanwhile() {
        source.breakAfter(2);
        source.whenOpened(2, () -> source.change("another"));
        assertThat(catchThrowableOfType(SourceException.Changed.class, this::read))
                .isNotNull();
    }

    @Test
    void aRefusalOnReopeningIsFinal() {
        source.breakAfter(2);
        source.whenOpened(2, () -> source.failNext(new SourceException.Refused("gone", null)));
        assertThat(catchThrowableOfType(SourceException.Refused.class, this::read)
                        .words())
                .isEqualTo("gone");
    }

    @Test
    void aDelayOnReopeningIsPassedOn() {
        source.breakAfter(2);
        source.whenOpened(
                2,
                () -> source.failNext(new SourceException.Unavailable(
                        FailureReason.SOURCE_UNAVAILABLE, "later", Duration.ofSeconds(9), null)));
        assertThat(catchThrowableOfType(SourceException.Unavailable.class, this::read)
                        .delay())
                .isEqualTo(Duration.ofSeconds(9));
    }
}
