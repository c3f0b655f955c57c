package io.virtualimage.statuswriter;

import static io.virtualimage.statuswriter.Story.BEGIN;
import static io.virtualimage.statuswriter.Story.blocked;
import static io.virtualimage.statuswriter.Story.deferred;
import static io.virtualimage.statuswriter.Story.failed;
import static io.virtualimage.statuswriter.Story.heartbeat;
import static io.virtualimage.statuswriter.Story.image;
import static io.virtualimage.statuswriter.Story.inspected;
import static io.virtualimage.statuswriter.Story.opened;
import static io.virtualimage.statuswriter.Story.published;
import static io.virtualimage.statuswriter.Story.pushed;
import static io.virtualimage.statuswriter.Story.requested;
import static io.virtualimage.statuswriter.Story.segment;
import static io.virtualimage.statuswriter.Story.segments;
import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.k8s.ConditionReason;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.ImageStatus;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.ObjectKind;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.TaskId;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class StatusFoldTest {
    private final Incarnation first = image(1, 0);
    private final Story story = new Story();

    private void says(String expected) {
        assertThat(story.text()).isEqualTo(expected);
    }

    @Test
    void anImportFromRequestToReady() {
        story.tell(requested(first))
                .at("1")
                .tell(heartbeat(first))
                .at("2")
                .tell(opened(first, 0, 10_000L), segment(first, 0, 0))
                .at("3")
                .tell(inspected(first, 0, ImageFormat.QCOW2, false))
                .at("4.5")
                .tell(segments(first, 0, 1, 6))
                .at("5.5")
                .tell(pushed(first, 0, 2_500, 10_000))
                .at("7")
                .tell(segments(first, 0, 6, 10))
                .tell(new Event.FetchCompleted(first, 0, 10_000))
                .at("8")
                .tell(new Event.LayerPushed(first, 0, "sha256:l", 10_000))
                .at("9")
                .tell(published(first))
                .at("60");
        says("""
                0.0  1.0 PENDING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningNotStarted@0.0
                1.0  1.0 PROVISIONING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@1.0 told=DataSourceImportStarted
                2.0  1.0 PROVISIONING 0.0% DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@1.0 told=DataSourceImportStarted
                2.5  1.0 PROVISIONING 5.0% speed=1000000 DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@1.0 told=DataSourceImportStarted
                3.0  1.0 PROVISIONING 5.0% qcow2 size=10000/64000 speed=1000000 DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@1.0 told=DataSourceImportStarted
                4.5  1.0 PROVISIONING 10.0% qcow2 size=10000/64000 speed=800/800 DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@1.0 told=DataSourceImportStarted
                5.0  1.0 PROVISIONING 30.0% qcow2 size=10000/64000 speed=2400/800 DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@1.0 told=DataSourceImportStarted
                5.5  1.0 PROVISIONING 42.5% qcow2 size=10000/64000 speed=2400/800 DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@1.0 told=DataSourceImportStarted
                7.0  1.0 PROVISIONING 47.5% qcow2 size=10000/64000 speed=1400/2000 DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@1.0 told=DataSourceImportStarted
                7.5  1.0 PROVISIONING 62.5% qcow2 size=10000/64000 speed=2000 DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@1.0 told=DataSourceImportStarted
                8.0  1.0 PROVISIONING 100.0% qcow2 size=10000/64000 speed=2000 DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@1.0 told=DataSourceImportStarted
                9.0  1.0 READY 100% qcow2 size=10000/64000 speed=2000 url=r/vi/ns/disk:u1 DatasourceReady=True:DatasourceReady@0.0 Ready=True:Ready@9.0 told=DataSourceImportStarted,DataSourceImportCompleted
                """);
    }

    private Event fillDeferred(Event.TaskDeferred.Deferral deferral, FailureReason reason) {
        return new Event.TaskDeferred(
                first, new TaskId("FillVolume/0"), 1, deferral, reason, "exceeded quota: small", Instant.EPOCH, "p-1");
    }

    @Test
    void aQuotaMakesAnImagePendingUntilThereIsRoom() {
        story.tell(requested(first)).at("1").tell(heartbeat(first)).at("2");
        story.tell(fillDeferred(Event.TaskDeferred.Deferral.OUTAGE, FailureReason.QUOTA_EXCEEDED))
                .at("3");
        assertThat(story.last().phase()).isEqualTo(ImageStatus.Phase.PENDING);
        assertThat(story.last().conditions())
                .filteredOn(condition -> condition.type().equals("Ready"))
                .singleElement()
                .satisfies(ready -> {
                    assertThat(ready.reason()).isEqualTo("QuotaExceeded");
                    assertThat(ready.message()).contains("exceeded quota: small");
                });
        assertThat(story.last().notices())
                .extracting(ImageStatus.Notice::reason)
                .contains("DataSourceQuotaExceed");

        story.tell(fillDeferred(Event.TaskDeferred.Deferral.STARVED, FailureReason.INTERNAL))
                .at("4");
        assertThat(story.last().phase()).isEqualTo(ImageStatus.Phase.PROVISIONING);
    }

    @Test
    void aQuotaThatKeepsAVolumeFromBeingReadIsSaidUntilThatOpens() {
        story.tell(requested(first)).at("1").tell(heartbeat(first)).at("2");
        story.tell(new Event.TaskDeferred(
                        first,
                        new TaskId("ReadVolume/0"),
                        1,
                        Event.TaskDeferred.Deferral.OUTAGE,
                        FailureReason.QUOTA_EXCEEDED,
                        "exceeded quota: pods",
                        Instant.EPOCH,
                        "f-1"))
                .at("3");
        assertThat(story.last().phase()).isEqualTo(ImageStatus.Phase.PENDING);

        story.tell(new Event.SourceOpened(first, 0, 10L, 4, null, false, "disk.img", null))
                .at("4");
        assertThat(story.last().phase()).isEqualTo(ImageStatus.Phase.PROVISIONING);
    }

    @Test
    void whatAPausedHostSaysLateIsAnswered() {
        story.tell(requested(first), published(first)).at("20");
        ImageStatus ready = story.last();
        ImageStatus stale = new ImageStatus(
                ImageStatus.Phase.PROVISIONING,
                "50.0%",
                false,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                null,
                List.of(new ImageStatus.Condition("Ready", false, "Provisioning", "", Story.BEGIN.plusSeconds(20))),
                ready.notices());
        story.tell(new Event.StatusChanged(first, stale)).at("21");
        assertThat(story.last().phase()).isEqualTo(ImageStatus.Phase.READY);
        assertThat(story.last().lastTransition()).isAfterOrEqualTo(stale.lastTransition());
        assertThat(story.last().notices()).isEqualTo(ready.notices());
        String once = story.text();
        story.at("60");
        says(once);
    }

    @Test
    void theSameEventsAgainChangeNothing() {
        Event[] events = {
            requested(first),
            opened(first, 0, 2_000L),
            segment(first, 0, 0),
            inspected(first, 0, ImageFormat.ISO, true),
            segment(first, 0, 1),
            new Event.FetchCompleted(first, 0, 2_000),
            published(first)
        };
        story.tell(events).at("5");
        String once = story.text();
        StatusState state = story.state();
        story.tell(events).tell(events).at("20");
        says(once);
        assertThat(story.state().status()).isEqualTo(state.status());
    }

    @Test
    void eventsOfOtherTopicsMayComeBeforeTheRequest() {
        story.tell(opened(first, 0, 2_000L), segment(first, 0, 0)).at("1").tell(requested(first));
        says("""
                1.0  1.0 PENDING - DatasourceReady=True:DatasourceReady@1.0 Ready=False:ProvisioningNotStarted@1.0
                1.0  1.0 PROVISIONING 25.0% speed=1000000 DatasourceReady=True:DatasourceReady@1.0 Ready=False:Provisioning@1.0 told=DataSourceImportStarted
                """);
    }

    @Test
    void aFailureSaysWhatFailedWhere() {
        story.tell(requested(first), heartbeat(first))
                .at("1")
                .tell(failed(first, FailureReason.SOURCE_REFUSED, "GET https://example.com/disk.qcow2: 404 Not Found"))
                .at("30");
        says("""
                0.0  1.0 PENDING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningNotStarted@0.0
                0.0  1.0 PROVISIONING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@0.0 told=DataSourceImportStarted
                1.0  1.0 FAILED - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningFailed@1.0 told=DataSourceImportStarted,DataSourceImportFailed
                """);
        assertThat(story.condition(ConditionType.READY).message())
                .isEqualTo("Fetching the source failed: GET https://example.com/disk.qcow2: 404 Not Found");
    }

    @Test
    void aRetryStartsOver() {
        Incarnation again = image(1, 1);
        story.tell(requested(first), failed(first, FailureReason.SOURCE_REFUSED, "404 Not Found"))
                .at("5")
                .tell(requested(again))
                .at("6")
                .tell(opened(again, 0, 2_000L))
                .at("7")
                .tell(segment(first, 0, 0), failed(first, FailureReason.INTERNAL, "late"));
        says("""
                0.0  1.0 PENDING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningNotStarted@0.0
                0.0  1.0 PROVISIONING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@0.0 told=DataSourceImportStarted
                0.0  1.0 FAILED - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningFailed@0.0 told=DataSourceImportStarted,DataSourceImportFailed
                5.0  1.1 PENDING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningNotStarted@5.0
                6.0  1.1 PROVISIONING 0.0% DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@6.0 told=DataSourceImportStarted
                """);
    }

    @Test
    void aNewSpecStartsOverAndIsTold() {
        Incarnation second = image(2, 0);
        story.tell(requested(first), opened(first, 0, 2_000L), segment(first, 0, 0))
                .at("1")
                .tell(requested(second))
                .at("2")
                .tell(heartbeat(second))
                .at("3")
                .tell(segment(first, 0, 1), published(first));
        says("""
                0.0  1.0 PENDING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningNotStarted@0.0
                0.0  1.0 PROVISIONING 0.0% DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@0.0 told=DataSourceImportStarted
                0.5  1.0 PROVISIONING 25.0% speed=1000000 DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@0.0 told=DataSourceImportStarted
                1.0  2.0 PENDING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningNotStarted@1.0 told=VirtualImageSpecHasBeenChanged
                2.0  2.0 PROVISIONING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@2.0 told=VirtualImageSpecHasBeenChanged,DataSourceImportStarted
                """);
    }

    @Test
    void everyNewSpecIsToldHoweverSoonTheNextOneFollows() {
        story.tell(requested(first))
                .at("0.1")
                .tell(requested(image(2, 0)))
                .at("0.2")
                .tell(requested(image(3, 0)))
                .at("0.3");
        says("""
                0.0  1.0 PENDING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningNotStarted@0.0
                0.1  2.0 PENDING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningNotStarted@0.0 told=VirtualImageSpecHasBeenChanged
                0.2  3.0 PENDING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningNotStarted@0.0 told=VirtualImageSpecHasBeenChanged
                """);
    }

    @Test
    void whatIsMissingIsSaidByItsCondition() {
        story.tell(blocked(first, "Ready", "ProvisioningNotStarted"))
                .at("1")
                .tell(blocked(first, "DatasourceReady", "ImageNotReady"))
                .at("2")
                .tell(blocked(first, "StorageClassReady", "StorageClassNotFound"))
                .at("3")
                .tell(requested(first));
        says("""
                0.0  1.0 PENDING - Ready=False:ProvisioningNotStarted@0.0
                1.0  1.0 PENDING - DatasourceReady=False:ImageNotReady@1.0 Ready=False:DatasourceNotReady@1.0
                2.0  1.0 PENDING - DatasourceReady=True:DatasourceReady@2.0 StorageClassReady=False:StorageClassNotFound@2.0 Ready=False:StorageClassNotReady@2.0 told=VirtualImageStorageClassNotFound
                3.0  1.0 PENDING - DatasourceReady=True:DatasourceReady@2.0 Ready=False:ProvisioningNotStarted@3.0 told=VirtualImageStorageClassNotFound
                """);
    }

    @Test
    void whatGoesAwayInTheMiddleIsWaitedForInTheNextRun() {
        Incarnation next = image(1, 1);
        story.tell(requested(first), opened(first, 0, 2_000L), segment(first, 0, 0))
                .at("1")
                .tell(blocked(next, "DatasourceReady", "VirtualDiskNotReady"))
                .at("2")
                .tell(segment(first, 0, 1), published(first))
                .at("3")
                .tell(requested(next))
                .at("4")
                .tell(opened(next, 0, 2_000L))
                .at("5");
        says("""
                0.0  1.0 PENDING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningNotStarted@0.0
                0.0  1.0 PROVISIONING 0.0% DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@0.0 told=DataSourceImportStarted
                0.5  1.0 PROVISIONING 25.0% speed=1000000 DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@0.0 told=DataSourceImportStarted
                1.0  1.1 PENDING - DatasourceReady=False:VirtualDiskNotReady@1.0 Ready=False:DatasourceNotReady@1.0
                3.0  1.1 PENDING - DatasourceReady=True:DatasourceReady@3.0 Ready=False:ProvisioningNotStarted@3.0
                4.0  1.1 PROVISIONING 0.0% DatasourceReady=True:DatasourceReady@3.0 Ready=False:Provisioning@4.0 told=DataSourceImportStarted
                """);
    }

    @Test
    void progressNeverGoesBack() {
        story.tell(requested(first), opened(first, 0, 4_000L))
                .tell(segments(first, 0, 0, 2))
                .at("1")
                .tell(new Event.StreamBroken(
                        first, 0, Event.StreamBroken.Cause.SOURCE_CHANGED, "the validator changed", "fetcher-1"))
                .at("2")
                .tell(opened(first, 1, 8_000L), segment(first, 1, 0))
                .at("3")
                .tell(pushed(first, 0, 4_000, 4_000)) // of bytes that are no longer wanted
                .at("4")
                .tell(segments(first, 1, 1, 8))
                .at("5");
        assertThat(story.progress()).containsExactly("", "0.0%", "25.0%", "25.0%", "25.0%", "25.0%", "50.0%");
    }

    @Test
    void troubleOfTheSourceIsSaidAndTheSpeedIsOverForNow() {
        story.tell(requested(first), opened(first, 0, 4_000L))
                .at("1")
                .tell(segment(first, 0, 0))
                .at("3")
                .tell(segment(first, 0, 1))
                .at("4")
                .tell(deferred(first, "503 Service Unavailable"))
                .at("5");
        assertThat(story.condition(ConditionType.READY).message()).endsWith("503 Service Unavailable");
        assertThat(Objects.requireNonNull(story.last().downloadSpeed()).currentBytes())
                .isNull();
        story.tell(segment(first, 0, 2)).at("6");
        assertThat(story.condition(ConditionType.READY).message()).isEqualTo("The source is being fetched.");
        assertThat(Objects.requireNonNull(story.last().downloadSpeed()).currentBytes())
                .isEqualTo(500);
    }

    @Test
    void aLengthThatIsNotKnownGivesNoProgress() {
        story.tell(requested(first), opened(first, 0, null))
                .at("1")
                .tell(segment(first, 0, 0))
                .at("2");
        assertThat(story.last().progress()).isNull();
        assertThat(story.last().phase()).isEqualTo(ImageStatus.Phase.PROVISIONING);
    }

    @Test
    void aDeletedImageKeepsWhatWasKnownUntilItIsGone() {
        Incarnation deleted = image(2, 0);
        story.tell(requested(first), published(first))
                .at("5")
                .tell(new Event.ImageWithdrawn(deleted))
                .at("6")
                .tell(new Event.StagingCleaned(deleted, null))
                .at("7")
                .tell(new Event.ImageRemoved(deleted, null))
                .at("8")
                .tell(published(first))
                .at("60");
        says("""
                0.0  1.0 PENDING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningNotStarted@0.0
                0.0  1.0 PROVISIONING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@0.0 told=DataSourceImportStarted
                0.0  1.0 READY 100% qcow2 size=10000/64000 url=r/vi/ns/disk:u1 DatasourceReady=True:DatasourceReady@0.0 Ready=True:Ready@0.0 told=DataSourceImportStarted,DataSourceImportCompleted
                5.0  2.0 TERMINATING 100% qcow2 size=10000/64000 url=r/vi/ns/disk:u1 DatasourceReady=True:DatasourceReady@0.0 Ready=True:Ready@0.0 Terminating=True:CleanupPending@5.0
                """);
    }

    @Test
    void whatDoesNotComeBackIsSaidAgain() {
        story.withoutEcho().tell(requested(first)).at("9.9");
        assertThat(story.text().lines()).hasSize(1);
        story.at("25");
        assertThat(story.text().lines()).hasSize(3);
    }

    @Test
    void statesAreForgottenInTheirTime() {
        StatusFold fold = new StatusFold();
        story.tell(heartbeat(first));
        assertThat(fold.forgettable(story.state(), BEGIN.plus(Duration.ofMinutes(59))))
                .isFalse();
        assertThat(fold.forgettable(story.state(), BEGIN.plus(Duration.ofMinutes(61))))
                .isTrue();
        story.tell(requested(first), published(first));
        assertThat(fold.forgettable(story.state(), BEGIN.plus(Duration.ofDays(365))))
                .isFalse();
        story.tell(new Event.ImageWithdrawn(image(2, 0)));
        assertThat(fold.forgettable(story.state(), BEGIN.plus(Duration.ofDays(365))))
                .isFalse();
        story.tell(new Event.ImageRemoved(image(2, 0), null));
        assertThat(fold.forgettable(story.state(), BEGIN.plus(Duration.ofHours(23))))
                .isFalse();
        assertThat(fold.forgettable(story.state(), BEGIN.plus(Duration.ofHours(25))))
                .isTrue();
    }

    @Test
    void everyConditionIsOneOfTheResources() {
        for (Event end : new Event[] {
            heartbeat(first),
            failed(first, FailureReason.NOT_AN_IMAGE, "text"),
            published(first),
            blocked(first, "Ready", "ProvisioningNotStarted"),
            new Event.ImageWithdrawn(first)
        }) {
            ImageStatus status = new Story().tell(requested(first), end).last();
            for (ImageStatus.Condition condition : status.conditions()) {
                ConditionType type = Arrays.stream(ConditionType.values())
                        .filter(candidate -> candidate.wire().equals(condition.type()))
                        .findFirst()
                        .orElseThrow();
                assertThat(type.reasons(condition.status())).contains(ConditionReason.parse(condition.reason()));
            }
        }
    }

    @Test
    void anUploadIsWaitedForAndGoesOnWhereItBroke() {
        story.tell(Story.requested(first, new DataSource.Upload(Checksums.NONE)))
                .at("5")
                .tell(Story.upload(first, 0, "s1", 0), Story.uploaded(first, "s1", 0))
                .at("6")
                .tell(new Event.UploadInterrupted(first, 0, "s1", "the client went away", "fetcher-1"))
                .at("7");
        says("""
                0.0  1.0 PENDING - DatasourceReady=True:DatasourceReady@0.0 Ready=False:ProvisioningNotStarted@0.0
                0.0  1.0 WAIT_FOR_USER_UPLOAD - uploadable DatasourceReady=True:DatasourceReady@0.0 Ready=False:WaitForUserUpload@0.0
                5.0  1.0 PROVISIONING 0.0% uploadable DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@5.0 told=DataSourceImportStarted
                5.5  1.0 PROVISIONING 25.0% uploadable speed=1000000 DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@5.0 told=DataSourceImportStarted
                6.0  1.0 PROVISIONING 25.0% uploadable speed=1000000 DatasourceReady=True:DatasourceReady@0.0 Ready=False:Provisioning@5.0 told=DataSourceImportStarted
                """);
        assertThat(story.condition(ConditionType.READY).message())
                .isEqualTo(
                        "The upload broke off after 1000 bytes, and can go on from there: curl -C 1000 -T FILE ADDRESS");
        story.tell(Story.upload(first, 0, "s2", 1), Story.uploaded(first, "s2", 1))
                .at("8");
        assertThat(story.last().uploadable()).isNull();
        assertThat(story.last().phase()).isEqualTo(ImageStatus.Phase.PROVISIONING);
    }

    @Test
    void nobodyUploads() {
        story.tell(Story.requested(first, new DataSource.Upload(Checksums.NONE)))
                .at("600")
                .tell(new Event.UploadExpired(first, 0, null))
                .at("601")
                .tell(Story.failed(first, FailureReason.UPLOAD_TIMEOUT, "nobody uploaded anything within 10 min"));
        assertThat(story.last().phase()).isEqualTo(ImageStatus.Phase.FAILED);
        assertThat(story.last().uploadable()).isNull();
        assertThat(story.condition(ConditionType.READY).reason()).isEqualTo("WaitForUserUploadTimeout");
        assertThat(story.text()).doesNotContain("PROVISIONING").containsOnlyOnce("PENDING");
    }

    @Test
    void aContainerImageThatCannotBePulledSaysSo() {
        story.tell(Story.requested(first, new DataSource.ContainerImage("r/a:b", "pull", false)))
                .at("1")
                .tell(Story.failed(first, FailureReason.SOURCE_REFUSED, "unauthorized: authentication required"));
        assertThat(story.condition(ConditionType.READY).reason()).isEqualTo("ImagePullFailed");
        assertThat(story.condition(ConditionType.READY).message()).contains("unauthorized: authentication required");
    }

    @Test
    void aContainerImageThatWasPulledAndIsOfNoUseSaysSo() {
        story.tell(Story.requested(first, new DataSource.ContainerImage("r/a:b", "pull", false)))
                .at("1")
                .tell(Story.failed(first, FailureReason.NOT_AN_IMAGE, "r/a:b: no regular file under /disk"));
        assertThat(story.condition(ConditionType.READY).reason()).isEqualTo("ProvisioningFailed");
        assertThat(story.condition(ConditionType.READY).message()).contains("no regular file under /disk");
    }

    @Test
    void whatAnImageIsMadeFromAndWhereItIsIsShown() {
        story.tell(new Event.ImageRequested(
                        first,
                        new DataSource.Volume(ObjectKind.VIRTUAL_DISK, "root", "vd-root", null),
                        Storage.PERSISTENT_VOLUME_CLAIM,
                        null,
                        "uid-of-root",
                        "fast"))
                .at("1")
                .tell(new Event.ImagePublished(
                        first, 0, null, null, null, 64_000, ImageFormat.RAW, false, 64_000, 64_000, "d8v-vi-disk-u1"));
        ImageStatus ready = story.last();
        assertThat(ready.phase()).isEqualTo(ImageStatus.Phase.READY);
        assertThat(ready.sourceUid()).isEqualTo("uid-of-root");
        assertThat(ready.claim()).isEqualTo("d8v-vi-disk-u1");
        assertThat(ready.storageClass()).isEqualTo("fast");
        assertThat(ready.registryUrl()).isNull();
        assertThat(ready.conditions())
                .extracting(ImageStatus.Condition::type)
                .containsExactly("DatasourceReady", "StorageClassReady", "Ready", "InUse");
    }

    @Test
    void aClaimThatCannotBeFilledIsToldAsSuch() {
        story.tell(new Event.ImageRequested(
                        first,
                        new DataSource.Http("https://example.com/a", false, Checksums.NONE),
                        Storage.PERSISTENT_VOLUME_CLAIM,
                        null,
                        null,
                        "fast"))
                .at("1")
                .tell(new Event.StageFailed(first, Stage.PUBLISH, FailureReason.INTERNAL, "the volume is full"));
        assertThat(story.last().notices().getLast().reason()).isEqualTo("DataSourceImportDiskProvisioningFailed");
        assertThat(story.last().conditions())
                .extracting(condition -> condition.type() + "=" + condition.status())
                .containsExactly("DatasourceReady=true", "StorageClassReady=true", "Ready=false", "InUse=false");
    }
}
