package io.virtualimage.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.MemoryByteSource;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.content.DiskContent;
import io.virtualimage.disk.inspect.DiskInspector;
import io.virtualimage.disk.qcow2.Qcow2Format;
import io.virtualimage.disk.recipe.RecipeBytes;
import io.virtualimage.disk.recipe.RecipeReader;
import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.stage.staging.InMemoryStagingStore;
import io.virtualimage.stage.staging.RecipeDocuments;
import io.virtualimage.stage.staging.SegmentFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.SegmentLostException;
import io.virtualimage.stage.staging.StagingStore.Overwrite;
import io.virtualimage.stage.work.FakeContext;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.stage.work.TaskDeferredException;
import io.virtualimage.topics.Compression;
import io.virtualimage.topics.DiskOutput;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.ConvertCompleted;
import io.virtualimage.topics.Event.DiskInspected;
import io.virtualimage.topics.Event.RecipeWritten;
import io.virtualimage.topics.Event.SegmentConverted;
import io.virtualimage.topics.Event.SourceCompressed;
import io.virtualimage.topics.Event.SourceUnpacked;
import io.virtualimage.topics.Event.TaskDeferred.Deferral;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ConvertWorkerTest {
    private static final Incarnation IMAGE = new Incarnation("team", "cirros", "uid-1", 1, 0);
    private static final int SEGMENT_BYTES = 256 << 10;
    private static final String SESSION = "0123456789abcdef";

    private final InMemoryStagingStore staging = new InMemoryStagingStore();
    private final ConvertWorker worker = new ConvertWorker(ConvertPorts.of(staging, (image, from) -> {
        throw new AssertionError("everything is staged");
    }));
    private final List<Event> topic = new ArrayList<>();
    private final FakeContext context = new FakeContext(topic);

    /** Stages an image, but for the segments left out. */
    private Task.InspectDisk stage(byte[] image, @Nullable String session, int... missing) throws IOException {
        SegmentLayout layout = new SegmentLayout(image.length, SEGMENT_BYTES);
        StagedSource staged =
                new StagedSource(0, session, SEGMENT_BYTES, layout.lengthBytes(), SegmentSet.EMPTY, SegmentSet.EMPTY);
        for (int i = 0; i < layout.count(); i++) {
            int index = i;
            if (Arrays.stream(missing).noneMatch(it -> it == index)) {
                ByteArrayInputStream body =
                        new ByteArrayInputStream(image, (int) layout.offsetOf(i), layout.lengthOf(i));
                SegmentKey key = SegmentKey.source(IMAGE, 0, i);
                SegmentFacts facts = staging.put(key, session, layout.lengthOf(i), body, Overwrite.ALLOW)
                        .orElseThrow();
                staged = staged.with(i, facts.allZero());
            }
        }
        return new Task.InspectDisk(
                new Task.Header(IMAGE, 0, new Position(0, 1), 1), staged, "My disk.img", null, null);
    }

    private static byte[] qcow2() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        SampleImages.writeQcow2(bytes, 64 << 20, 2 << 20, 1);
        return bytes.toByteArray();
    }

    @Test
    void saysWhatAQcow2Is() throws Exception {
        worker.run(stage(qcow2(), null), context);
        DiskOutput output = new DiskOutput(DiskOutput.Layout.PASS_THROUGH, ImageFormat.QCOW2, "My-disk.qcow2");
        assertThat(topic).containsExactly(new DiskInspected(IMAGE, 0, ImageFormat.QCOW2, 64 << 20, false, output));

        topic.clear();
        worker.run(map(stage(qcow2(), null), output), context);
        assertThat(topic).containsExactly(new ConvertCompleted(IMAGE, 0));
    }

    private static Task.MapDisk map(Task.InspectDisk inspected, DiskOutput output) {
        return new Task.MapDisk(inspected.header(), SegmentKind.SOURCE, inspected.staged(), output);
    }

    @Test
    void aMapThatIsDamagedAnywhereFailsTheImage() throws Exception {
        byte[] image = qcow2();
        ByteBuffer.wrap(image).putLong((int) l2Table(image) + 8, 0x7fff_0000L); // far behind the end of the file
        DiskOutput output = new DiskOutput(DiskOutput.Layout.PASS_THROUGH, ImageFormat.QCOW2, "a.qcow2");
        Task task = map(stage(image, null), output);
        ImageFailedException failed = catchThrowableOfType(ImageFailedException.class, () -> worker.run(task, context));
        assertThat(failed.reason()).isEqualTo(FailureReason.IMAGE_MALFORMED);
        assertThat(failed.words()).contains("0x%x".formatted(l2Table(image) + 8));
        assertThat(topic).isEmpty();
    }

    private static long l2Table(byte[] image) {
        ByteBuffer bytes = ByteBuffer.wrap(image);
        return bytes.getLong((int) bytes.getLong(40)) & Qcow2Format.OFFSET_MASK;
    }

    @Test
    void aRawDiskBecomesQcow2WithoutItsZeros() throws Exception {
        byte[] disk = new byte[8 << 20];
        Arrays.fill(disk, 3 << 20, (3 << 20) + 100, (byte) 7);
        Arrays.fill(disk, (5 << 20) - 100, (5 << 20) + 100, (byte) 8);
        Task.InspectDisk inspect = stage(disk, null);
        worker.run(inspect, context);
        DiskOutput output = ((DiskInspected) topic.getFirst()).output();
        assertThat(output).isEqualTo(new DiskOutput(DiskOutput.Layout.RECIPE, ImageFormat.QCOW2, "My-disk.qcow2"));

        topic.clear();
        worker.run(map(inspect, output), context);
        RecipeWritten written = (RecipeWritten) topic.getFirst();
        // Three clusters of data, and header, L1, L2, refcount block and table.
        assertThat(written).isEqualTo(new RecipeWritten(IMAGE, 0, 8L * (64 << 10), 0));
        assertThat(guestBytes(output(inspect.staged(), written))).isEqualTo(disk);
    }

    /** The output that the recipe stands for. */
    private byte[] output(StagedSource staged, RecipeWritten written) throws Exception {
        RecipeReader recipe = RecipeReader.open(new StagedRecipe(new RecipeDocuments(staging, IMAGE, 0)));
        ByteSource source = new StagedBytes(staging, IMAGE, SegmentKind.SOURCE, staged, 2, context);
        ByteSource nothing = new MemoryByteSource(new byte[0]);
        return new RecipeBytes(recipe, source, nothing)
                .read(0, (int) written.lengthBytes())
                .array();
    }

    private static byte[] guestBytes(byte[] image) throws Exception {
        try (DiskContent content =
                new DiskContent(DiskInspector.open(new MemoryByteSource(image), ReadLimits.DEFAULT))) {
            return content.read(0, (int) content.lengthBytes()).array();
        }
    }

    @Test
    void unpacksASourceAndStagesOnlyWhatIsNotThere() throws Exception {
        byte[] disk = new byte[5 * SEGMENT_BYTES / 2];
        new Random(1).nextBytes(disk);
        Task.InspectDisk packed = stage(gzip(disk), null);
        worker.run(packed, context);
        assertThat(topic).containsExactly(new SourceCompressed(IMAGE, 0, Compression.GZIP));

        topic.clear();
        StagedSource before = new StagedSource(0, null, SEGMENT_BYTES, null, SegmentSet.of(1), SegmentSet.EMPTY);
        worker.run(
                new Task.UnpackSource(packed.header(), packed.staged(), new Position(0, 9), Compression.GZIP, before),
                context);
        assertThat(topic).hasSize(3).last().isEqualTo(new SourceUnpacked(IMAGE, 0, disk.length));
        assertThat(topic.subList(0, 2))
                .extracting(event -> ((SegmentConverted) event).index())
                .containsExactly(0, 2);
        assertThat(staging.read(new SegmentKey(IMAGE, 0, SegmentKind.PLAIN, 2), null))
                .isEqualTo(Arrays.copyOfRange(disk, 2 * SEGMENT_BYTES, disk.length));
    }

    @Test
    void aDamagedRecipeIsALostOne() throws Exception {
        Task.InspectDisk image = stage(new byte[SEGMENT_BYTES], null);
        new RecipeDocuments(staging, IMAGE, 0).put("index", new byte[] {1, 2, 3});
        Task task = new Task.ConvertSegment(image.header(), SegmentKind.SOURCE, image.staged(), 0);
        assertThatThrownBy(() -> worker.run(task, context))
                .isInstanceOfSatisfying(
                        SegmentLostException.class,
                        lost -> assertThat(lost.key().kind()).isEqualTo(SegmentKind.RECIPE));
    }

    private static byte[] gzip(byte[] bytes) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(bytes);
        }
        return packed.toByteArray();
    }

    @Test
    void saysWhatAnIsoIs() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        SampleImages.writeIso(bytes, 1 << 20, 1, "DATA");
        worker.run(stage(bytes.toByteArray(), null), context);
        assertThat(topic).first().isInstanceOfSatisfying(DiskInspected.class, said -> {
            assertThat(said.format()).isEqualTo(ImageFormat.ISO);
            assertThat(said.cdrom()).isTrue();
            assertThat(said.output().fileName()).isEqualTo("My-disk.iso");
            assertThat(said.virtualSizeBytes()).isEqualTo(bytes.size());
        });
    }

    @Test
    void readsZerosThatHaveNoObject() throws Exception {
        byte[] disk = new byte[3 * SEGMENT_BYTES + 100];
        disk[SEGMENT_BYTES] = 1;
        worker.run(stage(disk, null), context);
        assertThat(topic).first().isInstanceOfSatisfying(DiskInspected.class, said -> {
            assertThat(said.format()).isEqualTo(ImageFormat.RAW);
            assertThat(said.virtualSizeBytes()).isEqualTo(3 * SEGMENT_BYTES + 512);
        });
    }

    @Test
    void theBeginningOfAStreamIsEnoughForAQcow2ButNotForARawDisk() throws Exception {
        byte[] image = qcow2();
        int last = new SegmentLayout(image.length, SEGMENT_BYTES).count() - 1;
        worker.run(stage(image, SESSION, last), context);
        assertThat(topic).hasSize(1);

        topic.clear();
        byte[] raw = new byte[3 * SEGMENT_BYTES];
        Arrays.fill(raw, (byte) 0x80);
        Task task = stage(raw, SESSION, 2);
        TaskDeferredException deferred =
                catchThrowableOfType(TaskDeferredException.class, () -> worker.run(task, context));
        assertThat(deferred.deferral()).isEqualTo(Deferral.STARVED);
        assertThat(deferred.delay()).isPositive();
        assertThat(topic).isEmpty();
    }

    @Test
    void aLostSegmentIsSaidAsOne() throws Exception {
        Task task = stage(qcow2(), null);
        staging.cleanAll(IMAGE.uid());
        assertThatThrownBy(() -> worker.run(task, context))
                .isInstanceOfSatisfying(
                        SegmentLostException.class,
                        lost -> assertThat(lost.key().index()).isZero());
    }

    @Test
    void badInputFailsTheImageWithAReason() throws Exception {
        byte[] malformed = qcow2();
        Arrays.fill(malformed, 24, 32, (byte) 0); // virtual size
        assertThat(failure(malformed).reason()).isEqualTo(FailureReason.IMAGE_MALFORMED);
        assertThat(failure(malformed).words()).startsWith("qcow2").contains("offset 0x18");

        byte[] huge = qcow2();
        huge[23] = 99; // cluster_bits
        assertThat(failure(huge).reason()).isEqualTo(FailureReason.OVER_LIMIT);

        byte[] backed = qcow2();
        backed[15] = 104; // backing_file_offset
        backed[19] = 5; // backing_file_size
        assertThat(failure(backed).reason()).isEqualTo(FailureReason.IMAGE_UNSUPPORTED);

        byte[] vmdk = Arrays.copyOf("KDMV\1\0\0\0".getBytes(StandardCharsets.ISO_8859_1), 1 << 20);
        assertThat(failure(vmdk).reason()).isEqualTo(FailureReason.IMAGE_UNSUPPORTED);

        byte[] page = "<html><title>404 Not Found</title></html>".getBytes(StandardCharsets.UTF_8);
        assertThat(failure(page).reason()).isEqualTo(FailureReason.NOT_AN_IMAGE);
        assertThat(failure(page).words()).contains("404 Not Found");
        assertThat(topic).isEmpty();
    }

    private ImageFailedException failure(byte[] image) throws IOException {
        Task task = stage(image, null);
        return catchThrowableOfType(ImageFailedException.class, () -> worker.run(task, context));
    }

    @Test
    void stopsWhenTheTaskIsTakenAway() throws Exception {
        Task task = stage(qcow2(), null);
        context.abandonedAfter(0);
        assertThatThrownBy(() -> worker.run(task, context)).isInstanceOf(TaskAbandonedException.class);
        assertThat(topic).isEmpty();
    }

    @Test
    void takesNoTasksOfOtherStages() {
        Task task = new Task.CleanStaging(new Task.Header(IMAGE, 0, new Position(0, 1), 1), true);
        assertThatThrownBy(() -> worker.run(task, context)).isInstanceOf(IllegalArgumentException.class);
    }
}
