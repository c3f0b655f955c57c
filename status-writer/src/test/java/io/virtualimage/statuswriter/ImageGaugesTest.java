package io.virtualimage.statuswriter;

import static io.virtualimage.statuswriter.Story.heartbeat;
import static io.virtualimage.statuswriter.Story.image;
import static io.virtualimage.statuswriter.Story.lost;
import static io.virtualimage.statuswriter.Story.published;
import static io.virtualimage.statuswriter.Story.requested;
import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.k8s.Phase;
import io.virtualimage.stage.process.Sample;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ImageGaugesTest {
    private final Incarnation first = image(1, 0);
    private final Incarnation deleted = image(2, 0);
    private final Story story = new Story();

    private List<Sample> phases() {
        return ImageGauges.phases(List.of(story.state())).toList();
    }

    /** The only phase that is at 1; empty if nothing is said of the image. */
    private List<String> phase() {
        return phases().stream()
                .filter(sample -> sample.value() == 1)
                .map(sample -> sample.labels().getLast())
                .toList();
    }

    @Test
    void everyImageIsInOnePhaseUntilItIsGone() {
        story.tell(heartbeat(first));
        assertThat(phases()).isEmpty();
        story.tell(requested(first)).at("1");
        assertThat(phase()).containsExactly("Provisioning");
        story.tell(published(first));
        assertThat(phase()).containsExactly("Ready");
        story.tell(lost(first));
        assertThat(phase()).containsExactly("ImageLost");
        assertThat(phases())
                .extracting(Sample::labels)
                .containsExactlyElementsOf(Arrays.stream(Phase.values())
                        .map(phase -> List.of("disk", "ns", "u1", phase.wire()))
                        .toList());
        story.tell(new Event.ImageWithdrawn(deleted));
        assertThat(phase()).containsExactly("Terminating");
        story.tell(new Event.ImageRemoved(deleted, null, "something was left"));
        assertThat(phases()).isEmpty();
    }

    @Test
    void theOldestThatIsWaitedForCounts() {
        assertThat(age(30)).isZero();
        story.tell(requested(first));
        assertThat(age(30, story)).isEqualTo(30);
        Story later = new Story().at("20").tell(requested(new Incarnation("ns", "other", "u2", 1, 0)));
        assertThat(age(30, story, later)).isEqualTo(30);
        story.tell(published(first));
        assertThat(age(30, story, later)).isEqualTo(10);
        assertThat(age(10, later)).as("by a clock that is behind").isZero();
    }

    @Test
    void whatIsMadeFailedOrDeletedIsNotWaitedFor() {
        for (Event end : new Event[] {
            published(first),
            lost(first),
            Story.failed(first, FailureReason.NOT_AN_IMAGE, "text"),
            new Event.ImageWithdrawn(deleted)
        }) {
            assertThat(age(30, new Story().tell(requested(first), end)))
                    .as(end.toString())
                    .isZero();
        }
    }

    private static double age(int second, Story... stories) {
        Clock clock = Clock.fixed(Story.BEGIN.plus(Duration.ofSeconds(second)), ZoneOffset.UTC);
        List<StatusState> states = Arrays.stream(stories).map(Story::state).toList();
        return ImageGauges.oldest(states, clock).findFirst().orElseThrow().value();
    }
}
