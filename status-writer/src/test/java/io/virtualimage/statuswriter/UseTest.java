package io.virtualimage.statuswriter;

import static io.virtualimage.statuswriter.Story.blocked;
import static io.virtualimage.statuswriter.Story.failed;
import static io.virtualimage.statuswriter.Story.heartbeat;
import static io.virtualimage.statuswriter.Story.image;
import static io.virtualimage.statuswriter.Story.lost;
import static io.virtualimage.statuswriter.Story.opened;
import static io.virtualimage.statuswriter.Story.published;
import static io.virtualimage.statuswriter.Story.requested;
import static io.virtualimage.statuswriter.Story.segment;
import static io.virtualimage.statuswriter.Story.used;
import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.k8s.ConditionType;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.ImageStatus.Phase;
import io.virtualimage.topics.ImageUse;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Storage;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Machines that use an image, and its deletion that waits for them. */
class UseTest {
    private final Incarnation first = image(1, 0);
    private final Incarnation deleted = image(2, 0);
    private final Story story = new Story();

    @Test
    void everyStatusSaysWhetherAnybodyUsesTheImage() {
        for (Event last : new Event[] {
            heartbeat(first),
            failed(first, FailureReason.NOT_AN_IMAGE, "text"),
            published(first),
            lost(first),
            blocked(first, "DatasourceReady", "ImageNotReady"),
            new Event.ImageWithdrawn(first)
        }) {
            Story any = new Story().tell(requested(first), last);
            assertThat(any.said())
                    .allSatisfy(change -> assertThat(change.status().conditions())
                            .filteredOn(condition -> condition.type().equals("InUse"))
                            .singleElement()
                            .matches(condition -> !condition.status() && "NotInUse".equals(condition.reason())));
        }
    }

    @Test
    void theMachinesAreNamed() {
        story.tell(requested(first), published(first)).at("1").tell(used(first, false, "b", "a"));
        assertThat(story.condition(ConditionType.IN_USE))
                .isEqualTo(new ImageStatus.Condition(
                        "InUse",
                        true,
                        "AttachedToVirtualMachine",
                        "Used by the VirtualMachines a, b.",
                        Story.BEGIN.plusSeconds(1)));
        story.at("2").tell(used(first, false, "b")).at("3");
        assertThat(story.condition(ConditionType.IN_USE).message()).isEqualTo("Used by the VirtualMachine b.");
        assertThat(story.condition(ConditionType.IN_USE).lastTransitionTime()).isEqualTo(Story.BEGIN.plusSeconds(1));
        story.tell(used(first, false)).at("4");
        assertThat(story.condition(ConditionType.IN_USE).status()).isFalse();
        assertThat(story.last().phase()).isEqualTo(Phase.READY);
        assertThat(story.said()).hasSize(6);
    }

    @Test
    void ofVeryManyMachinesSomeAreNamed() {
        String[] machines = IntStream.range(100, 150).mapToObj(i -> "vm" + i).toArray(String[]::new);
        story.tell(used(first, false, machines));
        assertThat(story.condition(ConditionType.IN_USE).message()).endsWith("vm118, vm119 and 30 more.");
    }

    @Test
    void whatIsBlockedMayBeUsed() {
        story.tell(new Event.ImageBlocked(
                first,
                "DatasourceReady",
                "ImageNotReady",
                "Base is not there.",
                null,
                new ImageUse(List.of("linux-vm"), false)));
        assertThat(story.condition(ConditionType.IN_USE).message()).contains("linux-vm");
        assertThat(story.last().phase()).isEqualTo(Phase.PENDING);
    }

