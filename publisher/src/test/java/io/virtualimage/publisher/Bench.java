package io.virtualimage.publisher;

import io.virtualimage.oci.Digest;
import io.virtualimage.oci.InMemoryRegistry;
import io.virtualimage.oci.LayerTar;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.Repository;
import io.virtualimage.stage.staging.InMemoryStagingStore;
import io.virtualimage.stage.staging.SegmentFacts;
import io.virtualimage.stage.staging.SegmentKey;
import io.virtualimage.stage.staging.StagingStore;
import io.virtualimage.stage.staging.StagingStore.Overwrite;
import io.virtualimage.stage.work.Ledger;
import io.virtualimage.stage.work.SegmentFeed;
import io.virtualimage.topics.DiskOutput;
import io.virtualimage.topics.Event;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.Position;
import io.virtualimage.topics.Recorded;
import io.virtualimage.topics.SegmentLayout;
import io.virtualimage.topics.SegmentSet;
import io.virtualimage.topics.StagedSource;
import io.virtualimage.topics.Task;
import io.virtualimage.topics.Topic;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

/** An image of ten segments, of which two are all zeros, and everything that a publisher works with, in memory. */
final class Bench {
    static final Incarnation IMAGE = new Incarnation("team", "cirros", "5d2a7b1e-0f9c-4c53-9a57-0b9b6f0f2d11", 1, 0);
    static final int SEGMENT_BYTES = 1000;
    static final int SEGMENTS = 10;
    static final Position CAUSE = new Position(0, 1);
    static final DiskOutput OUTPUT = new DiskOutput(DiskOutput.Layout.PASS_THROUGH, ImageFormat.QCOW2, "cirros.qcow2");
    static final PublicNames NAMES = new PublicNames("registry.example:5000", "vi");

    final SegmentLayout layout = new SegmentLayout(9_456, SEGMENT_BYTES);
    final byte[] source = sourceBytes();
    final InMemoryRegistry registry = new InMemoryRegistry();
    final InMemoryStagingStore staging = new InMemoryStagingStore();
    final TestClock clock = new TestClock();
    final List<Event> topic = new ArrayList<>();
    final Deque<Event> feed = new ArrayDeque<>();
    Ledger.Verdict verdict = Ledger.Verdict.WANTED;
    Runnable whileWaiting = () -> {};
    private SegmentSet present = SegmentSet.EMPTY;
    private SegmentSet zeros = SegmentSet.EMPTY;

    private byte[] sourceBytes() {
        byte[] bytes = new byte[(int) layout.lengthBytes()];
        new Random(7).nextBytes(bytes);
        for (int zero : new int[] {3, 7}) {
            Arrays.fill(bytes, zero * SEGMENT_BYTES, (zero + 1) * SEGMENT_BYTES, (byte) 0);
        }
        return bytes;
    }

    /** Stages a segment; what was said of it may be fed or not. */
    Event.SegmentFetched stage(int index) {
        int length = layout.lengthOf(index);
        try {
            ByteArrayInputStream body = new ByteArrayInputStream(source, index * SEGMENT_BYTES, length);
            SegmentFacts facts = staging.put(SegmentKey.source(IMAGE, 0, index), null, length, body, Overwrite.ALLOW)
                    .orElseThrow();
            present = present.with(index);
            zeros = facts.allZero() ? zeros.with(index) : zeros;
            return new Event.SegmentFetched(
                    IMAGE,
                    0,
                    null,
                    index,
                    length,
                    facts.crc32c(),
                    facts.zeroBlocks(),
                    facts.allZero(),
                    layout.lengthBytes(),
                    "fetcher-0");
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    void stageAll() {
        for (int i = 0; i < SEGMENTS; i++) {
            stage(i);
        }
    }

    /** A push that knows of what is staged by now. */
    Task.PushLayer push() {
        return new Task.PushLayer(
                new Task.Header(IMAGE, 0, CAUSE, 1),
                new StagedSource(0, null, SEGMENT_BYTES, layout.lengthBytes(), present, zeros),
                new Position(0, 5),
                OUTPUT,
                null);
    }

    Task.PublishManifest publish() {
        return publish(IMAGE);
    }

    Task.PublishManifest publish(Incarnation image) {
        return new Task.PublishManifest(
                new Task.Header(image, 0, CAUSE, 1),
                Digest.sha256(layer()).toString(),
                layer().length,
                ImageFormat.QCOW2,
                false,
                layout.lengthBytes(),
                1 << 20);
    }

    /** The layer as it should be. */
    byte[] layer() {
        LayerTar tar = LayerTar.of(OUTPUT.fileName(), layout.lengthBytes());
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(tar.head());
        bytes.writeBytes(source);
        bytes.writeBytes(tar.tail());
        return bytes.toByteArray();
    }

    Repository repository() {
        return NAMES.repository(IMAGE);
    }

    boolean layerIsThere() {
        return registry.headBlob(repository(), Digest.sha256(layer())).equals(OptionalLong.of(layer().length));
    }

    Optional<byte[]> layerInRegistry() throws IOException {
        return layerIsThere()
                ? Optional.of(registry.readBlob(repository(), Digest.sha256(layer()), 1 << 20))
                : Optional.empty();
    }

    <E extends Event> List<E> said(Class<E> type) {
        return topic.stream().filter(type::isInstance).map(type::cast).toList();
    }

    PublishWorker worker() {
        return worker(Fuse.none());
    }

    PublishWorker worker(Fuse fuse) {
        return worker(fuse.on(OciRegistry.class, registry), fuse);
    }

    PublishWorker worker(OciRegistry registryPort, Fuse fuse) {
        PublishPorts ports = new PublishPorts(
                registryPort, fuse.on(StagingStore.class, staging), this::follow, ledger(), clock, 2_500, null);
        return new PublishWorker(ports, NAMES);
    }

    TestContext context() {
        return context("publisher-0", 1, Fuse.none());
    }

    TestContext context(String worker, int deliveryCount, Fuse fuse) {
        return new TestContext(worker, deliveryCount, topic, fuse);
    }

    private SegmentFeed follow(Incarnation image, Position from) {
        return new SegmentFeed() {
            @Override
            public Optional<Recorded> next(Duration atMost) {
                if (feed.isEmpty() && atMost.isPositive()) {
                    clock.advance(atMost);
                    whileWaiting.run();
                }
                Event event = feed.poll();
                return Optional.ofNullable(event)
                        .map(it -> new Recorded(it, Topic.of(it), new Position(0, 9), clock.instant()));
            }

            @Override
            public void close() {}
        };
    }

    private Ledger ledger() {
        return new Ledger() {
            @Override
            public Verdict judge(Incarnation image, Position cause) {
                return verdict;
            }

            @Override
            public Verdict judgeNow(Incarnation image) {
                return verdict;
            }

            @Override
            public Optional<Incarnation> wanted(String uid) {
                return verdict == Verdict.WANTED ? Optional.of(IMAGE) : Optional.empty();
            }
        };
    }
}
