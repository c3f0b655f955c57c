package io.virtualimage.fetcher.upload;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.fetcher.upload.Refusal.Kind;
import io.virtualimage.stage.access.AccessTokens;
import io.virtualimage.stage.access.AccessTokens.Door;
import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Topic;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class UploadBookTest {
    private static final Instant AT = Instant.parse("2026-01-01T00:00:00Z");
    private static final Incarnation FIRST = new Incarnation("default", "image", "uid", 1, 0);
    private static final Incarnation SECOND = new Incarnation("default", "image", "uid", 2, 0);

    private final AccessTokens tokens = new AccessTokens("k".repeat(32));
    private final UploadBook book = new UploadBook(tokens, new Random(1));

    @Test
    void aTokenOpensWhatIsWanted() {
        tell(upload(FIRST), AT);
        assertThat(find(FIRST)).contains(new UploadTarget(FIRST, 7, AT));
        assertThat(book.find("")).isEmpty();
        assertThat(book.find(tokens.token(Door.READ_VOLUME, FIRST))).isEmpty();
        assertThat(book.verdict(FIRST)).isEmpty();
    }

    /** The watcher may say it again; what was said of it before then counts all the same. */
    @Test
    void aRequestThatIsRepeatedKeepsItsTime() {
        tell(upload(FIRST), AT);
        tell(upload(FIRST), AT.plusSeconds(600));
        assertThat(find(FIRST)).contains(new UploadTarget(FIRST, 7, AT));
    }

    @Test
    void aNewerVersionHasAnotherToken() {
        tell(upload(FIRST), AT);
        tell(upload(SECOND), AT);
        tell(upload(FIRST), AT);
        assertThat(find(FIRST)).isEmpty();
        assertThat(find(SECOND)).isPresent();
        assertThat(book.verdict(FIRST)).map(Refusal::kind).contains(Kind.OVER);
    }

    @Test
    void whatIsWantedOtherwiseOrNotAtAllIsForgotten() {
        tell(upload(FIRST), AT);
        tell(
                new Event.ImageRequested(
                        SECOND,
                        new DataSource.Http("http://h/a", false, Checksums.NONE),
                        Storage.CONTAINER_REGISTRY,
                        null,
                        null,
                        null),
                AT);
        assertThat(find(FIRST)).isEmpty();
        assertThat(find(SECOND)).isEmpty();
        tell(upload(new Incarnation("default", "image", "uid", 3, 0)), AT);
        tell(new Event.ImageWithdrawn(SECOND), AT);
        tell(upload(new Incarnation("default", "image", "uid", 3, 0)), AT);
        assertThat(find(new Incarnation("default", "image", "uid", 3, 0))).isEmpty();
        book.read(new ViewRecord(Topic.REQUESTS, "uid", null));
        assertThat(book.size()).isZero();
    }

    @Test
    void whatBecameOfItIsTold() {
        tell(upload(FIRST), AT);
        tell(status(FIRST, ImageStatus.Phase.PROVISIONING), AT);
        assertThat(book.verdict(FIRST)).isEmpty();
        tell(status(FIRST, ImageStatus.Phase.FAILED), AT);
        assertThat(book.verdict(FIRST).orElseThrow().kind()).isEqualTo(Kind.FAILED);
        assertThat(book.verdict(FIRST).orElseThrow().detail()).isEqualTo("So it is.");
        tell(upload(SECOND), AT);
        assertThat(book.verdict(SECOND)).isEmpty();
        tell(status(FIRST, ImageStatus.Phase.FAILED), AT);
        assertThat(book.verdict(SECOND)).isEmpty();
        tell(status(SECOND, ImageStatus.Phase.READY), AT);
        assertThat(book.verdict(SECOND)).map(Refusal::kind).contains(Kind.COMPLETE);
    }

    /** The two topics are read in any order. */
    @Test
    void aStatusMayComeBeforeItsRequest() {
        tell(status(FIRST, ImageStatus.Phase.READY), AT);
        tell(upload(FIRST), AT);
        assertThat(find(FIRST)).isPresent();
        assertThat(book.verdict(FIRST)).map(Refusal::kind).contains(Kind.COMPLETE);
    }

    private Optional<UploadTarget> find(Incarnation image) {
        return book.find(tokens.token(Door.UPLOAD, image));
    }

    private void tell(Event event, Instant at) {
        Topic topic = Topic.of(event);
        book.read(new ViewRecord(topic, event.image().uid(), new Recorded(event, topic, new Position(7, 1), at)));
    }

    private static Event upload(Incarnation image) {
        return new Event.ImageRequested(
                image, new DataSource.Upload(Checksums.NONE), Storage.CONTAINER_REGISTRY, null, null, null);
    }

    private static Event status(Incarnation image, ImageStatus.Phase phase) {
        ImageStatus.Condition ready = new ImageStatus.Condition("Ready", false, "Reason", "So it is.", AT);
        return new Event.StatusChanged(
                image,
                new ImageStatus(
                        phase, null, false, null, null, null, null, null, null, null, null, List.of(ready), List.of()));
    }
}