    @Test
    void aDeletionThatWaitsLeavesAllElseAsItStood() {
        story.tell(requested(first), opened(first, 0, 10_000L), published(first))
                .tell(used(first, false, "a"))
                .at("1");
        ImageStatus ready = story.last();
        story.tell(used(first, true, "a")).at("2");
        ImageStatus leaving = story.last();
        assertThat(leaving.phase()).isEqualTo(Phase.TERMINATING);
        assertThat(leaving.conditions().subList(0, 3)).isEqualTo(ready.conditions());
        assertThat(story.condition(ConditionType.TERMINATING))
                .isEqualTo(new ImageStatus.Condition(
                        "Terminating",
                        true,
                        "CleanupPending",
                        "The image is deleted when it is not used any more by the VirtualMachine a.",
                        Story.BEGIN.plusSeconds(1)));
        assertThat(like(leaving, ready)).isEqualTo(ready);

        story.tell(used(first, true, "a", "b")).at("3");
        assertThat(story.condition(ConditionType.TERMINATING).message()).contains("the VirtualMachines a, b");
        assertThat(story.condition(ConditionType.TERMINATING).lastTransitionTime())
                .isEqualTo(Story.BEGIN.plusSeconds(1));

        story.tell(new Event.ImageWithdrawn(deleted)).at("4");
        assertThat(story.last().phase()).isEqualTo(Phase.TERMINATING);
        assertThat(story.last().registryUrl()).isEqualTo(ready.registryUrl());
        assertThat(story.condition(ConditionType.IN_USE).status()).isFalse();
        assertThat(story.condition(ConditionType.READY).status()).isTrue();
        assertThat(story.condition(ConditionType.TERMINATING).message()).contains("being removed");
        assertThat(story.condition(ConditionType.TERMINATING).lastTransitionTime())
                .isEqualTo(Story.BEGIN.plusSeconds(1));
    }

    /** One status but for phase, conditions and notices of another. */
    private static ImageStatus like(ImageStatus status, ImageStatus other) {
        return new ImageStatus(
                other.phase(),
                status.progress(),
                status.cdrom(),
                status.format(),
                status.size(),
                status.downloadSpeed(),
                status.registryUrl(),
                status.claim(),
                status.uploadable(),
                status.sourceUid(),
                status.storageClass(),
                other.conditions(),
                status.notices());
    }

    @Test
    void aDeletionThatWaitsForAnImageOnItsWayShowsNoSpeedAndNoAddress() {
        story.tell(new Event.ImageRequested(
                        first,
                        new DataSource.Upload(Checksums.NONE),
                        Storage.CONTAINER_REGISTRY,
                        null,
                        null,
                        null,
                        new ImageUse(List.of("a"), false),
                        null))
                .at("1")
                .tell(Story.upload(first, 0, "s1", 0), Story.uploaded(first, "s1", 0))
                .at("2");
        assertThat(story.last().uploadable()).isTrue();
        story.tell(new Event.ImageRequested(
                        first,
                        new DataSource.Upload(Checksums.NONE),
                        Storage.CONTAINER_REGISTRY,
                        null,
                        null,
                        null,
                        new ImageUse(List.of("a"), true),
                        null))
                .at("3");
        assertThat(story.last().phase()).isEqualTo(Phase.TERMINATING);
        assertThat(story.last().uploadable()).isNull();
        assertThat(story.last().progress()).isEqualTo("25.0%");
    }

    @Test
    void aDeletionThatWaitsHidesNoLoss() {
        story.tell(used(first, true, "a"), published(first))
                .at("1")
                .tell(lost(first))
                .at("2");
        assertThat(story.last().phase()).isEqualTo(Phase.TERMINATING);
        assertThat(story.condition(ConditionType.READY).reason()).isEqualTo("ImageLost");
    }

    @Test
    void useSurvivesARetryAndWhatCameLateOfTheRunBefore() {
        Incarnation again = image(1, 1);
        story.tell(used(first, false, "a"), failed(first, FailureReason.SOURCE_REFUSED, "404"))
                .at("1")
                .tell(used(again, false, "a"))
                .at("2")
                .tell(used(first, true, "z"), segment(first, 0, 0))
                .at("3");
        assertThat(story.last().phase()).isEqualTo(Phase.PENDING);
        assertThat(story.condition(ConditionType.IN_USE).message()).isEqualTo("Used by the VirtualMachine a.");
        assertThat(story.condition(ConditionType.IN_USE).lastTransitionTime()).isEqualTo(Story.BEGIN);
    }
}
