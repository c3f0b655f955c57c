package io.virtualimage.publisher;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.publisher.content.OutputContent;
import io.virtualimage.publisher.content.SegmentReader;
import io.virtualimage.publisher.content.SourceContent;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LayerBytesTest {
    private static final int HEAD = 512;

    private final Bench bench = new Bench();
    private LayerBytes layer;
    private StagedSource staged;

    @BeforeEach
    void open() {
        bench.stageAll();
        Task.PushLayer task = bench.push();
        staged = task.staged();
        OutputContent content = new SourceContent(
                task.image(), task.epoch(), task.staged().layout(), new SegmentReader(bench.staging, 1, null));
        layer = new LayerBytes(Bench.OUTPUT.fileName(), content, bench.context());
    }

    @Test
    void anyRangeIsThatPieceOfTheLayerZerosWithoutObjectsIncluded() throws Exception {
        byte[] whole = bench.layer();
        assertThat(layer.totalBytes()).isEqualTo(whole.length);
        for (int from = 0; from < whole.length; from += 311) {
            for (int to = from; to <= whole.length; to += 797) {
                ByteArrayOutputStream bytes = new ByteArrayOutputStream();
                layer.copy(from, to, staged, bytes::write);
                assertThat(bytes.toByteArray()).isEqualTo(Arrays.copyOfRange(whole, from, to));
            }
        }
    }

    @Test
    void isReadableUpToTheFirstGap() {
        assertThat(layer.readableBytes(staged)).isEqualTo(bench.layer().length);
        assertThat(layer.readableBytes(staged.without(9))).isEqualTo(HEAD + 9_000);
        assertThat(layer.readableBytes(staged.without(4).without(9))).isEqualTo(HEAD + 4_000);
        // The head alone is not worth a request.
        assertThat(layer.readableBytes(staged.without(0))).isZero();
    }

    @Test
    void chunksEndWhereSegmentsDo() {
        long all = bench.layer().length;
        assertThat(layer.chunkEnd(0, all, 2_500)).isEqualTo(HEAD + 1_000);
        assertThat(layer.chunkEnd(HEAD + 1_000, all, 2_500)).isEqualTo(HEAD + 3_000);
        assertThat(layer.chunkEnd(HEAD + 1_300, all, 2_500)).isEqualTo(HEAD + 3_000);
        assertThat(layer.chunkEnd(HEAD + 3_000, HEAD + 4_000, 2_500)).isEqualTo(HEAD + 4_000);
        assertThat(layer.chunkEnd(HEAD + 8_000, all, 100_000)).isEqualTo(all);
    }

    @Test
    void chunksSmallerThanASegmentGoOnToo() {
        long all = bench.layer().length;
        long position = 0;
        int chunks = 0;
        while (position < all) {
            long end = layer.chunkEnd(position, all, 300);
            assertThat(end).isBetween(position + 1, position + 300);
            position = end;
            chunks++;
        }
        assertThat(chunks).isLessThan(60);
    }
}
