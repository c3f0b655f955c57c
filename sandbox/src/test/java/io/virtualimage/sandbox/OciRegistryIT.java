package io.virtualimage.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import io.virtualimage.oci.ChunkBody;
import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.HttpRegistry;
import io.virtualimage.oci.ImageConfig;
import io.virtualimage.oci.ImageManifest;
import io.virtualimage.oci.LayerTar;
import io.virtualimage.oci.MediaTypes;
import io.virtualimage.oci.OciRegistry;
import io.virtualimage.oci.OciRegistryContract;
import io.virtualimage.oci.RegistrySettings;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.Tag;
import io.virtualimage.oci.UploadLocation;
import io.virtualimage.oci.UploadStatus;
import io.virtualimage.sandbox.components.Components;
import io.virtualimage.sandbox.components.Registry;
import io.virtualimage.sandbox.components.UsedComponents;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import okhttp3.OkHttpClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** The contract on a real registry; and what others (skopeo, tar) make of what our client stores there. */
@ExtendWith(Components.class)
class OciRegistryIT extends OciRegistryContract {

    private static final OkHttpClient CLIENT = new OkHttpClient();

    private final Registry registry;

    OciRegistryIT(Registry registry) {
        this.registry = registry;
    }

    @Override
    protected OciRegistry registry() {
        return clientOf(registry);
    }

    @Test
    void storesAnImageThatOthersRead(@TempDir Path directory) throws Exception {
        byte[] content = random(1_234_567);
        LayerTar tar = LayerTar.of("disk.qcow2", content.length);
        ByteArrayOutputStream layer = new ByteArrayOutputStream();
        layer.writeBytes(tar.head());
        layer.writeBytes(content);
        layer.writeBytes(tar.tail());
        Descriptor layerDescriptor = Descriptor.of(MediaTypes.OCI_LAYER, layer.toByteArray());
        UploadLocation location = registry().startUpload(repository);
        location = registry().uploadChunk(location, 0, layer.size(), ChunkBody.of(layer.toByteArray()));
        registry().completeUpload(location, layerDescriptor.digest());
        byte[] config = new ImageConfig(
                        "amd64", "linux", Map.of("source-image-format", "qcow2"), List.of(layerDescriptor.digest()))
                .toJson();
        registry().pushBlob(repository, config);
        ImageManifest manifest = new ImageManifest(
                Descriptor.of(MediaTypes.OCI_CONFIG, config), List.of(layerDescriptor), Map.of("incarnation", "1-0"));
        Digest digest = registry().putManifest(repository, new Tag("uid"), manifest.toJson(), MediaTypes.OCI_MANIFEST);

        String image = "docker://" + registry.hostAndPort() + "/" + repository + ":uid";
        assertThat(run("skopeo", "inspect", "--tls-verify=false", image))
                .contains("\"Digest\": \"" + digest + "\"")
                .contains("\"source-image-format\": \"qcow2\"")
                .contains("\"" + layerDescriptor.digest() + "\"");
        Path copy = directory.resolve("copy");
        run("skopeo", "copy", "--quiet", "--src-tls-verify=false", image, "dir:" + copy);
        Path copiedLayer = copy.resolve(layerDescriptor.digest().hex());
        assertThat(copiedLayer).hasBinaryContent(layer.toByteArray());
        assertThat(run("tar", "--numeric-owner", "--utc", "-tvf", copiedLayer.toString()))
                .isEqualTo("-rw-r--r-- 0/0         1234567 1970-01-01 00:00 disk/disk.qcow2\n");
        run("tar", "-C", directory.toString(), "-xf", copiedLayer.toString());
        assertThat(directory.resolve("disk/disk.qcow2")).hasBinaryContent(content);
    }

    @Test
    void goesOnWithAnUploadAfterTheRegistryWasKilled(@TempDir Path directory, UsedComponents used) throws Exception {
        byte[] content = random(3_000_000);
        Repository repository = fresh();
        UploadLocation location;
        try (Registry first = used.add(Registry.start(directory, Registry.Storage.FOLDER))) {
            OciRegistry client = clientOf(first);
            location = client.uploadChunk(
                    client.startUpload(repository), 0, 2_000_000, out -> out.write(content, 0, 2_000_000));
            first.process().kill();
        }
        try (Registry second = used.add(Registry.start(directory, Registry.Storage.FOLDER))) {
            OciRegistry client = clientOf(second);
            UploadStatus status = client.uploadStatus(location).orElseThrow();
            assertThat(status.offsetBytes()).isEqualTo(2_000_000);
            location = client.uploadChunk(
                    status.location(), 2_000_000, 1_000_000, out -> out.write(content, 2_000_000, 1_000_000));
            client.completeUpload(location, Digest.sha256(content));
            assertThat(client.readBlob(repository, Digest.sha256(content), content.length))
                    .isEqualTo(content);
        }
    }

    private static OciRegistry clientOf(Registry registry) {
        return new HttpRegistry(new RegistrySettings(registry.endpoint()), CLIENT, Clock.systemUTC());
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Path output = Files.createTempFile("oci-it", ".out");
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            int status = process.waitFor();
            String said = Files.readString(output, StandardCharsets.UTF_8);
            assertThat(status).as("%s said: %s", command[0], said).isZero();
            return said;
        } finally {
            Files.delete(output);
        }
    }
}
