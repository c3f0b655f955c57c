package io.virtualimage.fetcher.work;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.fetcher.source.ResolvedSource;
import io.virtualimage.fetcher.source.Source;
import io.virtualimage.fetcher.source.SourceException;
import io.virtualimage.fetcher.source.SourceProbe;
import io.virtualimage.fetcher.source.SourceStream;
import io.virtualimage.fetcher.source.SourceVersion;
import io.virtualimage.fetcher.volume.FakeVolumes;
import io.virtualimage.fetcher.volume.VolumeReading;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.ImageReference;
import io.virtualimage.oci.ReadingStoppedException;
import io.virtualimage.oci.layer.ReadWatch;
import io.virtualimage.stage.staging.InMemoryStagingStore;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.work.FakeContext;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.stage.work.TaskAbandonedException;
import io.virtualimage.topics.Checksums;
import io.virtualimage.topics.Compression;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.Event.SegmentFetched;
import io.virtualimage.topics.Event.StreamBroken;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.LayerEntry;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.Validator;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** A file in a layer: {@code abcdefghij}, from byte 1536 on. */
class ContainerImageWorkTest {
    private static final Incarnation IMAGE = new Incarnation("ns", "vi", "uid-1", 1, 0);
    private static final DataSource SOURCE = new DataSource.ContainerImage("r.example/a:1", null, false);
    private static final Task.Header HEADER = new Task.Header(IMAGE, 0, new Position(0, 7), 1);
    private static final int OFFSET = 1536;
    private static final byte[] LAYER = layer("abcdefghij");
    private static final LayerEntry ENTRY = new LayerEntry(Digest.sha256(LAYER).toString(), LAYER.length, null, OFFSET);
    private static final Validator VALIDATOR = new Validator(Validator.Kind.DIGEST, ENTRY.layer());

    private final FakeLayer source = new FakeLayer();
    private final InMemoryStagingStore staging = new InMemoryStagingStore();
    private final FakeContext context = new FakeContext();

    /** An archive of another file, with 300 bytes, and the disk. */
    private static byte[] layer(String disk) {
        ByteArrayOutputStream tar = new ByteArrayOutputStream();
        file(tar, "etc/other", "-".repeat(300));
        file(tar, "disk/a.img", disk);
        tar.writeBytes(new byte[1024]);
        return tar.toByteArray();
    }

    /** POSIX.1-1988, "ustar": the fields that count. */
    private static void file(ByteArrayOutputStream tar, String name, String content) {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 124, "%011o".formatted(content.length()));
        put(header, 148, "        0");
        int sum = 0;
        for (byte each : header) {
            sum += each & 0xff;
        }
        put(header, 148, "%06o".formatted(sum));
        header[154] = 0;
        tar.writeBytes(header);
        tar.writeBytes(content.getBytes(StandardCharsets.UTF_8));
        tar.writeBytes(new byte[-content.length() & 511]);
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    /** A registry that holds one layer, or something else under its digest. */
    private static final class FakeLayer implements Source {
        private byte[] bytes = LAYER;
        private final List<String> opened = new ArrayList<>();
        private @Nullable SourceException atTheEnd;
        private boolean gone;
        private boolean whileOpening;
        private ReadWatch watch = ReadWatch.NONE;

        @Override
        public Source watchedBy(ReadWatch other) {
            watch = other;
            return this;
        }

        @Override
        public SourceProbe probe(ResolvedSource source) throws ReadingStoppedException {
            watch.read(30);
            watch.read(12);
            return new SourceProbe(10L, VALIDATOR, true, "a.img", ENTRY);
        }

        private static ResolvedSource.LayerPiece file(ResolvedSource source) {
            return ((ResolvedSource.ContainerImage) source).file();
        }

        @Override
        public InputStream openRange(ResolvedSource source, SourceVersion version, long offset, long lengthBytes)
                throws SourceException {
            assertThat(version.validator()).isEqualTo(VALIDATOR);
            if (gone) {
                throw new SourceException.Changed("the blob is gone");
            }
            int from = (int) (file(source).entry().offsetBytes() + offset);
            opened.add(from + "+" + lengthBytes);
            return new ByteArrayInputStream(bytes, from, (int) lengthBytes);
        }

