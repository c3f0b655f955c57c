package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.ObjectRefKind;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.HttpRegistry;
import io.virtualimage.oci.ImageConfig;
import io.virtualimage.oci.ImageManifest;
import io.virtualimage.oci.LayerTar;
import io.virtualimage.oci.MediaTypes;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.RegistrySettings;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.Tag;
import io.virtualimage.sandbox.Images;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Images of images: in the same registry they share their layer. */
@ExtendWith(EndToEnd.class)
class ImageOfImageIT {
    private static final long MIB = 1 << 20;
    private static final long GIB = 1 << 30;
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final World world;

    ImageOfImageIT(World world) {
        this.world = world;
    }

    @Test
    void anImageOfAnImageSharesItsLayerAndOutlivesIt() throws Exception {
        Path source = world.files().resolve("shared.qcow2");
        SampleImages.writeQcow2(source, 256 * MIB, 30 * MIB, 40);
        world.images().apply("shared-copy", new Origin.ObjectRef(ObjectRefKind.VIRTUAL_IMAGE, "shared-base"));
        world.images()
                .await(
                        "shared-copy",
                        "wait for its source",
                        PATIENCE,
                        image -> image.phase() == Phase.PENDING
                                && Images.words(image).contains("shared-base"));
        world.images().apply("shared-base", world.source().uri("shared.qcow2"), null);
        VirtualImage base = world.images().await("shared-base", Phase.READY, PATIENCE);

        VirtualImageStatus copy = status(world.images().await("shared-copy", Phase.READY, PATIENCE));
        assertThat(copy.sourceUID()).isEqualTo(base.getMetadata().getUid());
        assertThat(copy.format()).isEqualTo("qcow2");
        assertThat(copy.size()).isEqualTo(status(base).size());
        assertThat(layer(copy)).isEqualTo(layer(status(base)));

        world.images().delete("shared-base");
        world.images().awaitGone("shared-base", PATIENCE);
        assertThat(Files.mismatch(Programs.diskOf(copy.target().registryURL(), world.directory()), source))
                .isEqualTo(-1);
    }

    private String layer(VirtualImageStatus status) throws Exception {
        String inspected = Programs.run(
                world.directory(),
                "skopeo",
                "inspect",
                "--tls-verify=false",
                "--format={{index .Layers 0}}",
                "docker://" + status.target().registryURL());
        return inspected.strip();
    }

    @Test
    void noByteOfALargeLayerIsMoved() throws Exception {
        String address = largeImage("cluster/large", "1", 5 * GIB);
        PlatformObjects.CLUSTER_VIRTUAL_IMAGE.put(
                world,
                "large",
                Map.of(
                        "phase",
                        "Ready",
                        "format",
                        "qcow2",
                        "cdrom",
                        false,
                        "size",
                        Map.of("storedBytes", Long.toString(5 * GIB), "unpackedBytes", Long.toString(5 * GIB)),
                        "target",
                        Map.of("registryURL", address)));
        long before = Files.size(world.sandbox().registry().accessLog());

        world.images().apply("of-large", new Origin.ObjectRef(ObjectRefKind.CLUSTER_VIRTUAL_IMAGE, "large"));
        VirtualImageStatus status = status(world.images().await("of-large", Phase.READY, PATIENCE));

        assertThat(status.size().unpacked()).isEqualTo("5Gi");
        List<String> requests = requestsSince(before);
        assertThat(requests)
                .anyMatch(line ->
                        line.matches(".*\"POST /v2/vi/default/of-large/blobs/uploads/\\?.*mount=sha256.* 201 .*"));
        String digest = layer(status);
        assertThat(requests)
                .as("requests for the layer's bytes")
                .noneMatch(line -> line.contains("\"GET /v2/") && line.contains("/blobs/" + digest));
        assertThat(requests)
                .as("pieces of blobs that were sent: the configuration")
                .filteredOn(line -> line.contains("\"PATCH /v2/vi/default/of-large/"))
                .hasSizeLessThanOrEqualTo(1);
    }

    private List<String> requestsSince(long offset) throws IOException {
        try (InputStream log = Files.newInputStream(world.sandbox().registry().accessLog())) {
            log.skipNBytes(offset);
            return new String(log.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
                    .lines()
                    .toList();
        }
    }

    /**
     * An image with a layer of that length, which is put beside the registry's own blobs: pushing it would take longer than
     * all of the test.
     */
    private String largeImage(String repositoryName, String tag, long diskBytes) throws Exception {
        Repository repository = new Repository(repositoryName);
        LayerTar tar = LayerTar.of("disk.qcow2", diskBytes);
        Path blob = Files.createTempFile(world.directory(), "layer-", ".tar");
        try (FileChannel file = FileChannel.open(blob, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(tar.head()), 0);
            file.write(ByteBuffer.wrap(new byte[] {'Q', 'F', 'I', (byte) 0xfb}), tar.head().length);
            file.write(ByteBuffer.wrap(new byte[1]), tar.totalLength() - 1); // the rest is a hole
        }
        Digest digest = Digest.parse("sha256:" + sha256(blob));
        Path registry = world.sandbox().registry().folder().resolve("docker/registry/v2");
        Path stored = registry.resolve("blobs/sha256")
                .resolve(digest.hex().substring(0, 2))
                .resolve(digest.hex())
                .resolve("data");
        Files.createDirectories(Objects.requireNonNull(stored.getParent()));
        Files.move(blob, stored);
        Path link = registry.resolve("repositories")
                .resolve(repositoryName)
                .resolve("_layers/sha256")
                .resolve(digest.hex())
                .resolve("link");
        Files.createDirectories(Objects.requireNonNull(link.getParent()));
        Files.writeString(link, digest.toString());

        OciRegistry client = new HttpRegistry(
                new RegistrySettings(URI.create(world.sandbox().value("REGISTRY_URL")), null, List.of()),
                new OkHttpClient(),
                Clock.systemUTC());
        assertThat(client.headBlob(repository, digest)).hasValue(tar.totalLength());
        byte[] config = new ImageConfig("amd64", "linux", Map.of(), List.of(digest)).toJson();
        client.pushBlob(repository, config);
        byte[] manifest = new ImageManifest(
                        Descriptor.of(MediaTypes.OCI_CONFIG, config),
                        List.of(new Descriptor(MediaTypes.OCI_LAYER, digest, tar.totalLength())),
                        Map.of())
                .toJson();
        client.putManifest(repository, new Tag(tag), manifest, MediaTypes.OCI_MANIFEST);
        return world.sandbox().value("REGISTRY") + "/" + repositoryName + ":" + tag;
    }

    private static String sha256(Path file) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        byte[] buffer = new byte[1 << 20];
        try (InputStream in = Files.newInputStream(file)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
            }
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    private static VirtualImageStatus status(VirtualImage image) {
        return Objects.requireNonNull(image.getStatus());
    }
}
