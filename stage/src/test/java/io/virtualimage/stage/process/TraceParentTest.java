package io.virtualimage.stage.process;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.topics.Incarnation;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class TraceParentTest {
    @Test
    void oneTracePerIncarnationOneSpanPerEvent() {
        Incarnation image = new Incarnation("default", "ubuntu", "uid-1", 1, 0);
        String one = text(TraceParent.of(image));
        String two = text(TraceParent.of(image));
        String other = text(TraceParent.of(new Incarnation("default", "ubuntu", "uid-1", 1, 1)));

        // sha256 of "uid-1/1.0", cut at 16 bytes
        assertThat(one).startsWith("00-cf10ba5f7a4dcd067a98cf2aeebe2eea-").isNotEqualTo(two);
        assertThat(trace(two)).isEqualTo(trace(one)).isNotEqualTo(trace(other));
    }

    private static String trace(String header) {
        return header.split("-", -1)[1];
    }

    private static String text(byte[] header) {
        return new String(header, StandardCharsets.US_ASCII);
    }
}
