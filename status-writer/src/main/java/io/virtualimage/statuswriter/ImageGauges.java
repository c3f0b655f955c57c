package io.virtualimage.statuswriter;

import io.virtualimage.k8s.Phase;
import io.virtualimage.stage.fold.ImageFacts;
import io.virtualimage.stage.process.Sample;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.Incarnation;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/** What is measured of images, from the states that the fold has in this replica: each image is measured by one. */
final class ImageGauges {
    /** As in the platform's own operator: dashboards know it. */
    static final String PHASE = "d8_virtualization_virtualimage_status_phase";

    static final String OLDEST = "virtualimage_oldest_unfinished_seconds";

    static final List<String> PHASE_LABELS = List.of("name", "namespace", "uid", "phase");

    private ImageGauges() {}

    /** For each image that is not gone one sample per phase: 1 for the one that it is in, else 0. */
    static Stream<Sample> phases(Collection<StatusState> states) {
        return states.stream().flatMap(ImageGauges::phases);
    }

    private static Stream<Sample> phases(StatusState state) {
        ImageStatus status = state.status();
        if (status == null || isGone(state.facts())) {
            return Stream.empty();
        }
        Incarnation image = state.facts().image();
        Phase present = KubernetesStatus.phase(status.phase());
        return Arrays.stream(Phase.values())
                .map(phase -> new Sample(
                        List.of(image.name(), image.namespace(), image.uid(), phase.wire()), phase == present ? 1 : 0));
    }

    private static boolean isGone(ImageFacts facts) {
        return facts.withdrawn() && facts.removed();
    }

    /** For how long the image that is being waited for longest has been, in seconds; 0 if none is. */
    static Stream<Sample> oldest(Collection<StatusState> states, Clock clock) {
        Instant now = clock.instant();
        return Stream.of(new Sample(
                List.of(),
                states.stream()
                        .map(StatusState::facts)
                        .filter(facts -> facts.request() != null && !facts.over())
                        .map(facts -> Duration.between(facts.since(), now))
                        .max(Duration::compareTo)
                        .filter(Duration::isPositive)
                        .map(age -> age.toMillis() / 1000.0)
                        .orElse(0.0)));
    }
}
