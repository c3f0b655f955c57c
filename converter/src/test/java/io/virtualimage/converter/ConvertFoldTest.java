package io.virtualimage.converter;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.Compression;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.DiskOutput;
import io.virtualimage.topics.Event.ConvertCompleted;
import io.virtualimage.topics.Event.DiskInspected;
import io.virtualimage.topics.Event.FetchCompleted;
import io.virtualimage.topics.Event.ImageRequested;
import io.virtualimage.topics.Event.ImageWithdrawn;
import io.virtualimage.topics.Event.RecipeWritten;
import io.virtualimage.topics.Event.SegmentConverted;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.SegmentMissing;
import io.virtualimage.topics.Event.SourceCompressed;
import io.virtualimage.topics.Event.SourceOpened;
import io.virtualimage.topics.Event.SourceUnpacked;
import io.virtualimage.topics.Event.StageFailed;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.ImageUse;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.Stage;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.Task.ConvertSegment;
import io.virtualimage.topics.Task.InspectDisk;
import io.virtualimage.topics.Task.MapDisk;
import io.virtualimage.topics.Task.UnpackSource;
import io.virtualimage.topics.Validator;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ConvertFoldTest {
    private static final int MI = 1 << 20;
    private static final Incarnation IMAGE = new Incarnation("team", "cirros", "uid-1", 1, 0);
    private static final String SESSION = "0123456789abcdef";

    private final Story story = new Story(new ConvertFold());

    private static ImageRequested requested() {
        DataSource source = new DataSource.Http("https://example.com/a.qcow2", false, Checksums.NONE);
        return new ImageRequested(IMAGE, source, Storage.CONTAINER_REGISTRY, null, null, null);
    }

    private static SourceOpened opened(int epoch, @Nullable Long length, boolean ranges) {
        Validator validator = new Validator(Validator.Kind.ETAG, "\"1\"");
        return new SourceOpened(IMAGE, epoch, length, MI, validator, ranges, "a.qcow2", null);
    }

    private static SegmentFetched fetched(int epoch, @Nullable String session, int index) {
        return new SegmentFetched(IMAGE, epoch, session, index, MI, 0, SegmentSet.EMPTY, false, null, "fetcher-0");
    }

    private static DiskInspected inspected(int epoch) {
        DiskOutput output = new DiskOutput(DiskOutput.Layout.PASS_THROUGH, ImageFormat.QCOW2, "a.qcow2");
        return new DiskInspected(IMAGE, epoch, ImageFormat.QCOW2, 40L * MI, false, output);
    }

    @Test
    void inspectsARangedSourceWhenItsEndsAreStaged() {
        assertThat(story.tell(requested(), opened(0, 10L * MI, true))).isEmpty();
        assertThat(story.tell(fetched(0, null, 0), fetched(0, null, 1))).isEmpty();

        assertThat(story.tell(fetched(0, null, 9))).singleElement().isInstanceOfSatisfying(InspectDisk.class, task -> {
            assertThat(task.header()).isEqualTo(new Task.Header(IMAGE, 0, new Position(0, 1), 1));
            assertThat(task.staged().present()).isEqualTo(SegmentSet.parse("0-1,9"));
            assertThat(task.fileName()).isEqualTo("a.qcow2");
        });
        assertThat(story.tell(fetched(0, null, 5))).isEmpty();
    }

    /** Who uses an image is said in its request, at any time. */
    @Test
    void aRequestThatIsSaidAgainConvertsNothingAgain() {
        ImageRequested again = requested().with(new ImageUse(List.of("vm"), true), "1");
        story.tell(requested(), opened(0, 2L * MI, false));
        assertThat(story.tell(fetched(0, SESSION, 0))).hasSize(1);
        assertThat(story.tell(again)).isEmpty();
        assertThat(story.tell(inspected(0))).isEmpty();
        assertThat(story.tell(fetched(0, SESSION, 1))).singleElement().isInstanceOf(MapDisk.class);
        assertThat(story.tell(again)).isEmpty();
        assertThat(story.tell(new ConvertCompleted(IMAGE, 0), again)).isEmpty();
    }

    @Test
    void inspectsAStreamFromItsBeginningIfTheLengthIsKnown() {
        story.tell(requested(), opened(0, 10L * MI, false));
        assertThat(story.tell(fetched(0, SESSION, 0))).singleElement().isInstanceOf(InspectDisk.class);
    }

    @Test
    void waitsForTheLengthOfAStream() {
        story.tell(requested(), opened(0, null, false));
        assertThat(story.tell(fetched(0, SESSION, 0), fetched(0, SESSION, 1))).isEmpty();
        assertThat(story.tell(new FetchCompleted(IMAGE, 0, 2L * MI)))
                .singleElement()
                .isInstanceOf(InspectDisk.class);
    }

    @Test
    void goesThroughTheMapWhenAllIsStaged() {
        story.tell(requested(), opened(0, 2L * MI, false), fetched(0, SESSION, 0));
        assertThat(story.tell(inspected(0))).isEmpty();
        assertThat(story.tell(fetched(0, SESSION, 1))).singleElement().isInstanceOfSatisfying(MapDisk.class, task -> {
            assertThat(task.basis()).isEqualTo(SegmentKind.SOURCE);
            assertThat(task.staged().complete()).isTrue();
        });
        // Its worker may have died: the task is still out, and given out again when it stays silent.
        assertThat(story.later(Duration.ofMinutes(11))).singleElement().isInstanceOf(MapDisk.class);
        assertThat(story.tell(new ConvertCompleted(IMAGE, 0))).isEmpty();
        assertThat(story.later(Duration.ofDays(1))).isEmpty();
    }

    @Test
    void aDiscNeedsNoLookAtItsMap() {
        story.tell(requested(), opened(0, (long) MI, true), fetched(0, null, 0));
        DiskOutput output = new DiskOutput(DiskOutput.Layout.PASS_THROUGH, ImageFormat.ISO, "a.iso");
        assertThat(story.tell(new DiskInspected(IMAGE, 0, ImageFormat.ISO, MI, true, output)))
                .containsExactly(new ConvertCompleted(IMAGE, 0));
    }

    @Test
    void unpacksWhatIsCompressedAndInspectsWhatComesOut() {
        story.tell(requested(), opened(0, 2L * MI, true), fetched(0, null, 0), fetched(0, null, 1));
        assertThat(story.tell(new SourceCompressed(IMAGE, 0, Compression.XZ)))
                .singleElement()
                .isInstanceOfSatisfying(UnpackSource.class, task -> {
                    assertThat(task.compression()).isEqualTo(Compression.XZ);
                    assertThat(task.follow()).isEqualTo(new Position(0, 4));
                    assertThat(task.plain().present()).isEqualTo(SegmentSet.EMPTY);
                    assertThat(task.plain().segmentBytes()).isEqualTo(MI);
                });
        assertThat(story.tell(converted(SegmentKind.PLAIN, 0), converted(SegmentKind.PLAIN, 1)))
                .isEmpty();
        assertThat(story.tell(converted(SegmentKind.PLAIN, 2), new SourceUnpacked(IMAGE, 0, 3L * MI)))
                .singleElement()
                .isInstanceOfSatisfying(InspectDisk.class, task -> {
                    assertThat(task.plain()).isNotNull();
                    assertThat(task.plain().complete()).isTrue();
                });
        assertThat(story.tell(inspected(0)))
                .singleElement()
                .isInstanceOfSatisfying(
                        MapDisk.class, task -> assertThat(task.basis()).isEqualTo(SegmentKind.PLAIN));
    }

    @Test
    void unpacksClustersBySegmentsAndIsDoneWhenAllAreThere() {
        story.tell(requested(), opened(0, (long) MI, true), fetched(0, null, 0), inspected(0));
        assertThat(story.tell(new RecipeWritten(IMAGE, 0, 9L * MI, 3)))
                .extracting(task -> ((ConvertSegment) task).index())
                .containsExactly(0, 1, 2);
        assertThat(story.tell(converted(SegmentKind.DISK, 2), converted(SegmentKind.DISK, 0)))
                .isEmpty();
        assertThat(story.tell(converted(SegmentKind.DISK, 1))).containsExactly(new ConvertCompleted(IMAGE, 0));
        // It may not have got onto its topic.
        assertThat(story.later(Duration.ofSeconds(11))).containsExactly(new ConvertCompleted(IMAGE, 0));
        assertThat(story.tell(new ConvertCompleted(IMAGE, 0))).isEmpty();
        assertThat(story.later(Duration.ofDays(1))).isEmpty();
    }

    @Test
    void makesAgainWhatTurnsOutToBeLost() {
        story.tell(requested(), opened(0, 2L * MI, true), fetched(0, null, 0), fetched(0, null, 1));
        story.tell(new SourceCompressed(IMAGE, 0, Compression.GZIP), converted(SegmentKind.PLAIN, 0));
        story.tell(new SourceUnpacked(IMAGE, 0, (long) MI), inspected(0), new RecipeWritten(IMAGE, 0, 9L * MI, 1));
        story.tell(converted(SegmentKind.DISK, 0), new ConvertCompleted(IMAGE, 0));

        assertThat(story.tell(lost(SegmentKind.DISK, 0))).singleElement().isInstanceOf(ConvertSegment.class);
        story.tell(converted(SegmentKind.DISK, 0), new ConvertCompleted(IMAGE, 0));
        assertThat(story.tell(lost(SegmentKind.PLAIN, 0))).singleElement().isInstanceOf(UnpackSource.class);
        story.tell(converted(SegmentKind.PLAIN, 0), new ConvertCompleted(IMAGE, 0));
        assertThat(story.tell(lost(SegmentKind.RECIPE, 0))).singleElement().isInstanceOf(MapDisk.class);
        assertThat(story.tell(new RecipeWritten(IMAGE, 0, 9L * MI, 1))).containsExactly(new ConvertCompleted(IMAGE, 0));
        story.tell(new ConvertCompleted(IMAGE, 0));
        // The source's own segments are somebody else's business.
        assertThat(story.tell(lost(null, 0))).isEmpty();
    }

    private static SegmentConverted converted(SegmentKind kind, int index) {
        return new SegmentConverted(IMAGE, 0, kind, index, MI, 0, SegmentSet.EMPTY, false, "converter-0");
    }

    private static SegmentMissing lost(@Nullable SegmentKind kind, int index) {
        return new SegmentMissing(IMAGE, 0, null, index, kind);
    }

    @Test
    void inspectsEachEpochAnew() {
        story.tell(requested(), opened(0, (long) MI, true), fetched(0, null, 0));
        story.tell(inspected(0), new ConvertCompleted(IMAGE, 0));
        story.tell(new StreamBroken(IMAGE, 0, StreamBroken.Cause.SOURCE_CHANGED, "another ETag", "fetcher-0"));
        assertThat(story.tell(opened(1, (long) MI, true), fetched(1, null, 0)))
                .singleElement()
                .isInstanceOfSatisfying(
                        InspectDisk.class, task -> assertThat(task.epoch()).isEqualTo(1));
    }

    @Test
    void leavesAloneWhatIsOver() {
        story.tell(requested(), opened(0, (long) MI, true));
        story.tell(new StageFailed(IMAGE, Stage.FETCH, FailureReason.SOURCE_REFUSED, "404 Not Found"));
        assertThat(story.tell(fetched(0, null, 0))).isEmpty();

        Story withdrawn = new Story(new ConvertFold());
        withdrawn.tell(requested(), opened(0, (long) MI, true), new ImageWithdrawn(IMAGE));
        assertThat(withdrawn.tell(fetched(0, null, 0))).isEmpty();
    }
}