        @Override
        public SourceStream openStream(ResolvedSource source) {
            int from = (int) file(source).entry().offsetBytes();
            int length = (int) file(source).lengthBytes();
            InputStream file = new ByteArrayInputStream(bytes, from, length);
            return new SourceStream(new Ending(file), (long) length);
        }

        private final class Ending extends FilterInputStream {
            private Ending(InputStream file) {
                super(file);
            }

            @Override
            public int read() throws IOException {
                byte[] one = new byte[1];
                return read(one, 0, 1) < 0 ? -1 : one[0];
            }

            @Override
            public int read(byte[] buffer, int offset, int length) throws IOException {
                if (whileOpening) {
                    watch.read(0);
                    watch.read(0);
                }
                int count = super.read(buffer, offset, length);
                if (count < 0 && atTheEnd != null) {
                    throw atTheEnd;
                }
                return count;
            }
        }
    }

    private void run(Task task) throws Exception {
        new FetchWorker(
                        (image, data) -> new ResolvedSource.ContainerImage(
                                ImageReference.parse("r.example/a:1"),
                                URI.create("https://r.example"),
                                null,
                                null,
                                null),
                        source,
                        staging,
                        (image, from) -> {
                            throw new AssertionError("all is staged");
                        },
                        new VolumeReading(new FakeVolumes(), null, Clock.systemUTC()),
                        new Random(1))
                .run(task, context);
    }

    private static Task.FetchRange range(int index) {
        return new Task.FetchRange(HEADER, SOURCE, VALIDATOR, new SegmentLayout(10, 4), index, ENTRY);
    }

    private static Task.FetchStream stream() {
        LayerEntry packed = new LayerEntry(ENTRY.layer(), LAYER.length, Compression.GZIP, OFFSET);
        return new Task.FetchStream(HEADER, SOURCE, 4, 10L, packed);
    }

    private static Task.VerifySource verify() {
        return verify(ENTRY);
    }

    private static Task.VerifySource verify(LayerEntry entry) {
        StagedSource all = new StagedSource(0, null, 4, 10L, SegmentSet.parse("0-2"), SegmentSet.EMPTY);
        return new Task.VerifySource(HEADER, all, new Position(0, 3), Checksums.NONE, SOURCE, entry);
    }

    private String staged(int index, @Nullable String session) throws Exception {
        return new String(staging.read(SegmentKey.source(IMAGE, 0, index), session), StandardCharsets.UTF_8);
    }

    @Test
    void aProbeTellsWhereTheFileIs() throws Exception {
        run(new Task.ProbeSource(HEADER, SOURCE, 4));
        assertThat(context.announced())
                .containsExactly(new Event.SourceOpened(IMAGE, 0, 10L, 4, VALIDATOR, true, "a.img", ENTRY));
    }

    @Test
    void aSearchSaysHowFarItIsAndStopsWithItsTask() throws Exception {
        run(new Task.ProbeSource(HEADER, SOURCE, 4));
        assertThat(context.progress()).isEqualTo(42);
        context.announced().clear();
        context.abandonedAfter(1);
        assertThatThrownBy(() -> run(new Task.ProbeSource(HEADER, SOURCE, 4)))
                .isInstanceOf(TaskAbandonedException.class);
        assertThat(context.announced()).isEmpty();
    }

    /** As when bytes before the file are passed over. */
    @Test
    void aStreamStopsWithItsTaskBeforeItGivesAnything() {
        source.whileOpening = true;
        context.abandonedAfter(1);
        assertThatThrownBy(() -> run(stream())).isInstanceOf(TaskAbandonedException.class);
        assertThat(context.announced()).isEmpty();
    }

    @Test
    void aRangeIsAPieceOfTheFile() throws Exception {
        run(range(1));
        assertThat(source.opened).containsExactly(OFFSET + 4 + "+4");
        assertThat(staged(1, null)).isEqualTo("efgh");
    }

    @Test
    void aBlobThatIsGoneEndsTheEpoch() throws Exception {
        source.gone = true;
        run(range(1));
        assertThat(context.announced())
                .singleElement()
                .isInstanceOfSatisfying(
                        StreamBroken.class,
                        broken -> assertThat(broken.cause()).isEqualTo(StreamBroken.Cause.SOURCE_CHANGED));
    }

