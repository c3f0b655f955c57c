package io.virtualimage.statuswriter;

import static io.virtualimage.statuswriter.Story.blocked;
import static io.virtualimage.statuswriter.Story.failed;
import static io.virtualimage.statuswriter.Story.heartbeat;
import static io.virtualimage.statuswriter.Story.image;
import static io.virtualimage.statuswriter.Story.opened;
import static io.virtualimage.statuswriter.Story.published;
import static io.virtualimage.statuswriter.Story.requested;
import static io.virtualimage.statuswriter.Story.segment;
import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageStatus.Phase;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.ObjectKind;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.TaskId;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What users are notified of: each thing that happened once. */
class EventsTest {
    private final Incarnation first = image(1, 0);
    private final Incarnation deleted = image(2, 0);
    private final Story story = new Story();

    private static final List<DataSource> SOURCES = List.of(
            new DataSource.Http("https://example.com/a", false, Checksums.NONE),
            new DataSource.ContainerImage("r/a:b", "pull", false),
            new DataSource.Upload(Checksums.NONE),
            new DataSource.Volume(ObjectKind.VIRTUAL_DISK, "root", "vd-root", null));

    @Test
    void workThatBeginsIsToldOnceOfEverySourceAndBothStorages() {
        for (DataSource source : SOURCES) {
            for (Storage storage : Storage.values()) {
                Story any = new Story()
                        .tell(new Event.ImageRequested(first, source, storage, null, null, null))
                        .at("1");
                assertThat(any.events()).as("%s before work", source).isEmpty();
                any.tell(opened(first, 0, 2_000L))
                        .at("2")
                        .tell(segment(first, 0, 0), heartbeat(first), opened(first, 1, 2_000L))
                        .at("3")
                        .tell(published(first));
                assertThat(any.events())
                        .as("%s to %s", source, storage)
                        .containsExactly("DataSourceImportStarted", "DataSourceImportCompleted");
            }
        }
    }

    @Test
    void nothingBeginsWhereNobodyUploads() {
        story.tell(requested(first, new DataSource.Upload(Checksums.NONE)))
                .at("600")
                .tell(new Event.UploadExpired(first, 0, null))
                .tell(failed(first, FailureReason.UPLOAD_TIMEOUT, "nobody uploaded anything"));
        assertThat(story.events()).containsExactly("DataSourceImportFailed");
    }

    @Test
    void anUploadThatWasNotFinishedHadBegun() {
        story.tell(requested(first, new DataSource.Upload(Checksums.NONE)))
                .at("1")
                .tell(Story.upload(first, 0, "s1", 0), Story.uploaded(first, "s1", 0))
                .at("600")
                .tell(failed(first, FailureReason.UPLOAD_TIMEOUT, "nobody went on with the upload"));
        assertThat(story.events()).containsExactly("DataSourceImportStarted", "DataSourceImportFailed");
    }

    private Event fill(Deferral deferral, FailureReason reason) {
        return new Event.TaskDeferred(
                first, new TaskId("FillVolume/0"), 1, deferral, reason, "exceeded quota: small", Instant.EPOCH, "p-1");
    }

    @Test
    void aQuotaIsToldEachTimeItIsHitAnew() {
        Event hit = fill(Deferral.OUTAGE, FailureReason.QUOTA_EXCEEDED);
        Event room = fill(Deferral.STARVED, FailureReason.INTERNAL);
        story.tell(requested(first), heartbeat(first), hit, hit)
                .at("3")
                .tell(fill(Deferral.OUTAGE, FailureReason.INTERNAL), hit)
                .at("5");
        assertThat(story.events()).containsExactly("DataSourceImportStarted", "DataSourceQuotaExceed");
        story.tell(room).at("6").tell(hit).at("7").tell(hit).at("8");
        assertThat(story.events())
                .containsExactly("DataSourceImportStarted", "DataSourceQuotaExceed", "DataSourceQuotaExceed");
        assertThat(story.last().phase()).isEqualTo(Phase.PENDING);
    }

    @Test
    void nothingIsFetchedAtASpeedWhileAQuotaIsInTheWay() {
        story.tell(requested(first), opened(first, 0, 10_000L), segment(first, 0, 0))
                .at("1")
                .tell(segment(first, 0, 1))
                .at("3")
                .tell(segment(first, 0, 2))
                .at("4");
        assertThat(story.last().downloadSpeed().currentBytes()).isNotNull();
        story.tell(fill(Deferral.OUTAGE, FailureReason.QUOTA_EXCEEDED));
        assertThat(story.last().phase()).isEqualTo(Phase.PENDING);
        assertThat(story.last().downloadSpeed().currentBytes()).isNull();
    }

    @Test
    void aClassThatIsMissingIsToldEachTimeItGoesMissing() {
        Event missing = blocked(first, "StorageClassReady", "StorageClassNotFound");
        story.tell(missing, missing).at("1");
        assertThat(story.events()).hasSize(1);
        story.tell(blocked(first, "DatasourceReady", "ImageNotReady"))
                .at("2")
                .tell(missing)
                .at("3");
        assertThat(story.events())
                .containsExactly("VirtualImageStorageClassNotFound", "VirtualImageStorageClassNotFound");
    }

    @Test
    void whatCouldNotBeRemovedOfADeletedImageIsToldWhenItIsGone() {
        story.tell(requested(first), published(first))
                .at("1")
                .tell(new Event.ImageWithdrawn(deleted))
                .at("2")
                .tell(new Event.ImageRemoved(deleted, null, "The registry does not allow deletion."))
                .at("60");
        assertThat(story.last().phase()).isEqualTo(Phase.TERMINATING);
        assertThat(story.notices()).containsExactly("VirtualImageCleanupIncomplete");
        assertThat(story.last().notices().getFirst().warning()).isTrue();
        assertThat(story.last().notices().getFirst().message()).isEqualTo("The registry does not allow deletion.");
        assertThat(story.said()).hasSize(5);
    }

    @Test
    void whatCouldNotBeRemovedOfAnEarlierVersionIsToldToo() {
        story.tell(requested(first), heartbeat(first))
                .at("1")
                .tell(requested(deleted))
                .tell(new Event.ImageRemoved(deleted, deleted, "405 Method Not Allowed"))
                .tell(new Event.ImageRemoved(deleted, deleted, "405 Method Not Allowed"))
                .at("2");
        assertThat(story.notices()).containsExactly("VirtualImageSpecHasBeenChanged", "VirtualImageCleanupIncomplete");
        assertThat(story.last().phase()).isEqualTo(Phase.PENDING);
    }

    @Test
    void nothingIsSaidOfAnImageThatIsGoneAltogether() {
        story.tell(requested(first), published(first), new Event.ImageWithdrawn(deleted))
                .tell(new Event.ImageRemoved(deleted, null))
                .at("60");
        assertThat(story.said()).hasSize(4);
        assertThat(story.last().notices()).isEmpty();
    }

    @Test
    void noReasonIsEverCalledOtherwise() {
        assertThat(Arrays.stream(NoticeReason.values()).map(NoticeReason::wire))
                .containsExactlyInAnyOrder(
                        "DataSourceImportStarted",
                        "DataSourceImportCompleted",
                        "VirtualImageSpecHasBeenChanged",
                        "VirtualImageLostRecovered",
                        "DataSourceImportFailed",
                        "DataSourceQuotaExceed",
                        "DataSourceImportDiskProvisioningFailed",
                        "VirtualImageStorageClassNotFound",
                        "VirtualImageCleanupIncomplete");
    }
}
