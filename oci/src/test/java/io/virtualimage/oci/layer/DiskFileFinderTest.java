package io.virtualimage.oci.layer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.FetchedManifest;
import io.virtualimage.oci.ImageIndex;
import io.virtualimage.oci.InMemoryRegistry;
import io.virtualimage.oci.MediaTypes;
import io.virtualimage.oci.Platform;
import io.virtualimage.oci.ReadingStoppedException;
import io.virtualimage.oci.RegistryException;
import io.virtualimage.oci.RegistryException.Reason;
import io.virtualimage.oci.Tag;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiskFileFinderTest {

    private static final Tag TAG = new Tag("t");

    private final InMemoryRegistry registry = new InMemoryRegistry();

    @Test
    void findsTheFirstFileOfOneLayer() throws Exception {
        Tar layer = new Tar()
                .file("etc/passwd", "root")
                .directory("disk/")
                .symbolicLink("disk/link", "x.img")
                .file("./disk/x.img", "the disk")
                .file("disk/y.img", "another");
        Digest manifest = Images.push(registry, TAG, layer);
        LayerFile file = find();
        assertThat(file)
                .isEqualTo(new LayerFile(
                        manifest,
                        Digest.sha256(layer.bytes()),
                        Compression.NONE,
                        layer.bytes().length,
                        512 * 5,
                        8,
                        "disk/x.img"));
        assertThat(Images.content(registry, file)).isEqualTo("the disk");
    }

    @Test
    void findsTheLowestFile() throws Exception {
        assertFound("disk/a", "low", new Tar().file("disk/a", "low"), new Tar().file("disk/0", "high"));
        assertFound("disk/a", "high", new Tar().file("etc/x", ""), new Tar().file("disk/a", "high"));
        assertFound("disk/deep/a", "deep", new Tar().file("disk/deep/a", "deep").file("disk/b", ""));
    }

    @Test
    void followsReplacementsAndWhiteouts() throws Exception {
        Tar low = new Tar().file("disk/a", "low a").file("disk/b", "low b");
        assertFound("disk/b", "low b", low, new Tar().file("disk/a", "high a"));
        assertFound("disk/b", "low b", low, new Tar().file("disk/.wh.a", ""));
        assertFound("disk/b", "low b", low, new Tar().symbolicLink("disk/a", "b"));
        assertFound("disk/b", "low b", low, new Tar().directory("disk/a/"));
        assertFound("disk/a", "low a", low, new Tar().file("disk/.wh.b", "").directory("disk"));
        assertFound("disk/a", "high a", low, new Tar().file("disk/a", "high a").file("disk/.wh.b", ""));
        assertFound("disk/c", "c", low, new Tar().file("disk/c", "c").file("disk/.wh..wh..opq", ""));
        assertFound("disk/c", "c", low, new Tar().file("disk/c", "c").file(".wh..wh..opq", ""));
        assertFound("disk/c", "c", low, new Tar().file(".wh.disk", "").file("disk/c", "c"));
        assertFound("disk/c", "c", low, new Tar().symbolicLink("disk", "/x"), new Tar().file("disk/c", "c"));
        assertFound(
                "disk/a", "low a", low, new Tar().file("disk/.wh..wh.plnk", "").file("disk/.wh.", ""));
        assertFound(
                "disk/a", "low a", low, new Tar().file("other/.wh..wh..opq", "").file("disk2/.wh.a", ""));
        assertFound("disk/a", "low a", low, new Tar().file("disk/.wh...", "").file("x/../.wh.disk", ""));
    }

    @Test
    void followsThemOverManyLayers() throws Exception {
        Tar one = new Tar().file("disk/a", "1").file("disk/d/b", "1");
        Tar two = new Tar().file("disk/a", "2");
        Tar three = new Tar().file("disk/a", "3").file("disk/.wh.d", "");
        assertFound("disk/a", "3", one, two, three);
        assertFound("disk/a", "3", one, two, three, new Tar().file("etc/x", ""));
        assertNothing("no regular file under /disk", one, two, three, new Tar().file(".wh.disk", ""));
        assertFound("disk/d/b", "1", one, two);
    }

    @Test
    void readsUpperLayersOnlyForCandidatesAndOnce() throws Exception {
        Images.push(registry, TAG, new Tar().file("disk/a", "1").file("disk/b", "1"), new Tar().file("disk/a", "2"));
        find();
        assertThat(registry.reads()).hasSize(2);
        registry.reads().clear();
        Images.push(registry, TAG, new Tar().file("x", ""), new Tar().file("y", ""), new Tar().file("disk/a", ""));
        find();
        assertThat(registry.reads()).hasSize(3);
        registry.reads().clear();
        Images.push(
                registry, TAG, new Tar().file("disk/a", "1"), new Tar().file("disk/a", "2"), new Tar().file("z", ""));
        assertThat(find().offsetBytes()).isEqualTo(512);
        assertThat(registry.reads()).hasSize(3);
    }

    @Test
    void followsHardLinks() throws Exception {
        assertFound("disk/x", "data", new Tar().file("data/x", "data").hardLink("disk/x", "./data/x"));
        assertFound("disk/x", "data", new Tar().file("data/x", "data"), new Tar().hardLink("disk/x", "/data/x"));
        assertFound(
                "disk/x",
                "data",
                new Tar().file("data/x", "data"),
                new Tar().hardLink("a", "data/x").hardLink("b", "a"),
                new Tar().hardLink("disk/x", "b"));
        assertFound(
                "disk/x",
                "new",
                new Tar()
                        .file("d", "old")
                        .file("d", "new")
                        .hardLink("disk/x", "d")
                        .file("d", "later"));
        assertNothing(
                "hard link", new Tar().file("d", ""), new Tar().file(".wh.d", ""), new Tar().hardLink("disk/x", "d"));
        assertNothing("'disk/x' is a hard link to nothing", new Tar().hardLink("disk/x", "nowhere"));
        assertNothing("hard link", new Tar().hardLink("disk/x", "../d"));
        assertNothing("hard link", new Tar().directory("d/").hardLink("disk/x", "d"));
        assertNothing("hard link", new Tar().hardLink("disk/x", "disk/x"));
        Tar chain = new Tar().file("l0", "");
        for (int i = 1; i < 10; i++) {
            chain.hardLink("l" + i, "l" + (i - 1));
        }
        Images.push(registry, TAG, chain.hardLink("disk/x", "l9"));
        assertThatThrownBy(this::find)
                .isInstanceOf(UnsupportedLayerException.class)
                .hasMessageContaining("hard links");
    }

    @Test
    void saysWhatItFoundInstead() {
        assertNothing(
                "it has 'bin', 'bin/sh', 'etc', 'disk', 'disk/x' and more; disk/x is a symbolic link",
                new Tar().directory("bin").file("bin/sh", ""),
                new Tar()
                        .directory("etc")
                        .directory("disk/")
                        .symbolicLink("disk/x", "/bin/sh")
                        .file("z", ""));
        assertNothing("its layers are empty", new Tar());
        assertNothing(
                "no regular file",
                new Tar().file("disk", "").file("a/disk/x", "").file("disk/../x", ""));
        assertNothing("no regular file", new Tar().file("disk/.wh.x", "").raw(new Tar.Header("disk/y", '3').bytes()));
    }

    @Test
    void refusesASparseFileOnlyIfItIsTheDisk() throws Exception {
        Tar sparse = new Tar().pax('x', "GNU.sparse.map=0,1").file("disk/a", "1");
        Images.push(registry, TAG, sparse);
        assertThatThrownBy(this::find)
                .isInstanceOf(UnsupportedLayerException.class)
                .hasMessageContaining("'disk/a' is stored as a sparse file");
        assertFound("disk/a", "2", sparse, new Tar().file("disk/a", "2"));
        assertFound(
                "disk/b", "2", new Tar().raw(new Tar.Header("a", 'S').bytes()).file("disk/b", "2"));
    }

    @Test
    void costsKilobytesOfALayerOfManyMegabytes() throws Exception {
        Tar layer = new Tar();
        for (int i = 0; i < 5; i++) {
            layer.file("big" + i, new byte[4 << 20]);
        }
        Images.push(registry, TAG, layer.file("disk/x", "here"));
        long before = registry.bytesRead();
        LayerFile file = find();
        assertThat(registry.bytesRead() - before).isLessThan(6 * (16 << 10) + 1);
        assertThat(registry.reads()).hasSize(6);
        assertThat(Images.content(registry, file)).isEqualTo("here");
    }

    /** Those who hold one of a host's few connections and wait for a second one would wait for each other for ever. */
    @Test
    void holdsOneConnectionAtATime() throws Exception {
        byte[] noise = new byte[3 << 20];
        new Random(2).nextBytes(noise);
        Tar base = new Tar().file("data/x", "data");
        Tar low = new Tar()
                .file("disk/a", noise)
                .file("etc/noise", noise)
                .hardLink("disk/nothing", "nowhere")
                .file("etc/more", noise)
                .hardLink("disk/x", "data/x")
                .file("etc/rest", noise);
        Tar high = new Tar().file("disk/.wh.a", "").file("etc/noise", noise);
        for (boolean packed : List.of(false, true)) {
            List<Descriptor> layers = new ArrayList<>();
            for (Tar each : List.of(base, low, high)) {
                layers.add(
                        packed
                                ? Images.layer(registry, MediaTypes.OCI_LAYER_GZIP, Images.gzip(each.bytes()))
                                : Images.layer(registry, MediaTypes.OCI_LAYER, each.bytes()));
            }
            Images.push(registry, TAG, layers);
            assertThat(Images.content(registry, find())).isEqualTo("data");
            assertThat(registry.mostOpen()).isEqualTo(1);
        }
    }

    /** What a layer does not have decides as much as what it has. */
    @Test
    void verifiesLayersThatDecideWithoutHoldingTheFile() throws Exception {
        Tar low = new Tar().file("disk/a", "a").file("disk/b", "b");
        assertForgedIsSeen(1, new Tar().file("disk/.wh.a", ""), new Tar().file("disk/xxxx", ""), low);
        assertForgedIsSeen(0, new Tar().file("disk/a", ""), new Tar().file("etc_/a", ""), low);
        assertForgedIsSeen(
                1,
                new Tar().hardLink("disk/z", "nowhere"),
                new Tar().hardLink("disk/z", "other/b"),
                new Tar().file("other/b", "b"));
    }

    private void assertForgedIsSeen(int at, Tar real, Tar forged, Tar other) throws Exception {
        for (boolean packed : List.of(false, true)) {
            byte[] blob = packed ? stored(real.bytes()) : real.bytes();
            byte[] lie = packed ? stored(forged.bytes()) : forged.bytes();
            assertThat(lie).hasSameSizeAs(blob);
            Descriptor layer = Images.layer(registry, packed ? MediaTypes.OCI_LAYER_GZIP : MediaTypes.OCI_LAYER, blob);
            List<Descriptor> layers =
                    new ArrayList<>(List.of(Images.layer(registry, MediaTypes.OCI_LAYER, other.bytes())));
            layers.add(at, layer);
            Images.push(registry, TAG, layers);
            registry.putBlob(Images.REPOSITORY, layer.digest(), lie);
            assertThatThrownBy(this::find)
                    .isInstanceOfSatisfying(
                            RegistryException.class, e -> assertThat(e.reason()).isEqualTo(Reason.DIGEST_MISMATCH))
                    .hasMessageContaining(layer.digest().toString());
        }
    }

    /** Without compression, so that the same number of bytes takes the same room. */
    private static byte[] stored(byte[] content) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(out) {
            {
                def.setLevel(0);
            }
        }) {
            gzip.write(content);
        }
        return out.toByteArray();
    }

    @Test
    void aWatchStopsTheSearchWhereverItIs() throws Exception {
        byte[] noise = new byte[3 << 20];
        new Random(3).nextBytes(noise);
        byte[] layer =
                new Tar().file("a", noise).file("b", noise).file("disk/x", "").bytes();
        for (byte[] blob : List.of(layer, Images.gzip(layer))) {
            Images.push(registry, TAG, List.of(Images.layer(registry, MediaTypes.OCI_LAYER, blob)));
            assertStops();
            registry.ignoreRanges();
            assertStops();
        }
    }

    /** Stops at each of the first calls, and at one in the middle; all that was read is told. */
    private void assertStops() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        AtomicLong told = new AtomicLong();
        long before = registry.bytesRead();
        ReadWatch counting = bytes -> {
            calls.incrementAndGet();
            told.addAndGet(bytes);
        };
        search(counting);
        assertThat(told).hasValue(registry.bytesRead() - before);
        for (int stop : List.of(1, 2, 3, calls.get() / 2, calls.get())) {
            AtomicInteger left = new AtomicInteger(stop);
            IOException why = new IOException("nobody wants it");
            assertThatThrownBy(() -> search(bytes -> {
                        if (left.decrementAndGet() == 0) {
                            throw new ReadingStoppedException(why);
                        }
                    }))
                    .isInstanceOf(ReadingStoppedException.class)
                    .hasCause(why);
            assertThat(left).hasValue(0);
        }
    }

    private void search(ReadWatch watch) throws RegistryException, UnusableImageException {
        new DiskFileFinder(Images.GZIP, ScanLimits.DEFAULTS)
                .find(registry, Images.REPOSITORY, TAG, Platform.LINUX_AMD64, watch);
    }

    @Test
    void readsManySmallFilesInFewRequests() throws Exception {
        Tar layer = new Tar();
        for (int i = 0; i < 2000; i++) {
            layer.file("small" + i, new byte[10_000]);
        }
        Images.push(registry, TAG, layer.file("disk/x", "here"));
        find();
        assertThat(registry.reads()).hasSizeLessThan(20);
    }

    @Test
    void readsThroughWhereThereAreNoRangesAndConnectionsBreak() throws Exception {
        byte[] noise = new byte[3 << 20];
        new Random(1).nextBytes(noise);
        Tar layer = new Tar().file("a", noise).file("b", noise).file("disk/x", "here");
        Images.push(registry, TAG, layer);
        LayerFile expected = find();
        registry.breakConnectionsAfter(3000);
        assertThat(find()).isEqualTo(expected);
        registry.breakConnectionsAfter(1 << 20);
        Images.push(
                registry, TAG, List.of(Images.layer(registry, MediaTypes.OCI_LAYER_GZIP, Images.gzip(layer.bytes()))));
        assertFound(expected.offsetBytes(), Compression.GZIP);
        registry.breakConnectionsAfter(Long.MAX_VALUE);
        registry.ignoreRanges();
        assertFound(expected.offsetBytes(), Compression.GZIP);
        Images.push(registry, TAG, layer);
        assertThat(find()).isEqualTo(expected);
        registry.breakConnectionsAfter(0);
        assertThatThrownBy(this::find)
                .isInstanceOfSatisfying(
                        RegistryException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAVAILABLE))
                .hasMessageContaining("the connection broke");
    }

    @Test
    void goesByTheBytesOfALayerNotByItsType() throws Exception {
        byte[] plain = new Tar().file("disk/x", "here").bytes();
        byte[] gzip = Images.gzip(plain);
        for (String type :
                List.of(MediaTypes.OCI_LAYER_GZIP, MediaTypes.DOCKER_LAYER_GZIP, MediaTypes.OCI_LAYER_ZSTD)) {
            Images.push(registry, TAG, List.of(Images.layer(registry, type, gzip)));
            assertFound(512, Compression.GZIP);
            Images.push(registry, TAG, List.of(Images.layer(registry, type, plain)));
            assertFound(512, Compression.NONE);
        }
        Images.push(registry, TAG, List.of(Images.layer(registry, MediaTypes.DOCKER_LAYER, gzip)));
        assertFound(512, Compression.GZIP);
    }

    @Test
    void saysThatALayerIsDamaged() throws Exception {
        byte[] gzip = Images.gzip(new Tar().file("a", new byte[5000]).bytes());
        byte[] cut = Arrays.copyOf(gzip, gzip.length / 3);
        Descriptor layer = Images.layer(registry, MediaTypes.OCI_LAYER_GZIP, cut);
        Images.push(registry, TAG, List.of(layer));
        assertThatThrownBy(this::find)
                .isInstanceOf(MalformedLayerException.class)
                .hasMessageContaining("the gzip data can't be unpacked")
                .hasMessageContaining(layer.digest().toString());
        Images.push(registry, TAG, List.of(Images.layer(registry, MediaTypes.OCI_LAYER, "no tar".getBytes(UTF_8))));
        assertThatThrownBy(this::find)
                .isInstanceOf(MalformedLayerException.class)
                .hasMessageContaining("byte 0");
        Descriptor longer = new Descriptor(MediaTypes.OCI_LAYER, layer.digest(), layer.lengthBytes() + 1);
        Images.push(registry, TAG, List.of(longer));
        assertThatThrownBy(this::find)
                .isInstanceOfSatisfying(
                        RegistryException.class, e -> assertThat(e.reason()).isEqualTo(Reason.DIGEST_MISMATCH));
    }

    @Test
    void boundsWhatIsUnpacked() throws Exception {
        Tar bomb = new Tar().file("a", new byte[1 << 20]).file("disk/x", "");
        Images.push(
                registry, TAG, List.of(Images.layer(registry, MediaTypes.OCI_LAYER_GZIP, Images.gzip(bomb.bytes()))));
        DiskFileFinder finder = new DiskFileFinder(Images.GZIP, new ScanLimits(10, 1024, 1 << 20));
        assertThatThrownBy(() -> finder.find(registry, Images.REPOSITORY, TAG, Platform.LINUX_AMD64))
                .isInstanceOf(LayerLimitException.class)
                .hasMessageContaining("unpack more than 1048576 bytes");
        assertFound(512 + (1 << 20) + 512, Compression.GZIP);
    }

    @Test
    void boundsWhatItRemembersOfUpperLayers() throws Exception {
        Tar upper = new Tar();
        for (int i = 0; i < 4097; i++) {
            upper.file("disk/" + i, "");
        }
        Images.push(registry, TAG, new Tar().file("disk/a", ""), upper);
        assertThatThrownBy(this::find).isInstanceOf(LayerLimitException.class).hasMessageContaining("4096");
    }

    @Test
    void followsOnlySoManyLinksToNothing() throws Exception {
        Tar links = new Tar();
        for (int i = 0; i < 16; i++) {
            links.hardLink("disk/" + i, "nowhere");
        }
        assertFound("disk/x", "here", links, new Tar().file("disk/x", "here"));
        Images.push(registry, TAG, links.hardLink("disk/16", "nowhere"));
        assertThatThrownBy(this::find).isInstanceOf(LayerLimitException.class).hasMessageContaining("hard links");
    }

    @Test
    void choosesFromAnIndex() throws Exception {
        Descriptor amd = image("amd", new Platform("linux", "amd64", null), Map.of());
        Descriptor arm = image("arm", new Platform("linux", "arm64", "v8"), Map.of());
        Descriptor windows = image("windows", new Platform("windows", "amd64", null), Map.of());
        Descriptor none = image("none", null, Map.of());
        Descriptor unknown = image("unknown", new Platform("unknown", "unknown", null), Map.of());
        Descriptor attestation =
                image("attestation", null, Map.of("vnd.docker.reference.type", "attestation-manifest"));
        assertThat(chosen(unknown, arm, amd, none)).isEqualTo("amd");
        assertThat(chosen(arm)).isEqualTo("arm");
        assertThat(chosen(unknown, attestation, arm)).isEqualTo("arm");
        assertThat(chosen(arm, none, windows)).isEqualTo("none");
        assertThatThrownBy(() -> chosen(arm, windows, unknown))
                .isInstanceOf(UnsupportedImageException.class)
                .hasMessageContaining("no image for linux/amd64: there are linux/arm64/v8, windows/amd64");
        assertThatThrownBy(() -> chosen(unknown)).hasMessageContaining("it is empty");

        Descriptor inner = index(amd);
        assertThat(chosen(inner)).isEqualTo("amd");
        Descriptor middle = index(inner);
        assertThatThrownBy(() -> chosen(middle)).hasMessageContaining("indexes in indexes");
    }

    @Test
    void refusesWhatIsNoContainerImage() throws Exception {
        byte[] plain = new Tar().file("disk/x", "here").bytes();
        for (String type : List.of(
                "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip",
                "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")) {
            Images.push(registry, TAG, List.of(Images.layer(registry, type, plain)));
            assertUnsupported("foreign");
        }
        Images.push(registry, TAG, List.of(Images.layer(registry, "application/vnd.acme.rocket", plain)));
        assertUnsupported("is of the type 'application/vnd.acme.rocket'");
        Images.push(registry, TAG, List.of());
        assertUnsupported("has no layers");
        Descriptor layer = Images.layer(registry, MediaTypes.OCI_LAYER, plain);
        Images.push(registry, TAG, Collections.nCopies(1001, layer));
        assertUnsupported("1001 layers");
    }

    @ParameterizedTest
    @ValueSource(strings = {"docker.distribution.manifest.v1+json", "oci.artifact.manifest.v1+json"})
    void refusesOtherManifests(String type) throws RegistryException {
        String json = type.contains("artifact") ? "{\"blobs\":[]}" : "{\"schemaVersion\":1,\"fsLayers\":[]}";
        FetchedManifest old = new FetchedManifest(
                Descriptor.of("application/vnd." + type, json.getBytes(UTF_8)), json.getBytes(UTF_8));
        assertThatThrownBy(old::parse)
                .hasMessageContaining(type.contains("artifact") ? "neither layers nor manifests" : "schema 1");
    }

    /** Whatever a layer is, a search ends in one of the declared ways. */
    @Test
    void survivesDamagedLayers() throws Exception {
        Tar good = new Tar()
                .pax('x', "path=etc/" + "n".repeat(120))
                .file("short", "x")
                .file("disk/.wh.x", "")
                .hardLink("disk/y", "short")
                .symbolicLink("disk/z", "short");
        Random random = new Random(3);
        for (int round = 0; round < 1000; round++) {
            byte[] bad = good.bytes();
            for (int change = 0; change < 3; change++) {
                bad[random.nextInt(good.size())] = (byte) random.nextInt();
            }
            byte[] blob = random.nextBoolean() ? bad : Images.gzip(bad);
            if (random.nextInt(3) == 0) {
                blob[random.nextInt(blob.length)] ^= (byte) (1 << random.nextInt(8));
            }
            Tag tag = new Tag("fuzz");
            Images.push(
                    registry,
                    tag,
                    List.of(
                            Images.layer(
                                    registry,
                                    MediaTypes.OCI_LAYER_GZIP,
                                    Images.gzip(new Tar().file("disk/x", "").bytes())),
                            Images.layer(registry, MediaTypes.OCI_LAYER_GZIP, blob)));
            try {
                new DiskFileFinder(Images.GZIP, ScanLimits.DEFAULTS)
                        .find(registry, Images.REPOSITORY, tag, Platform.LINUX_AMD64);
            } catch (UnusableImageException e) {
                assertThat(e).hasMessageContaining("sha256:");
            }
        }
    }

    private LayerFile find() throws RegistryException, UnusableImageException {
        return new DiskFileFinder(Images.GZIP, ScanLimits.DEFAULTS)
                .find(registry, Images.REPOSITORY, TAG, Platform.LINUX_AMD64);
    }

    private void assertFound(String name, String content, Tar... layers) throws IOException, UnusableImageException {
        Images.push(registry, TAG, layers);
        LayerFile file = find();
        assertThat(file.name()).isEqualTo(name);
        assertThat(Images.content(registry, file)).isEqualTo(content);
    }

    private void assertFound(long offset, Compression compression) throws RegistryException, UnusableImageException {
        assertThat(find()).satisfies(file -> {
            assertThat(file.offsetBytes()).isEqualTo(offset);
            assertThat(file.compression()).isEqualTo(compression);
        });
    }

    private void assertNothing(String words, Tar... layers) {
        assertThatThrownBy(() -> {
                    Images.push(registry, TAG, layers);
                    find();
                })
                .isInstanceOf(NoDiskFileException.class)
                .hasMessageContaining(words);
    }

    private void assertUnsupported(String words) {
        assertThatThrownBy(this::find)
                .isInstanceOf(UnsupportedImageException.class)
                .hasMessageContaining(words);
    }

    private Descriptor image(String name, Platform platform, Map<String, String> annotations) throws RegistryException {
        byte[] layer = new Tar().file("disk/" + name, name).bytes();
        byte[] manifest = Images.manifest(registry, List.of(Images.layer(registry, MediaTypes.OCI_LAYER, layer)));
        Digest digest =
                registry.putManifest(Images.REPOSITORY, Digest.sha256(manifest), manifest, MediaTypes.OCI_MANIFEST);
        return new Descriptor(MediaTypes.OCI_MANIFEST, digest, manifest.length, platform, annotations);
    }

    private Descriptor index(Descriptor... manifests) throws RegistryException {
        byte[] json = new ImageIndex(MediaTypes.OCI_INDEX, List.of(manifests), Map.of()).toJson();
        registry.putManifest(Images.REPOSITORY, TAG, json, MediaTypes.OCI_INDEX);
        return Descriptor.of(MediaTypes.OCI_INDEX, json);
    }

    private String chosen(Descriptor... manifests) throws RegistryException, UnusableImageException {
        index(manifests);
        return find().name().substring("disk/".length());
    }
}
