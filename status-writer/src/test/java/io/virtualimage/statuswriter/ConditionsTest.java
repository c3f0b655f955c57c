package io.virtualimage.statuswriter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.virtualimage.k8s.ConditionReason;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.topics.ImageStatus;
import java.util.List;
import org.junit.jupiter.api.Test;

class ConditionsTest {
    private final Conditions conditions = new Conditions(null, Story.BEGIN);

    @Test
    void aReasonThatDoesNotGoWithTheTypeIsRefused() {
        for (ConditionType type : ConditionType.values()) {
            for (boolean status : new boolean[] {true, false}) {
                for (ConditionReason reason : ConditionReason.values()) {
                    if (!type.reasons(status).contains(reason)) {
                        assertThatThrownBy(() -> conditions.set(type, status, reason, ""))
                                .isInstanceOf(IllegalArgumentException.class)
                                .hasMessageContaining(type.wire())
                                .hasMessageContaining(reason.wire());
                    }
                }
            }
        }
        assertThat(conditions.list()).isEmpty();
    }

    @Test
    void theyAreInTheOrderOfTheirTypes() {
        conditions.set(ConditionType.TERMINATING, true, ConditionReason.CLEANUP_PENDING, "");
        conditions.set(ConditionType.IN_USE, false, ConditionReason.NOT_IN_USE, "");
        conditions.set(ConditionType.READY, true, ConditionReason.READY, "");
        assertThat(conditions.list())
                .extracting(ImageStatus.Condition::type)
                .containsExactly("Ready", "InUse", "Terminating");
    }

    @Test
    void aReasonThatOnlyALaterVersionKnowsIsNotShown() {
        for (String type : List.of("DatasourceReady", "StorageClassReady", "Ready", "Altogether")) {
            Story story = new Story().tell(Story.blocked(Story.image(1, 0), type, "Unheard"));
            assertThat(story.last().conditions())
                    .extracting(ImageStatus.Condition::type, ImageStatus.Condition::reason)
                    .containsExactly(tuple("Ready", "ProvisioningNotStarted"), tuple("InUse", "NotInUse"));
            assertThat(story.condition(ConditionType.READY).message()).isEqualTo("Something is not there.");
        }
    }
}
