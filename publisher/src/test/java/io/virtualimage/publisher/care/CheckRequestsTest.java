package io.virtualimage.publisher.care;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.stage.process.ViewRecord;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ImageBlocked;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Topic;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CheckRequestsTest {
    private static final String UID = CaretakerTest.version(1, 0).uid();

    private final List<String> hurried = new ArrayList<>();
    private final CheckRequests requests = new CheckRequests(hurried::add);

    private static Event requested(@Nullable String check) {
        DataSource source = new DataSource.Http("https://example.com/a.qcow2", false, Checksums.NONE);
        return new ImageRequested(
                CaretakerTest.version(1, 0), source, Storage.CONTAINER_REGISTRY, null, null, null, null, check);
    }

    private void tell(@Nullable Event event) {
        requests.accept(new ViewRecord(
                Topic.REQUESTS,
                UID,
                event == null ? null : new Recorded(event, Topic.REQUESTS, new Position(0, 1), Instant.EPOCH)));
    }

    @Test
    void aNewValueIsAQuestion() {
        tell(requested(null));
        tell(requested("1"));
        assertThat(hurried).containsExactly(UID);
        tell(requested("1"));
        assertThat(hurried).hasSize(1);
        tell(requested("2"));
        assertThat(hurried).hasSize(2);
        tell(requested(null));
        assertThat(hurried).hasSize(2);
        tell(requested("2"));
        assertThat(hurried).hasSize(3);
    }

    @Test
    void whatIsSeenFirstIsNone() {
        tell(requested("1"));
        tell(new ImageBlocked(CaretakerTest.version(1, 0), "DatasourceReady", "ImageNotReady", "it is not", null));
        tell(requested("1"));
        assertThat(hurried).isEmpty();
        tell(null);
        tell(requested("2"));
        assertThat(hurried).isEmpty();
    }
}
