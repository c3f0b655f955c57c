package io.virtualimage.k8s.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.Event;
import io.fabric8.kubernetes.api.model.EventBuilder;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import java.util.List;
import org.junit.jupiter.api.Test;

class JobWaitTest {
    private static final String QUOTA = "exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1";
    private static final String NO_ROOM = "Error creating: pods \"vi-fill-x-2dv9k\" is forbidden: " + QUOTA;
    private static final String TOO_LARGE =
            "Error creating: pods \"vi-fill-x-2dv9k\" is forbidden: maximum memory usage per Container is 64Mi";

    private static Event event(String time, String reason, String message) {
        return new EventBuilder()
                .withNewMetadata()
                .withCreationTimestamp("2026-01-01T00:00:00Z")
                .endMetadata()
                .withLastTimestamp(time)
                .withReason(reason)
                .withMessage(message)
                .build();
    }

    private static Pod pod(String made, String phase) {
        return new PodBuilder()
                .withNewMetadata()
                .withCreationTimestamp(made)
                .endMetadata()
                .withNewStatus()
                .withPhase(phase)
                .endStatus()
                .build();
    }

    private static Pod waiting(String reason, String message) {
        return new PodBuilder(pod("2026-01-01T00:00:05Z", "Pending"))
                .editStatus()
                .addNewContainerStatus()
                .withNewState()
                .withNewWaiting(message, reason)
                .endState()
                .endContainerStatus()
                .endStatus()
                .build();
    }

    @Test
    void aJobWithoutPodsAndEventsHasJustBeenMade() {
        assertThat(JobWait.of(List.of(), List.of()).kind()).isEqualTo(JobWait.Kind.NOTHING);
        assertThat(JobWait.atWork(List.of())).isFalse();
    }

    @Test
    void aQuotaSpeaksForItself() {
        Event made = event("2026-01-01T00:00:09Z", "SuccessfulCreate", "Created pod: x");
        assertThat(JobWait.of(List.of(), List.of(event("2026-01-01T00:00:01Z", "FailedCreate", NO_ROOM), made)))
                .isEqualTo(new JobWait(JobWait.Kind.QUOTA, QUOTA));
    }

    @Test
    void theNewestRefusalCounts() {
        List<Event> events = List.of(
                event("2026-01-01T00:00:01Z", "FailedCreate", NO_ROOM),
                event("2026-01-01T00:00:02Z", "FailedCreate", TOO_LARGE));
        assertThat(JobWait.of(List.of(), events))
                .isEqualTo(new JobWait(JobWait.Kind.REFUSED, "its Pod can't be made: " + TOO_LARGE));
    }

    @Test
    void aPodThatWasMadeSinceMakesARefusalOld() {
        List<Event> events = List.of(event("2026-01-01T00:00:04Z", "FailedCreate", NO_ROOM));
        Pod ended = pod("2026-01-01T00:00:05Z", "Failed");
        assertThat(JobWait.of(List.of(ended), events).kind()).isEqualTo(JobWait.Kind.NOTHING);
        assertThat(JobWait.of(List.of(pod("2026-01-01T00:00:03Z", "Failed")), events)
                        .kind())
                .isEqualTo(JobWait.Kind.QUOTA);
        assertThat(JobWait.atWork(List.of(ended))).isFalse();
        assertThat(JobWait.atWork(List.of(ended, pod("2026-01-01T00:00:06Z", "Pending"))))
                .isTrue();
    }

    @Test
    void aPodTellsWhatItWaitsFor() {
        assertThat(JobWait.of(List.of(waiting("ImagePullBackOff", "Back-off pulling image \"x\"\nmore")), List.of()))
                .isEqualTo(
                        new JobWait(JobWait.Kind.POD, "its Pod waits: ImagePullBackOff: Back-off pulling image \"x\""));
        assertThat(JobWait.of(List.of(waiting("ContainerCreating", null)), List.of())
                        .words())
                .isEqualTo("its Pod waits: ContainerCreating");
        Pod homeless = new PodBuilder(pod("2026-01-01T00:00:05Z", "Pending"))
                .editStatus()
                .addNewCondition()
                .withType("PodScheduled")
                .withStatus("False")
                .withMessage("0/3 nodes are available")
                .endCondition()
                .endStatus()
                .build();
        assertThat(JobWait.of(List.of(homeless), List.of()).words())
                .isEqualTo("its Pod has no node: 0/3 nodes are available");
    }
}
