package io.virtualimage.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventCodecTest {
    private static final Instant NOW = Instant.parse("2026-11-23T09:00:00Z");
    private final Incarnation image = new Incarnation("default", "ubuntu", "uid-1", 1, 0);
    private final EventCodec codec = new EventCodec("/test/1");

    @Test
    void anEventComesBackAsItWas() throws Exception {
        Event event = new Event.ImageRequested(
                image,
                new DataSource.Http(
                        "http://host/disk.img",
                        false,
                        new Checksums(Map.of(ChecksumAlgorithm.MD5, "00112233445566778899aabbccddeeff"))),
                Storage.CONTAINER_REGISTRY,
                null,
                null,
                null);
        byte[] bytes = codec.encode(event, NOW);
        assertThat(EventCodec.decode(bytes)).contains(new EventCodec.Decoded(event, NOW));
        assertThat(new String(bytes, StandardCharsets.UTF_8))
                .startsWith("{\"specversion\":\"1.0\",\"id\":\"")
                .contains("\"type\":\"io.virtualimage.ImageRequested\",\"subject\":\"default/ubuntu\"")
                .contains("\"type\":\"HTTP\"");
    }

    @Test
    void aTaskComesBackAsItWas() throws Exception {
        Task task = new Task.PushLayer(
                new Task.Header(image, 2, new Position(1, 7), 3),
                new StagedSource(2, null, 16 << 20, 100L << 20, SegmentSet.of(0, 6), SegmentSet.of(6)),
                new Position(1, 44),
                new DiskOutput(DiskOutput.Layout.PASS_THROUGH, ImageFormat.QCOW2, "disk.qcow2"),
                null);
        assertThat(EventCodec.decode(codec.encode(task, NOW)))
                .map(EventCodec.Decoded::event)
                .contains(task);
    }

    @Test
    void unknownTypesAndMembersAreIgnored() throws Exception {
        String text = new String(codec.encode(new Event.ImageWithdrawn(image), NOW), StandardCharsets.UTF_8);
        assertThat(EventCodec.decode(bytes(text.replace("ImageWithdrawn", "ImagePainted"))))
                .isEmpty();
        assertThat(EventCodec.decode(bytes(text.replace("\"run\":0", "\"run\":0,\"colour\":\"red\""))))
                .map(EventCodec.Decoded::event)
                .contains(new Event.ImageWithdrawn(image));
    }

    @Test
    void whatIsNoEventIsRefusedWithItsReason() {
        assertThatThrownBy(() -> EventCodec.decode(bytes("hello"))).isInstanceOf(UndecodableEventException.class);
        assertThatThrownBy(() -> EventCodec.decode(bytes("{}"))).hasMessageContaining("no CloudEvent");
        String text = new String(codec.encode(new Event.ImageWithdrawn(image), NOW), StandardCharsets.UTF_8);
        assertThatThrownBy(() -> EventCodec.decode(bytes(text.replace("\"generation\":1", "\"generation\":0"))))
                .hasMessageContaining("generation 0");
    }

    /** Without that, it would be an event whose users break on a null. */
    @Test
    void whatMustBeThereIsNeitherMissingNorNull() {
        String text = new String(
                codec.encode(new Event.StageFailed(image, Stage.FETCH, FailureReason.SOURCE_EMPTY, "no bytes"), NOW),
                StandardCharsets.UTF_8);
        for (String word : new String[] {"\"x\":\"fetch\"", "\"stage\":null"}) {
            assertThatThrownBy(() -> EventCodec.decode(bytes(text.replace("\"stage\":\"fetch\"", word))))
                    .isInstanceOf(UndecodableEventException.class)
                    .hasMessageContaining("stage");
        }
    }

    @Test
    void whatMayBeMissingMayBeNull() throws Exception {
        Event event = new Event.StagingCleaned(image, null);
        String text = new String(codec.encode(event, NOW), StandardCharsets.UTF_8);
        assertThat(EventCodec.decode(bytes(text.replace("\"data\":{", "\"data\":{\"kept\":null,"))))
                .map(EventCodec.Decoded::event)
                .contains(event);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
