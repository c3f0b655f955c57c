package io.virtualimage.publisher.care;

import static io.virtualimage.publisher.care.CaretakerTest.published;
import static io.virtualimage.publisher.care.CaretakerTest.version;
import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ImageLost;
import io.virtualimage.topics.Event.ImageRemoved;
import io.virtualimage.topics.Incarnation;
import java.util.List;
import org.junit.jupiter.api.Test;

class StraysTest {
    private static final List<Incarnation> ALL =
            List.of(version(1, 0), version(1, 1), version(2, 0), version(2, 1), version(3, 0));

    private static List<Incarnation> strays(Event.Published last) {
        return ALL.stream().filter(Strays.of(last)).toList();
    }

    @Test
    void whatIsOlderThanThePublishedVersion() {
        List<Incarnation> older = List.of(version(1, 0), version(1, 1));
        assertThat(strays(published(version(2, 0)))).isEqualTo(older);
        assertThat(strays(new ImageLost(version(2, 0), published(version(2, 0)), "gone")))
                .isEqualTo(older);
        assertThat(strays(new ImageRemoved(version(2, 0), version(2, 0)))).isEqualTo(older);
    }

    @Test
    void whatIsNotNewerThanTheRemovedVersion() {
        assertThat(strays(new ImageRemoved(version(2, 0), null)))
                .containsExactly(version(1, 0), version(1, 1), version(2, 0));
    }
}
