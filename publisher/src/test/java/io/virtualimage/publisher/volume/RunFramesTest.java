package io.virtualimage.publisher.volume;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.publisher.content.OutputContent.Run;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RunFramesTest {
    /** Made by another implementation of CRC-32C; the reader's test has the same. */
    private static final String GOLDEN =
            "0000000000000020000000000000001000fbaf88a10100000000000030000000000000000003616263ba"
                    + "b293b200000000000000300300000000000000056581b70902000000000000300800000000000000004e"
                    + "65e515";

    private static byte[] bytes(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.get(bytes);
        return bytes;
    }

    @Test
    void framesAreWhatTheFormatSays() {
        RunFrames frames = new RunFrames(8192, 0);
        byte[] text = "-abc-".getBytes(StandardCharsets.US_ASCII);
        frames.put(Run.zeros(4000));
        frames.put(Run.zeros(96));
        frames.put(Run.of(text, 1, 3));
        frames.put(Run.of(new byte[5], 0, 5));
        assertThat(frames.position()).isEqualTo(12_296);
        assertThat(HexFormat.of().formatHex(bytes(frames.finish()))).isEqualTo(GOLDEN);
    }

    /** Kind, offset and length of each frame. */
    private static List<String> outline(ByteBuffer frames) {
        List<String> outline = new ArrayList<>();
        while (frames.hasRemaining()) {
            int kind = frames.get();
            long offset = frames.getLong();
            long length = frames.getLong();
            outline.add("%d %d+%d".formatted(kind, offset, length));
            frames.position(frames.position() + (kind == RunFrames.DATA ? (int) length : 0) + 4);
        }
        return outline;
    }

    @Test
    void blocksOfZerosWithinDataBecomeHoles() {
        byte[] data = new byte[40 << 10];
        Arrays.fill(data, 0, 100, (byte) 1); // to the first multiple of 4096 in the disk
        Arrays.fill(data, 20 << 10, 21 << 10, (byte) 2);
        RunFrames frames = new RunFrames((4 << 10) - 100, 10);
        frames.put(Run.of(data, 0, data.length));
        frames.put(Run.zeros(1 << 20));
        int end = 3996 + data.length + (1 << 20);
        assertThat(outline(frames.finish()))
                .containsExactly(
                        "1 3996+100",
                        "0 4096+16384",
                        "1 20480+8192",
                        "0 28672+%d".formatted(end - 28_672),
                        "2 %d+0".formatted(end));
    }

    @Test
    void longDataComesInFramesThatAReaderCanHold() {
        byte[] data = new byte[(2 << 20) + 7];
        new Random(1).nextBytes(data);
        RunFrames frames = new RunFrames(0, 0);
        frames.put(Run.of(data, 0, data.length));
        assertThat(outline(frames.finish()))
                .containsExactly("1 0+1048576", "1 1048576+1048576", "1 2097152+7", "2 2097159+0");
    }
}