    private void stageAll() throws Exception {
        for (int index = 0; index < 3; index++) {
            run(range(index));
        }
        context.announced().clear();
        source.opened.clear();
    }

    /** The file's own bytes come from staging: not one of them is read again. */
    @Test
    void theWholeLayerIsVerified() throws Exception {
        stageAll();
        run(verify());
        int behind = OFFSET + 10;
        assertThat(source.opened).containsExactly("0+" + OFFSET, behind + "+" + (LAYER.length - behind));
        assertThat(context.announced()).containsExactly(new Event.SourceVerified(IMAGE, 0, Checksums.NONE));
        run(verify());
        assertThat(context.announced()).hasSize(2);
    }

    @Test
    void wrongBytesAnywhereAreRefused() throws Exception {
        for (int wrong : List.of(0, 600, OFFSET - 1, OFFSET + 10, LAYER.length - 1)) {
            stageAll();
            source.bytes = LAYER.clone();
            source.bytes[wrong] ^= 1;
            ImageFailedException failure = catchThrowableOfType(ImageFailedException.class, () -> run(verify()));
            assertThat(failure.reason()).isEqualTo(FailureReason.CHECKSUM_MISMATCH);
            assertThat(failure.words()).contains(ENTRY.layer()).contains("r.example/a:1");
            assertThat(context.announced()).isEmpty();
        }
        source.bytes = LAYER;
        stageAll();
        byte[] other = "efgX".getBytes(StandardCharsets.UTF_8);
        staging.put(
                SegmentKey.source(IMAGE, 0, 1), null, 4, new ByteArrayInputStream(other), StagingStore.Overwrite.ALLOW);
        assertThat(catchThrowableOfType(ImageFailedException.class, () -> run(verify()))
                        .reason())
                .isEqualTo(FailureReason.CHECKSUM_MISMATCH);
    }

    /** All bytes are the layer's, but not those of a file in it. */
    @Test
    void anotherPieceOfTheLayerIsRefused() throws Exception {
        for (int offset : List.of(512, OFFSET + 1, 0)) {
            staging.clean(IMAGE, false);
            LayerEntry wrong = new LayerEntry(ENTRY.layer(), LAYER.length, null, offset);
            for (int index = 0; index < 3; index++) {
                run(new Task.FetchRange(HEADER, SOURCE, VALIDATOR, new SegmentLayout(10, 4), index, wrong));
            }
            context.announced().clear();
            ImageFailedException failure = catchThrowableOfType(ImageFailedException.class, () -> run(verify(wrong)));
            assertThat(failure.reason()).isEqualTo(FailureReason.CHECKSUM_MISMATCH);
            assertThat(failure.words()).contains("no such file at byte " + offset);
            assertThat(context.announced()).isEmpty();
        }
    }

    @Test
    void aLayerThatIsGoneMeanwhileIsAnotherVersion() throws Exception {
        stageAll();
        source.gone = true;
        run(verify());
        assertThat(context.announced()).singleElement().isInstanceOf(StreamBroken.class);
    }

    @Test
    void aVerificationThatIsTakenAwayStops() throws Exception {
        stageAll();
        context.abandonedAfter(0);
        assertThatThrownBy(() -> run(verify())).isInstanceOf(TaskAbandonedException.class);
        assertThat(context.announced()).isEmpty();
    }

    @Test
    void aStreamIsTheFile() throws Exception {
        run(stream());
        SegmentFetched last = (SegmentFetched) context.announced().getLast();
        assertThat(staged(0, last.session()) + staged(1, last.session()) + staged(2, last.session()))
                .isEqualTo("abcdefghij");
        context.delivered(2);
        run(stream());
        assertThat(context.announced().getLast()).isInstanceOf(StreamBroken.class);
    }

    /** Its last segment is never announced, so nothing is ever complete. */
    @Test
    void aStreamOfAnotherDigestIsNoImage() {
        source.atTheEnd = new SourceException.Unusable(FailureReason.CHECKSUM_MISMATCH, "other bytes", null);
        assertThat(catchThrowableOfType(ImageFailedException.class, () -> run(stream()))
                        .reason())
                .isEqualTo(FailureReason.CHECKSUM_MISMATCH);
        assertThat(context.announced()).hasSize(2).allMatch(SegmentFetched.class::isInstance);
    }
}
