package io.virtualimage.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.disk.ByteSource;
import io.virtualimage.disk.ReadLimits;
import io.virtualimage.disk.recipe.RecipeBytes;
import io.virtualimage.disk.recipe.RecipeReader;
import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.disk.wrapper.UnpackLimits;
import io.virtualimage.stage.staging.InMemoryStagingStore;
import io.virtualimage.stage.staging.RecipeDocuments;
import io.virtualimage.stage.staging.SegmentFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.StagingStore.Overwrite;
import io.virtualimage.stage.work.FakeContext;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.topics.DiskOutput;
import io.virtualimage.topics.DiskOutput.Layout;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.DiskInspected;
import io.virtualimage.topics.Event.RecipeWritten;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.SegmentKind;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Storage;
import io.virtualimage.topics.Task;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes onto a volume is what QEMU makes of the image. */
class BareDiskTest {
    private static final Incarnation IMAGE = new Incarnation("team", "cirros", "uid-1", 1, 0);
    private static final Task.Header HEADER = new Task.Header(IMAGE, 0, new Position(0, 1), 1);
    private static final int SEGMENT_BYTES = 2 << 20;

    private final InMemoryStagingStore staging = new InMemoryStagingStore();
    private final List<Event> topic = new ArrayList<>();
    private final FakeContext context = new FakeContext(topic);

    @TempDir
    Path directory;

    private ConvertWorker worker(UnpackLimits limits) {
        ConvertPorts usual = ConvertPorts.of(staging, (image, from) -> {
            throw new AssertionError("everything is staged");
        });
        return new ConvertWorker(new ConvertPorts(
                staging, usual.feeds(), ReadLimits.DEFAULT, usual.maxDiskBytes(), limits, usual.unpackThreads()));
    }

    private ConvertWorker worker() {
        return worker(UnpackLimits.DEFAULT);
    }

    private StagedSource stage(byte[] image) throws IOException {
        SegmentLayout layout = new SegmentLayout(image.length, SEGMENT_BYTES);
        StagedSource staged =
                new StagedSource(0, null, SEGMENT_BYTES, layout.lengthBytes(), SegmentSet.EMPTY, SegmentSet.EMPTY);
        for (int i = 0; i < layout.count(); i++) {
            ByteArrayInputStream body = new ByteArrayInputStream(image, (int) layout.offsetOf(i), layout.lengthOf(i));
            SegmentFacts facts = staging.put(
                            SegmentKey.source(IMAGE, 0, i), null, layout.lengthOf(i), body, Overwrite.ALLOW)
                    .orElseThrow();
            staged = staged.with(i, facts.allZero());
        }
        return staged;
    }

    private DiskOutput inspect(StagedSource staged) throws Exception {
        worker().run(new Task.InspectDisk(HEADER, staged, "disk.img", null, Storage.PERSISTENT_VOLUME_CLAIM), context);
        return ((DiskInspected) topic.removeFirst()).output();
    }

