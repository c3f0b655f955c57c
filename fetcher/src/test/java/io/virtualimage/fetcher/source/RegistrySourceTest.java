package io.virtualimage.fetcher.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.oci.Credentials;
import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.ImageConfig;
import io.virtualimage.oci.ImageManifest;
import io.virtualimage.oci.ImageReference;
import io.virtualimage.oci.InMemoryRegistry;
import io.virtualimage.oci.MediaTypes;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.Platform;
import io.virtualimage.oci.ReadingStoppedException;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.Tag;
import io.virtualimage.oci.layer.ReadWatch;
import io.virtualimage.topics.Compression;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.LayerEntry;
import io.virtualimage.topics.Validator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class RegistrySourceTest {
    private static final Repository REPOSITORY = new Repository("disks/ubuntu");
    private static final int BEFORE = 3000;
    private static final int OFFSET = 512 + 3072 + 512;

    private final InMemoryRegistry registry = new InMemoryRegistry();
    private final byte[] disk = random(70_000, 1);
    private final RegistrySource.Connections connections = new RegistrySource.Connections() {
        @Override
        public OciRegistry to(ResolvedSource.ContainerImage image) {
            return registry;
        }

        @Override
        public void close() {}
    };
    private final RegistrySource source = new RegistrySource(
            connections, Platform.LINUX_AMD64, Clock.systemUTC(), Duration.ofMinutes(30), ReadWatch.NONE);

    private static byte[] random(int length, int seed) {
        byte[] bytes = new byte[length];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }

    /** A layer with a file before the disk and another one after it. */
    private static byte[] layer(byte[] disk) {
        ByteArrayOutputStream tar = new ByteArrayOutputStream();
        file(tar, "etc/before", random(BEFORE, 2));
        file(tar, "disk/a b.img", disk);
        file(tar, "etc/behind", random(5000, 3));
        tar.writeBytes(new byte[1024]);
        return tar.toByteArray();
    }

    /** POSIX.1-1988, "ustar": the fields that count. */
    static void file(ByteArrayOutputStream tar, String name, byte[] content) {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 100, "0000644\0" + "0000000\0" + "0000000\0");
        put(header, 124, "%011o\0".formatted(content.length));
        put(header, 136, "00000000000\0");
        put(header, 156, "0");
        put(header, 257, "ustar\00000");
        put(header, 148, "        ");
        int sum = 0;
        for (byte each : header) {
            sum += each & 0xff;
        }
        put(header, 148, "%06o\0 ".formatted(sum));
        tar.writeBytes(header);
        tar.writeBytes(content);
        tar.writeBytes(new byte[-content.length & 511]);
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    private static byte[] gzip(byte[] content) throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
            gzip.write(content);
        }
        return packed.toByteArray();
    }

    private Digest push(String mediaType, byte[] blob) throws Exception {
        byte[] config = new ImageConfig("amd64", "linux", Map.of(), List.of()).toJson();
        registry.pushBlob(REPOSITORY, config);
        registry.pushBlob(REPOSITORY, blob);
        Descriptor layer = Descriptor.of(mediaType, blob);
        byte[] manifest =
                new ImageManifest(Descriptor.of(MediaTypes.OCI_CONFIG, config), List.of(layer), Map.of()).toJson();
        registry.putManifest(REPOSITORY, Tag.LATEST, manifest, MediaTypes.OCI_MANIFEST);
        return layer.digest();
    }

    private static ResolvedSource image() {
        return new ResolvedSource.ContainerImage(
                ImageReference.parse("registry.example/" + REPOSITORY),
                URI.create("https://registry.example"),
                new Credentials("user", "geheim"),
                null,
                null);
    }

    private static ResolvedSource found(SourceProbe probe) {
        return image().at(probe.entry(), probe.lengthBytes());
    }

    private static SourceVersion version(SourceProbe probe) {
        return new SourceVersion(probe.validator(), probe.lengthBytes());
    }

    private byte[] read(SourceProbe probe, long offset, int length) throws Exception {
        try (InputStream piece = source.openRange(found(probe), version(probe), offset, length)) {
            return piece.readAllBytes();
        }
    }

    @Test
    void aLayerWithoutCompressionIsReadInPieces() throws Exception {
        byte[] layer = layer(disk);
        Digest digest = push(MediaTypes.OCI_LAYER, layer);
        SourceProbe probe = source.probe(image());
        assertThat(probe)
                .isEqualTo(new SourceProbe(
                        (long) disk.length,
                        new Validator(Validator.Kind.DIGEST, digest.toString()),
                        true,
                        "a_b.img",
                        new LayerEntry(digest.toString(), layer.length, null, OFFSET)));
        registry.reads().clear();
        assertThat(read(probe, 1000, 500)).isEqualTo(Arrays.copyOfRange(disk, 1000, 1500));
        assertThat(registry.reads()).containsExactly(digest + " " + (OFFSET + 1000) + "+500");
    }

    @Test
    void aTagThatMovesMixesNothing() throws Exception {
        push(MediaTypes.OCI_LAYER, layer(disk));
        SourceProbe probe = source.probe(image());
        push(MediaTypes.OCI_LAYER, layer(random(disk.length, 7)));
        assertThat(read(probe, 0, disk.length)).isEqualTo(disk);
    }

    @Test
    void aBlobThatIsGoneIsAnotherVersion() throws Exception {
        Digest digest = push(MediaTypes.OCI_LAYER, layer(disk));
        SourceProbe probe = source.probe(image());
        registry.loseBlob(REPOSITORY, digest);
        assertThatThrownBy(() -> read(probe, 0, 10))
                .isInstanceOf(SourceException.Changed.class)
                .hasMessageContaining("registry.example/disks/ubuntu:latest");
    }

    @Test
    void withoutRangesThereAreNoPieces() throws Exception {
        push(MediaTypes.OCI_LAYER, layer(disk));
        SourceProbe promised = source.probe(image());
        registry.ignoreRanges();
        assertThatThrownBy(() -> read(promised, 10, 10)).isInstanceOf(SourceException.Changed.class);
        SourceProbe probe = source.probe(image());
        assertThat(probe.ranges()).isFalse();
        assertThat(stream(probe)).isEqualTo(disk);
    }

    private byte[] stream(SourceProbe probe) throws Exception {
        try (SourceStream stream = source.openStream(found(probe))) {
            assertThat(stream.lengthBytes()).isEqualTo(probe.lengthBytes());
            return stream.body().readAllBytes();
        }
    }

    @Test
    void aPackedLayerIsOneStream() throws Exception {
        byte[] packed = gzip(layer(disk));
        Digest digest = push(MediaTypes.OCI_LAYER_GZIP, packed);
        SourceProbe probe = source.probe(image());
        assertThat(probe.ranges()).isFalse();
        assertThat(probe.entry()).isEqualTo(new LayerEntry(digest.toString(), packed.length, Compression.GZIP, OFFSET));
        assertThat(stream(probe)).isEqualTo(disk);
    }

    @Test
    void aConnectionThatBreaksIsMended() throws Exception {
        push(MediaTypes.OCI_LAYER_GZIP, gzip(layer(disk)));
        SourceProbe probe = source.probe(image());
        registry.breakConnectionsAfter(9_000);
        assertThat(stream(probe)).isEqualTo(disk);
    }

    /** All bytes of the file are right, and yet its end is not told. */
    @Test
    void aLayerThatIsNotItsDigestNeverEnds() throws Exception {
        byte[] layer = layer(disk);
        byte[] damaged = layer.clone();
        damaged[OFFSET + 70_144 + 600] ^= 1; // in the file behind
        Digest digest = push(MediaTypes.OCI_LAYER, layer);
        registry.ignoreRanges();
        SourceProbe probe = source.probe(image());
        registry.putBlob(REPOSITORY, digest, damaged);
        try (SourceStream stream = source.openStream(found(probe))) {
            assertThat(stream.body().readNBytes(disk.length)).isEqualTo(disk);
            SourceException.Unusable failure = catchThrowableOfType(
                    SourceException.Unusable.class, () -> stream.body().read());
            assertThat(failure.reason()).isEqualTo(FailureReason.CHECKSUM_MISMATCH);
            assertThat(failure.words()).contains(digest.toString());
        }
    }

    /** The layer is what its digest says, and the search was shown another header. */
    @Test
    void aFileThatIsNotInTheLayerIsNoImage() throws Exception {
        for (boolean packed : List.of(false, true)) {
            byte[] layer = layer(disk);
            byte[] forged = layer(random(disk.length - 1024, 1));
            byte[] blob = packed ? gzip(layer) : layer;
            Digest digest = push(packed ? MediaTypes.OCI_LAYER_GZIP : MediaTypes.OCI_LAYER, blob);
            byte[] lie = Arrays.copyOf(packed ? gzip(forged) : forged, blob.length);
            registry.putBlob(REPOSITORY, digest, lie);
            SourceProbe probe = source.probe(image());
            registry.putBlob(REPOSITORY, digest, blob);
            SourceException.Unusable failure = unusable(() -> stream(probe));
            assertThat(failure.reason()).isEqualTo(FailureReason.CHECKSUM_MISMATCH);
            assertThat(failure.words()).contains(digest.toString()).contains("byte " + OFFSET);
        }
    }

    @Test
    void aSearchEndsInTime() throws Exception {
        push(MediaTypes.OCI_LAYER_GZIP, gzip(layer(disk)));
        Clock slow = new Clock() {
            private Instant now = Instant.EPOCH;

            @Override
            public Instant instant() {
                now = now.plusSeconds(60);
                return now;
            }

            @Override
            public ZoneId getZone() {
                return ZoneOffset.UTC;
            }

            @Override
            public Clock withZone(ZoneId zone) {
                return this;
            }
        };
        Source patient =
                new RegistrySource(connections, Platform.LINUX_AMD64, slow, Duration.ofDays(1), ReadWatch.NONE);
        assertThat(patient.probe(image()).lengthBytes()).isEqualTo(disk.length);
        Source hasty =
                new RegistrySource(connections, Platform.LINUX_AMD64, slow, Duration.ofMinutes(2), ReadWatch.NONE);
        SourceException.Unusable failure = unusable(() -> hasty.probe(image()));
        assertThat(failure.reason()).isEqualTo(FailureReason.OVER_LIMIT);
        assertThat(failure.words())
                .startsWith("registry.example/disks/ubuntu:latest: ")
                .contains("within 120 s");
    }

    /** Also while nothing is given to the reader: before the file, and behind it. */
    @Test
    void aWatchStopsSearchesAndStreams() throws Exception {
        ByteArrayOutputStream tar = new ByteArrayOutputStream();
        file(tar, "etc/before", random(1 << 20, 2));
        file(tar, "disk/a.img", disk);
        file(tar, "etc/behind", random(1 << 20, 3));
        tar.writeBytes(new byte[1024]);
        push(MediaTypes.OCI_LAYER_GZIP, gzip(tar.toByteArray()));
        SourceProbe probe = source.probe(image());
        AtomicLong left = new AtomicLong();
        Source watched = source.watchedBy(bytes -> {
            if (left.addAndGet(-bytes) < 0) {
                throw new ReadingStoppedException(new IOException("nobody wants it"));
            }
        });
        left.set(100_000);
        assertThatThrownBy(() -> watched.probe(image())).isInstanceOf(ReadingStoppedException.class);
        left.set(100_000);
        try (SourceStream stream = watched.openStream(found(probe))) {
            assertThatThrownBy(() -> stream.body().read()).isInstanceOf(ReadingStoppedException.class);
        }
        left.set((1 << 20) + 300_000);
        try (SourceStream stream = watched.openStream(found(probe))) {
            assertThat(stream.body().readNBytes(disk.length)).isEqualTo(disk);
            assertThatThrownBy(() -> stream.body().read()).isInstanceOf(ReadingStoppedException.class);
        }
    }

    private SourceException.Unusable unusable(ThrowingCallable action) {
        return catchThrowableOfType(SourceException.Unusable.class, action);
    }

    @Test
    void whatIsWrongWithTheImageIsSaid() throws Exception {
        ByteArrayOutputStream empty = new ByteArrayOutputStream();
        file(empty, "etc/passwd", new byte[0]);
        empty.writeBytes(new byte[1024]);
        push(MediaTypes.OCI_LAYER, empty.toByteArray());
        assertThat(unusable(() -> source.probe(image())).reason()).isEqualTo(FailureReason.NOT_AN_IMAGE);

        push(MediaTypes.OCI_LAYER, random(4096, 9));
        assertThat(unusable(() -> source.probe(image())).reason()).isEqualTo(FailureReason.IMAGE_MALFORMED);

        push("application/vnd.cncf.helm.chart.content.v1.tar+gzip", random(4096, 9));
        assertThat(unusable(() -> source.probe(image())).reason()).isEqualTo(FailureReason.IMAGE_UNSUPPORTED);

        byte[] packed = gzip(layer(disk));
        push(MediaTypes.OCI_LAYER_GZIP, Arrays.copyOf(packed, 600));
        assertThat(unusable(() -> source.probe(image())).reason()).isEqualTo(FailureReason.IMAGE_MALFORMED);
    }

    @Test
    void aLayerThatCannotBeUnpackedToItsEndIsMalformed() throws Exception {
        byte[] packed = gzip(layer(disk));
        push(MediaTypes.OCI_LAYER_GZIP, Arrays.copyOf(packed, packed.length - 20_000));
        SourceProbe probe = source.probe(image());
        SourceException.Unusable failure = unusable(() -> stream(probe));
        assertThat(failure.reason()).isEqualTo(FailureReason.IMAGE_MALFORMED);
        assertThat(failure.words())
                .startsWith("registry.example/disks/ubuntu:latest: ")
                .contains("gzip");
    }

    @Test
    void aMissingImageIsRefused() {
        assertThatThrownBy(() -> source.probe(image()))
                .isInstanceOf(SourceException.Refused.class)
                .hasMessageStartingWith("registry.example/disks/ubuntu:latest can't be pulled: ");
    }

    @Test
    void anInterruptComesThrough() throws Exception {
        push(MediaTypes.OCI_LAYER_GZIP, gzip(layer(disk)));
        SourceProbe probe = source.probe(image());
        registry.breakConnectionsAfter(9_000);
        Thread.currentThread().interrupt();
        try {
            assertThatThrownBy(() -> stream(probe)).isInstanceOf(InterruptedIOException.class);
        } finally {
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void noStringShowsCredentials() throws Exception {
        push(MediaTypes.OCI_LAYER, layer(disk));
        assertThat(image().toString()).contains("registry.example").doesNotContain("geheim");
        assertThat(found(source.probe(image())).toString()).doesNotContain("geheim");
    }
}
