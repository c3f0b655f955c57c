package io.virtualimage.publisher;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.DiskOutput;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ConvertCompleted;
import io.virtualimage.topics.Event.DiskInspected;
import io.virtualimage.topics.Event.FetchCompleted;
import io.virtualimage.topics.Event.ImageLost;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.Event.ImageRemoved;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.Event.LayerPushed;
import io.virtualimage.topics.Event.PushParked;
import io.virtualimage.topics.Event.RecipeWritten;
import io.virtualimage.topics.Event.SegmentConverted;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.ImageUse;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.ObjectKind;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.Task.FillVolume;
import io.virtualimage.topics.Task.PublishManifest;
import io.virtualimage.topics.Task.PushLayer;
import io.virtualimage.topics.Task.RemoveImage;
import io.virtualimage.topics.TaskId;
import io.virtualimage.topics.Validator;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PublishFoldTest {
    private static final int MI = 1 << 20;
    private static final long LENGTH = 10L * MI;
    private static final String LAYER = "sha256:" + "a".repeat(64);

    private final Story story = new Story(new PublishFold());
    private final Incarnation image = version(1);

    private static Incarnation version(long generation) {
        return new Incarnation("team", "cirros", "uid-1", generation, 0);
    }

    private static ImageRequested requested(Incarnation image) {
        DataSource source = new DataSource.Http("https://example.com/a.qcow2", false, Checksums.NONE);
        return new ImageRequested(image, source, Storage.CONTAINER_REGISTRY, null, null, null);
    }

    private SourceOpened opened(int epoch) {
        Validator validator = new Validator(Validator.Kind.ETAG, "\"1\"");
        return new SourceOpened(image, epoch, LENGTH, MI, validator, true, "a.qcow2", null);
    }

    private SegmentFetched fetched(int epoch, int index) {
        return new SegmentFetched(image, epoch, null, index, MI, 0, SegmentSet.EMPTY, false, LENGTH, "fetcher-0");
    }

    private Event[] fetchedAll(int epoch) {
        return IntStream.range(0, 10).mapToObj(i -> fetched(epoch, i)).toArray(Event[]::new);
    }

    private DiskInspected inspected(int epoch) {
        DiskOutput output = new DiskOutput(DiskOutput.Layout.PASS_THROUGH, ImageFormat.QCOW2, "a.qcow2");
        return new DiskInspected(image, epoch, ImageFormat.QCOW2, 40L * MI, false, output);
    }

    private LayerPushed pushed(int epoch) {
        return new LayerPushed(image, epoch, LAYER, LENGTH + 2048);
    }

    private static ImagePublished published(Incarnation image) {
        return new ImagePublished(
                image, 0, "r/vi/team/cirros:x", LAYER, LAYER, 1, ImageFormat.QCOW2, false, LENGTH, 40L * MI, null);
    }

    @Test
    void pushesAsSoonAsThereIsAHeadStart() {
        assertThat(story.tell(requested(image), opened(0), fetched(0, 0), fetched(0, 9)))
                .isEmpty();
        assertThat(story.tell(inspected(0))).isEmpty();
        assertThat(story.tell(fetched(0, 1), fetched(0, 2))).isEmpty();

        List<Event> tasks = story.tell(fetched(0, 3));

        assertThat(tasks).singleElement().isInstanceOfSatisfying(PushLayer.class, push -> {
            assertThat(push.staged().present()).isEqualTo(SegmentSet.parse("0-3,9"));
            assertThat(push.follow()).isEqualTo(new Position(0, 7));
            assertThat(push.header()).isEqualTo(new Task.Header(image, 0, new Position(0, 1), 1));
            assertThat(push.output().fileName()).isEqualTo("a.qcow2");
        });
        assertThat(story.tell(fetched(0, 4))).isEmpty();
    }

    /** Who uses an image is said in its request, at any time. */
    @Test
    void aRequestThatIsSaidAgainPublishesNothingAgain() {
        ImageRequested again = requested(image).with(new ImageUse(List.of("vm"), true), null);
        story.tell(requested(image), opened(0));
        story.tell(fetchedAll(0));
        assertThat(story.tell(inspected(0))).singleElement().isInstanceOf(PushLayer.class);
        assertThat(story.tell(again)).isEmpty();
        assertThat(story.tell(pushed(0), new FetchCompleted(image, 0, LENGTH), new ConvertCompleted(image, 0)))
                .singleElement()
                .isInstanceOf(PublishManifest.class);
        assertThat(story.tell(again)).isEmpty();
        assertThat(story.tell(published(image), again)).isEmpty();
    }

    @Test
    void anOutputByARecipeIsPushedWhenAllOfItIsThere() {
        story.tell(requested(image), opened(0));
        story.tell(fetchedAll(0));
        DiskOutput output = new DiskOutput(DiskOutput.Layout.RECIPE, ImageFormat.QCOW2, "a.qcow2");
        story.tell(new DiskInspected(image, 0, ImageFormat.VMDK, 40L * MI, false, output));
        assertThat(story.tell(
                        new RecipeWritten(image, 0, 12L * MI, 1),
                        new SegmentConverted(
                                image, 0, SegmentKind.DISK, 0, MI, 0, SegmentSet.EMPTY, true, "converter-0")))
                .isEmpty();

        assertThat(story.tell(new ConvertCompleted(image, 0)))
                .singleElement()
                .isInstanceOfSatisfying(PushLayer.class, push -> {
                    assertThat(push.recipe()).isNotNull();
                    assertThat(push.recipe().basis()).isEqualTo(SegmentKind.SOURCE);
                    assertThat(push.recipe().staged().complete()).isTrue();
                    assertThat(push.recipe().lengthBytes()).isEqualTo(12L * MI);
                    assertThat(push.recipe().unpackedZeros()).isEqualTo(SegmentSet.of(0));
                });
    }

    @Test
    void waitsForTheDisksFormat() {
        assertThat(story.tell(requested(image), opened(0))).isEmpty();
        assertThat(story.tell(fetchedAll(0))).isEmpty();
        assertThat(story.tell(inspected(0))).singleElement().isInstanceOf(PushLayer.class);
    }

    @Test
    void theManifestComesLast() {
        story.tell(requested(image), opened(0));
        story.tell(fetchedAll(0));
        story.tell(inspected(0));
        assertThat(story.tell(pushed(0))).isEmpty();
        assertThat(story.tell(new FetchCompleted(image, 0, LENGTH))).isEmpty();

        List<Event> tasks = story.tell(new ConvertCompleted(image, 0));

        assertThat(tasks)
                .containsExactly(new PublishManifest(
                        new Task.Header(image, 0, new Position(0, 1), 1),
                        LAYER,
                        LENGTH + 2048,
                        ImageFormat.QCOW2,
                        false,
                        LENGTH,
                        40L * MI));
        assertThat(story.tell(published(image))).isEmpty();
        assertThat(story.later(Duration.ofHours(1))).isEmpty();
    }

    @Test
    void aLayerOfAnEarlierEpochDoesNotCount() {
        story.tell(requested(image), opened(0));
        story.tell(fetchedAll(0));
        story.tell(inspected(0), pushed(0));
        StreamBroken broken =
                new StreamBroken(image, 0, StreamBroken.Cause.SOURCE_CHANGED, "another ETag", "fetcher-0");
        assertThat(story.tell(broken, opened(1), new ConvertCompleted(image, 0)))
                .isEmpty();
        assertThat(story.tell(fetchedAll(1))).isEmpty();

        assertThat(story.tell(inspected(1)))
                .singleElement()
                .isInstanceOfSatisfying(
                        PushLayer.class,
                        push -> assertThat(push.staged().epoch()).isEqualTo(1));
    }

    @Test
    void aParkedPushGoesOnWhenItsSegmentIsStaged() {
        story.tell(requested(image), opened(0), fetched(0, 0), fetched(0, 1), fetched(0, 2), fetched(0, 3));
        PushLayer push = (PushLayer) story.tell(inspected(0)).getFirst();
        assertThat(story.tell(new PushParked(image, 0, push.id(), 1, 5), fetched(0, 4)))
                .isEmpty();
        assertThat(story.tell(fetched(0, 5)))
                .singleElement()
                .isInstanceOfSatisfying(
                        PushLayer.class,
                        again -> assertThat(again.staged().present()).isEqualTo(SegmentSet.upTo(6)));
    }

    @Test
    void whatIsWithdrawnIsRemovedAndAgainIfItShowsUpLater() {
        story.tell(requested(image), published(image));
        assertThat(story.tell(new ImageWithdrawn(image)))
                .singleElement()
                .isInstanceOfSatisfying(
                        RemoveImage.class,
                        remove -> assertThat(remove.keepCurrent()).isFalse());
        assertThat(story.tell(new ImageRemoved(image, null))).isEmpty();
        assertThat(story.later(Duration.ofHours(1))).isEmpty();

        assertThat(story.tell(published(image))).singleElement().isInstanceOf(RemoveImage.class);
    }

    @Test
    void anOlderVersionIsRemovedBeforeTheNewerIsPushed() {
        story.tell(requested(image), published(image));
        Incarnation newer = version(2);

        assertThat(story.tell(requested(newer))).singleElement().isInstanceOfSatisfying(RemoveImage.class, remove -> {
            assertThat(remove.image()).isEqualTo(newer);
            assertThat(remove.keepCurrent()).isTrue();
        });
        assertThat(story.tell(new ImageRemoved(newer, newer))).isEmpty();
    }

    @Test
    void aLateOlderVersionIsRemovedAndTheLastWordIsTheCurrentOnes() {
        Incarnation newer = version(2);
        story.tell(requested(newer), new ImageRemoved(newer, newer), published(newer));

        assertThat(story.tell(published(image)))
                .hasSize(2)
                .anySatisfy(event -> assertThat(event).isInstanceOf(RemoveImage.class))
                .contains(published(newer));
        assertThat(story.tell(published(newer))).isEmpty();
        assertThat(story.tell(new ImageRemoved(newer, newer))).containsExactly(published(newer));
        assertThat(story.tell(published(newer))).isEmpty();
    }

    private static ImageRequested onClaim(DataSource source, Incarnation image) {
        return new ImageRequested(image, source, Storage.PERSISTENT_VOLUME_CLAIM, null, null, "fast");
    }

    @Test
    void aVolumeIsFilledWhenAllIsThere() {
        DataSource source = new DataSource.Http("https://example.com/a.raw", false, Checksums.NONE);
        DiskOutput output = new DiskOutput(DiskOutput.Layout.PASS_THROUGH, ImageFormat.RAW, "a.img");
        story.tell(onClaim(source, image), opened(0));
        assertThat(story.tell(fetchedAll(0))).isEmpty();
        assertThat(story.tell(new DiskInspected(image, 0, ImageFormat.RAW, LENGTH, false, output)))
                .isEmpty();
        assertThat(story.tell(new ConvertCompleted(image, 0))).isEmpty();

        assertThat(story.tell(new FetchCompleted(image, 0, LENGTH)))
                .singleElement()
                .isInstanceOfSatisfying(FillVolume.class, fill -> {
                    assertThat(fill.header()).isEqualTo(new Task.Header(image, 0, new Position(0, 1), 1));
                    assertThat(fill.staged().complete()).isTrue();
                    assertThat(fill.recipe()).isNull();
                    assertThat(fill.storageClass()).isEqualTo("fast");
                    assertThat(fill.storedBytes()).isEqualTo(LENGTH);
                    assertThat(fill.unpackedBytes()).isEqualTo(LENGTH);
                });
        ImagePublished done = new ImagePublished(
                image, 0, null, null, null, LENGTH, ImageFormat.RAW, false, LENGTH, LENGTH, "d8v-vi-cirros-uid-1");
        assertThat(story.tell(done)).isEmpty();
        assertThat(story.later(Duration.ofHours(1))).isEmpty();
    }

    @Test
    void aVolumeIsFilledByTheRecipe() {
        DataSource source = new DataSource.Http("https://example.com/a.vmdk", false, Checksums.NONE);
        DiskOutput output = new DiskOutput(DiskOutput.Layout.RECIPE, ImageFormat.RAW, "a.img");
        story.tell(onClaim(source, image), opened(0));
        story.tell(fetchedAll(0));
        story.tell(new FetchCompleted(image, 0, LENGTH));
        story.tell(new DiskInspected(image, 0, ImageFormat.VMDK, 40L * MI, false, output));
        assertThat(story.tell(new RecipeWritten(image, 0, 40L * MI, 0))).isEmpty();
        assertThat(story.tell(new ConvertCompleted(image, 0)))
                .singleElement()
                .isInstanceOfSatisfying(FillVolume.class, fill -> {
                    assertThat(fill.recipe()).isNotNull();
                    assertThat(fill.recipe().lengthBytes()).isEqualTo(40L * MI);
                });
    }

    @Test
    void anotherImageIsNeverMountedOntoAVolume() {
        DataSource source = new DataSource.PublishedImage(
                ObjectKind.VIRTUAL_IMAGE, "other", "r/vi/team/other:x", ImageFormat.QCOW2, false, 1, 1);
        assertThat(story.tell(onClaim(source, image))).isEmpty();
    }

    @Test
    void anImageOfAPublishedOneIsMounted() {
        DataSource.PublishedImage source = new DataSource.PublishedImage(
                ObjectKind.CLUSTER_VIRTUAL_IMAGE, "base", "r/cvi/base:1", ImageFormat.QCOW2, false, LENGTH, 40L * MI);
        List<Event> tasks =
                story.tell(new ImageRequested(image, source, Storage.CONTAINER_REGISTRY, null, "uid-of-base", null));
        assertThat(tasks)
                .singleElement()
                .isInstanceOfSatisfying(
                        Task.MountImage.class,
                        mount -> assertThat(mount.source()).isEqualTo(source));
        assertThat(story.tell(published(image))).isEmpty();
    }

    @Test
    void theClaimOfAnImageThatFailedIsTakenBackAndAgainIfSomebodyWasLate() {
        DataSource source = new DataSource.Http("https://example.com/a.qcow2", false, Checksums.NONE);
        story.tell(new ImageRequested(image, source, Storage.PERSISTENT_VOLUME_CLAIM, null, null, "fast"));
        List<Event> tasks = story.tell(
                new Event.StageFailed(image, Stage.PUBLISH, FailureReason.INTERNAL, "the volume can't be written"));
        assertThat(tasks)
                .singleElement()
                .isInstanceOfSatisfying(
                        RemoveImage.class,
                        remove -> assertThat(remove.keepCurrent()).isFalse());
        assertThat(story.tell(new ImageRemoved(image, null))).isEmpty();
        Event late = new Event.TaskDeferred(
                image,
                new TaskId("FillVolume/0"),
                1,
                Event.TaskDeferred.Deferral.STARVED,
                FailureReason.INTERNAL,
                "the volume is being filled",
                Instant.EPOCH,
                "publisher-9");
        assertThat(story.tell(late)).singleElement().isInstanceOf(RemoveImage.class);
    }

    @Test
    void aClaimThatAnOlderVersionMadeTooLateIsTakenBack() {
        story.tell(requested(image), published(image), requested(version(2)));
        story.tell(new ImageRemoved(version(2), version(2)));
        Event late = new Event.TaskDeferred(
                image,
                new TaskId("FillVolume/0"),
                1,
                Event.TaskDeferred.Deferral.STARVED,
                FailureReason.INTERNAL,
                "the volume is being filled",
                Instant.EPOCH,
                "publisher-9");
        assertThat(story.tell(late))
                .singleElement()
                .isInstanceOfSatisfying(
                        RemoveImage.class,
                        remove -> assertThat(remove.keepCurrent()).isTrue());
    }

    private static ImageLost lost(Incarnation image) {
        return new ImageLost(image, published(image), "the registry does not have it any more");
    }

    @Test
    void aLostImageIsLeftAloneUntilItIsBackOrGone() {
        story.tell(requested(image), published(image));
        assertThat(story.tell(lost(image))).isEmpty();
        assertThat(story.later(Duration.ofDays(1))).isEmpty();
        assertThat(story.tell(requested(image))).isEmpty();
        assertThat(story.tell(published(image))).isEmpty();
        assertThat(story.tell(lost(image))).isEmpty();
        assertThat(story.tell(new ImageWithdrawn(image))).singleElement().isInstanceOf(RemoveImage.class);
        assertThat(story.tell(new ImageRemoved(image, null))).isEmpty();
        assertThat(story.later(Duration.ofDays(1))).isEmpty();
    }

    @Test
    void aLossThatIsAllThatIsKnownBeforeTheRequestIsAsGoodAsAPublication() {
        assertThat(story.tell(lost(image))).isEmpty();
        // It may be the first of its version that this fold hears of: what is older has to go, and nothing is made
        // anew.
        assertThat(story.tell(requested(image))).isEmpty();
        assertThat(story.later(Duration.ofDays(1))).isEmpty();
    }

    @Test
    void aLossOfWhatIsRemovedAlreadyIsRemovedOnceMore() {
        story.tell(requested(image), published(image), new ImageWithdrawn(image), new ImageRemoved(image, null));
        assertThat(story.tell(lost(image))).singleElement().isInstanceOf(RemoveImage.class);
        assertThat(story.tell(new ImageRemoved(image, null))).isEmpty();
        assertThat(story.later(Duration.ofDays(1))).isEmpty();
    }

    @Test
    void aLateLossOfAnOlderVersionNeverHidesTheCurrentOne() {
        Incarnation newer = version(2);
        story.tell(requested(newer), new ImageRemoved(newer, newer), published(newer));
        assertThat(story.tell(lost(image))).contains(published(newer)).hasSize(2);
        assertThat(story.tell(published(newer))).isEmpty();
        assertThat(story.tell(new ImageRemoved(newer, newer))).containsExactly(published(newer));
        assertThat(story.tell(published(newer))).isEmpty();
    }

    @Test
    void theLastWordOnALostImageIsThatItIsLost() {
        Incarnation newer = version(2);
        story.tell(requested(newer), new ImageRemoved(newer, newer), published(newer), lost(newer));
        assertThat(story.tell(published(image))).contains(lost(newer)).hasSize(2);
        assertThat(story.tell(lost(newer))).isEmpty();
        assertThat(story.tell(new ImageRemoved(newer, newer))).containsExactly(lost(newer));
        assertThat(story.tell(lost(newer))).isEmpty();
        assertThat(story.tell(published(newer))).isEmpty();
    }

    @Test
    void aLateLossOfAnOlderVersionDoesNotHoldUpTheNewer() {
        Incarnation newer = version(2);
        story.tell(requested(newer), new ImageRemoved(newer, newer));
        assertThat(story.tell(lost(image))).singleElement().isInstanceOf(RemoveImage.class);
        assertThat(story.tell(new ImageRemoved(newer, newer))).isEmpty();
        assertThat(story.tell(published(newer))).isEmpty();
    }
}