    private void qemuImg(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of("qemu-img"));
        command.addAll(List.of(arguments));
        Process process = new ProcessBuilder(command).inheritIO().start();
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "qcow2",
                "qcow2 -o cluster_size=4k",
                "qcow2 -c -o compression_type=zlib",
                "qcow2 -c -o compression_type=zstd",
                "vmdk",
                "vmdk -o subformat=streamOptimized",
                "vdi",
                "vdi -o static=on",
                "vpc -o subformat=dynamic",
                "vpc -o subformat=fixed",
                "vhdx -o subformat=dynamic,block_size=1M"
            })
    void isWhatQemuMakesOfIt(String made) throws Exception {
        Path raw = directory.resolve("raw");
        SampleImages.writeRaw(raw, (20 << 20) + 3 * 512, 5 << 20, 11);
        Path image = directory.resolve("image");
        String[] options = made.split(" ");
        List<String> command = new ArrayList<>(List.of("convert", "-f", "raw", "-O"));
        command.addAll(List.of(options));
        command.addAll(List.of(raw.toString(), image.toString()));
        qemuImg(command.toArray(String[]::new));
        Path expected = directory.resolve("expected");
        qemuImg("convert", "-f", options[0], "-O", "raw", image.toString(), expected.toString());

        StagedSource staged = stage(Files.readAllBytes(image));
        DiskOutput output = inspect(staged);
        assertThat(output).isEqualTo(new DiskOutput(Layout.RECIPE, ImageFormat.RAW, "disk.img"));
        worker().run(new Task.MapDisk(HEADER, SegmentKind.SOURCE, staged, output), context);
        RecipeWritten written = (RecipeWritten) topic.removeFirst();
        assertThat(written.lengthBytes()).isEqualTo(Files.size(expected));
        for (int i = 0; i < written.unpacked(); i++) {
            worker().run(new Task.ConvertSegment(HEADER, SegmentKind.SOURCE, staged, i), context);
        }
        assertThat(bytes(staged, written)).isEqualTo(Files.readAllBytes(expected));
    }

    private byte[] bytes(StagedSource staged, RecipeWritten written) throws Exception {
        RecipeReader recipe = RecipeReader.open(new StagedRecipe(new RecipeDocuments(staging, IMAGE, 0)));
        ByteSource source = new StagedBytes(staging, IMAGE, SegmentKind.SOURCE, staged, 2, context);
        return new RecipeBytes(recipe, source, new Groups(recipe))
                .read(0, (int) written.lengthBytes())
                .array();
    }

    /** The unpacked space, from what was staged of it. */
    private final class Groups implements ByteSource {
        private final RecipeReader recipe;

        Groups(RecipeReader recipe) {
            this.recipe = recipe;
        }

        @Override
        public long lengthBytes() {
            return Long.MAX_VALUE;
        }

        @Override
        public void read(long offset, ByteBuffer target) throws IOException {
            long position = offset;
            while (target.hasRemaining()) {
                int group = recipe.groupAt(position);
                int within = (int) (position - recipe.groupOffset(group));
                int count = Math.min(target.remaining(), recipe.groupLengthBytes(group) - within);
                target.put(group(group), within, count);
                position += count;
            }
        }

        private byte[] group(int index) throws IOException {
            try {
                SegmentKey key = new SegmentKey(IMAGE, 0, SegmentKind.DISK, index);
                return staging.facts(key).isEmpty()
                        ? new byte[recipe.groupLengthBytes(index)]
                        : staging.read(key, null);
            } catch (Exception e) {
                throw new IOException(e);
            }
        }
    }

    @Test
    void whatIsBareAlreadyPassesThrough() throws Exception {
        byte[] disk = new byte[3 * SEGMENT_BYTES + 100];
        Arrays.fill(disk, 1000, 2000, (byte) 0x80);
        assertThat(inspect(stage(disk))).isEqualTo(new DiskOutput(Layout.PASS_THROUGH, ImageFormat.RAW, "disk.img"));

        Path iso = directory.resolve("disc.iso");
        SampleImages.writeIso(iso, 1 << 20, 1, "DATA");
        assertThat(inspect(stage(Files.readAllBytes(iso))))
                .isEqualTo(new DiskOutput(Layout.PASS_THROUGH, ImageFormat.ISO, "disk.iso"));
    }

    @Test
    void aDiskWithFarMoreDataThanItsImageIsRefused() throws Exception {
        Path raw = directory.resolve("raw");
        SampleImages.writeRaw(raw, 20 << 20, 5 << 20, 11);
        Path image = directory.resolve("image");
        qemuImg("convert", "-f", "raw", "-O", "qcow2", raw.toString(), image.toString());
        StagedSource staged = stage(Files.readAllBytes(image));
        DiskOutput output = inspect(staged);
        UnpackLimits usual = UnpackLimits.DEFAULT;
        UnpackLimits tight =
                new UnpackLimits(4 << 20, usual.maxRatio(), usual.maxXzMemoryBytes(), usual.maxZstdWindowBytes());
        Task map = new Task.MapDisk(HEADER, SegmentKind.SOURCE, staged, output);
        ImageFailedException failed = catchThrowableOfType(
                ImageFailedException.class, () -> worker(tight).run(map, context));
        assertThat(failed.reason()).isEqualTo(FailureReason.OVER_LIMIT);
    }
}
