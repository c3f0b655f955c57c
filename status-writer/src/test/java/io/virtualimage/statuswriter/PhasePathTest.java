package io.virtualimage.statuswriter;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.topics.ImageStatus.Phase;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PhasePathTest {
    @ParameterizedTest
    @CsvSource({
        "'', PENDING, ''",
        "'', PROVISIONING, PENDING",
        "'', WAIT_FOR_USER_UPLOAD, PENDING",
        "'', READY, ''",
        "'', FAILED, ''",
        "'', IMAGE_LOST, ''",
        "PENDING, FAILED, PROVISIONING",
        "PENDING, READY, PROVISIONING",
        "PENDING, WAIT_FOR_USER_UPLOAD, ''",
        "WAIT_FOR_USER_UPLOAD, PROVISIONING, ''",
        "WAIT_FOR_USER_UPLOAD, READY, PROVISIONING",
        "WAIT_FOR_USER_UPLOAD, FAILED, PROVISIONING",
        "PROVISIONING, READY, ''",
        "PROVISIONING, FAILED, ''",
        "PROVISIONING, PENDING, ''",
        "PROVISIONING, PVC_LOST, READY",
        "READY, IMAGE_LOST, ''",
        "IMAGE_LOST, READY, ''",
        "FAILED, READY, ''",
    })
    void noPhaseIsLeftOut(String shown, Phase next, String between) {
        assertThat(PhasePath.between(shown.isEmpty() ? null : Phase.valueOf(shown), next, false))
                .isEqualTo(phases(between));
    }

    @Test
    void whatNobodyUploadedNeverBegan() {
        assertThat(PhasePath.between(Phase.PENDING, Phase.FAILED, true)).containsExactly(Phase.WAIT_FOR_USER_UPLOAD);
        assertThat(PhasePath.between(Phase.WAIT_FOR_USER_UPLOAD, Phase.FAILED, true))
                .isEmpty();
        assertThat(PhasePath.between(Phase.PROVISIONING, Phase.FAILED, true)).isEmpty();
    }

    @ParameterizedTest
    @EnumSource(Phase.class)
    void deletionComesFromAnywhere(Phase shown) {
        assertThat(PhasePath.between(shown, Phase.TERMINATING, false)).isEmpty();
        assertThat(PhasePath.between(null, Phase.TERMINATING, false)).isEmpty();
        assertThat(PhasePath.between(shown, shown, false)).isEmpty();
    }

    private static List<Phase> phases(String words) {
        return words.isEmpty()
                ? List.of()
                : Stream.of(words.split(" ", -1)).map(Phase::valueOf).toList();
    }
}
