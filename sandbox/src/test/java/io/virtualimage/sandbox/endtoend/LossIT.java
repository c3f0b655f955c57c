package io.virtualimage.sandbox.endtoend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.virtualimage.disk.sample.SampleImages;
import io.virtualimage.k8s.ConditionType;
import io.virtualimage.k8s.DataSource;
import io.virtualimage.k8s.Origin;
import io.virtualimage.k8s.Phase;
import io.virtualimage.k8s.Storage;
import io.virtualimage.k8s.VirtualImage;
import io.virtualimage.k8s.VirtualImageSpec;
import io.virtualimage.k8s.VirtualImageStatus;
import io.virtualimage.k8s.WellKnown;
import io.virtualimage.sandbox.endtoend.EndToEnd.World;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** What becomes of an image when somebody takes away what was published of it, and brings it back. */
@ExtendWith(EndToEnd.class)
class LossIT {
    private static final long MIB = 1 << 20;
    private static final Duration WITHIN = Duration.ofMinutes(2);

    /** Long before its turn comes in the round of checks. */
    private static final Duration AT_ONCE = Duration.ofSeconds(30);

    private final World world;

    LossIT(World world) {
        this.world = world;
    }

    @Test
    void aLostManifestIsNoticedOnDemandAndSoIsItsReturn() throws Exception {
        Path source = source("loss-manifest", 81);
        world.images().apply("loss-manifest", world.source().uri("loss-manifest.qcow2"), null);
        VirtualImage image = world.images().await("loss-manifest", Phase.READY, WITHIN);
        String url = url(image);
        Path manifest = world.directory().resolve("loss-manifest.json");
        run("curl", "-sSf", "-H", "Accept: " + type(url), "-o", manifest.toString(), manifestAt(url));

        run("skopeo", "delete", "--tls-verify=false", "docker://" + url);
        check("loss-manifest", "1");
        VirtualImage lost = world.images().await("loss-manifest", Phase.IMAGE_LOST, AT_ONCE);
        assertThat(ready(lost))
                .startsWith("False ImageLost: ")
                .contains("The registry does not have the manifest of " + url);
        assertThat(said(image)).containsExactly("ImagePublished", "ImageLost");

        check("loss-manifest", "2");
        run(
                "curl",
                "-sSf",
                "-X",
                "PUT",
                "-H",
                "Content-Type: " + type(manifest),
                "--data-binary",
                "@" + manifest,
                manifestAt(url));
        check("loss-manifest", "3");
        world.images().await("loss-manifest", Phase.READY, AT_ONCE);
        assertThat(said(image)).endsWith("ImageLost", "ImagePublished");
        assertThat(Files.mismatch(Programs.diskOf(url, world.directory()), source))
                .isEqualTo(-1);
        await().atMost(AT_ONCE)
                .untilAsserted(() ->
                        assertThat(kubectl("describe", "vi", "loss-manifest")).contains("VirtualImageLostRecovered"));
        world.images().delete("loss-manifest");
        world.images().awaitGone("loss-manifest", WITHIN);
        assertThat(kubectl("get", "events", "--field-selector", "involvedObject.name=loss-manifest"))
                .containsOnlyOnce("VirtualImageLostRecovered");
    }

    @Test
    void aLostLayerIsNoticedToo() throws Exception {
        Path source = source("loss-layer", 82);
        world.images().apply("loss-layer", world.source().uri("loss-layer.qcow2"), null);
        VirtualImage image = world.images().await("loss-layer", Phase.READY, WITHIN);
        String url = url(image);
        Path copy = Files.createDirectories(world.directory().resolve("loss-layer-copy"));
        run("skopeo", "copy", "--preserve-digests", "--src-tls-verify=false", "docker://" + url, "dir:" + copy);
        JsonNode manifest = JsonMapper.shared().readTree(Files.readString(copy.resolve("manifest.json")));
        String layer = manifest.get("layers").get(0).get("digest").asString();

        run("curl", "-sSf", "-X", "DELETE", repositoryAt(url) + "/blobs/" + layer);
        check("loss-layer", "1");
        VirtualImage lost = world.images().await("loss-layer", Phase.IMAGE_LOST, AT_ONCE);
        assertThat(ready(lost)).contains("The registry does not have the layer of " + url + " (" + layer + ")");

        run("skopeo", "copy", "--preserve-digests", "--dest-tls-verify=false", "dir:" + copy, "docker://" + url);
        check("loss-layer", "2");
        world.images().await("loss-layer", Phase.READY, AT_ONCE);
        assertThat(said(image)).endsWith("ImageLost", "ImagePublished");
        assertThat(Files.mismatch(Programs.diskOf(url, world.directory()), source))
                .isEqualTo(-1);
    }

    @Test
    void aLostImageCanBeDeleted() throws Exception {
        source("loss-deleted", 83);
        world.images().apply("loss-deleted", world.source().uri("loss-deleted.qcow2"), null);
        String url = url(world.images().await("loss-deleted", Phase.READY, WITHIN));
        run("skopeo", "delete", "--tls-verify=false", "docker://" + url);
        check("loss-deleted", "1");
        world.images().await("loss-deleted", Phase.IMAGE_LOST, AT_ONCE);
        world.images().delete("loss-deleted");
        world.images().awaitGone("loss-deleted", AT_ONCE);
    }

    @Test
    void aDeletedClaimIsNoticedAtOnceAndSoIsOneFromABackup() throws Exception {
        source("loss-claim", 84);
        String http = world.source().uri("loss-claim.qcow2").toString();
        world.images()
                .apply(
                        "loss-claim",
                        new VirtualImageSpec(
                                Storage.PERSISTENT_VOLUME_CLAIM,
                                null,
                                DataSource.of(new Origin.Http(http, null, null))));
        VirtualImage image = world.images().await("loss-claim", Phase.READY, WITHIN);
        String claim = status(image).target().persistentVolumeClaimName();
        ObjectNode saved = (ObjectNode) JsonMapper.shared().readTree(kubectl("get", "pvc", claim, "-o", "json"));

        // The Pod that filled it keeps it from being gone until its Job goes.
        kubectl("delete", "pvc", claim, "--wait=false");
        VirtualImage lost = world.images().await("loss-claim", Phase.PVC_LOST, AT_ONCE);
        assertThat(ready(lost)).startsWith("False PVCLost: The PersistentVolumeClaim default/%s is ".formatted(claim));
        assertThat(said(image)).containsExactly("ImagePublished", "ImageLost");

        kubectl(
                "delete",
                "job",
                "-l",
                WellKnown.UID_LABEL + "=" + image.getMetadata().getUid());
        await().atMost(AT_ONCE)
                .untilAsserted(() -> assertThat(kubectl("get", "pvc", claim, "--ignore-not-found"))
                        .isBlank());

        // As a backup would make it again: not what only the API server or the one that binds claims may say.
        ObjectNode metadata = (ObjectNode) saved.get("metadata");
        metadata.remove(List.of("uid", "resourceVersion", "creationTimestamp", "finalizers"));
        ObjectNode annotations = (ObjectNode) metadata.get("annotations");
        annotations.retain("volume.kubernetes.io/selected-node"); // else it waits for a Pod before it is bound
        saved.remove("status");
        ((ObjectNode) saved.get("spec")).remove("volumeName");
        Path file = Files.writeString(world.directory().resolve("loss-claim.json"), saved.toString());
        kubectl("apply", "-f", file.toString());
        world.images().await("loss-claim", Phase.READY, AT_ONCE);
        assertThat(said(image)).endsWith("ImageLost", "ImagePublished");
    }

    @Test
    void whatALatePublisherLeavesIsSweptAndNothingElse() throws Exception {
        SampleImages.writeQcow2(world.files().resolve("loss-first.qcow2"), 512 * MIB, 300 * MIB, 85);
        source("loss-second", 86);
        world.images().apply("loss-stray", world.slow().uri("loss-first.qcow2"), null);
        world.images().await("loss-stray", "Provisioning", WITHIN, seen -> seen.phase() == Phase.PROVISIONING);
        world.images().apply("loss-stray", world.source().uri("loss-second.qcow2"), null);
        VirtualImage image = world.images().await("loss-stray", Phase.READY, WITHIN);
        String url = url(image);
        String uid = image.getMetadata().getUid();
        assertThat(url).endsWith(uid + "-2-0");
        String repository = url.substring(0, url.lastIndexOf(':'));
        // In Docker's format, so that each has a manifest of its own: a registry deletes manifests, not tags.
        for (String tag : List.of(uid, uid + "-3-0", "11111111-2222-3333-4444-555555555555", "latest")) {
            Path layout = Files.createTempDirectory(world.directory(), "stray-");
            run("umoci", "init", "--layout", layout + "/layout");
            run("umoci", "new", "--image", layout + "/layout:stray");
            run("umoci", "config", "--image", layout + "/layout:stray", "--author", tag);
            run(
                    "skopeo",
                    "copy",
                    "--dest-tls-verify=false",
                    "oci:" + layout + "/layout:stray",
                    "docker://" + repository + ":" + tag);
        }
        check("loss-stray", "1");
        await().atMost(AT_ONCE)
                .untilAsserted(
                        () -> assertThat(run("skopeo", "list-tags", "--tls-verify=false", "docker://" + repository))
                                .doesNotContain("\"" + uid + "\""));
        assertThat(run("skopeo", "list-tags", "--tls-verify=false", "docker://" + repository))
                .contains("\"" + uid + "-2-0\"", "\"" + uid + "-3-0\"", "\"11111111-2222-3333-4444-555555555555\"")
                .contains("\"latest\"");
        world.images().await("loss-stray", Phase.READY, AT_ONCE);
    }

    private Path source(String name, long seed) throws Exception {
        Path source = world.files().resolve(name + ".qcow2");
        SampleImages.writeQcow2(source, 256 * MIB, 20 * MIB, seed);
        return source;
    }

    private void check(String name, String value) throws Exception {
        kubectl("annotate", "--overwrite", "vi", name, WellKnown.CHECK_ANNOTATION + "=" + value);
    }

    private static VirtualImageStatus status(VirtualImage image) {
        return Objects.requireNonNull(image.getStatus());
    }

    private static String url(VirtualImage image) {
        return Objects.requireNonNull(status(image).target().registryURL());
    }

    /** The condition, as in {@code False ImageLost: why}. */
    private static String ready(VirtualImage image) {
        var condition = status(image).condition(ConditionType.READY).orElseThrow();
        return condition.getStatus() + " " + condition.getReason() + ": " + condition.getMessage();
    }

    private static String repositoryAt(String url) {
        int slash = url.indexOf('/');
        return "http://" + url.substring(0, slash) + "/v2/" + url.substring(slash + 1, url.lastIndexOf(':'));
    }

    private static String manifestAt(String url) {
        return repositoryAt(url) + "/manifests/" + url.substring(url.lastIndexOf(':') + 1);
    }

    private String type(String url) throws Exception {
        return JsonMapper.shared()
                .readTree(run("skopeo", "inspect", "--raw", "--tls-verify=false", "docker://" + url))
                .get("mediaType")
                .asString();
    }

    private static String type(Path manifest) throws Exception {
        return JsonMapper.shared()
                .readTree(Files.readString(manifest))
                .get("mediaType")
                .asString();
    }

    /** What was said of the image on {@code virtualimage.published}, by the events' types; what follows itself, once. */
    private List<String> said(VirtualImage image) throws Exception {
        List<String> types = new ArrayList<>();
        for (String line : Programs.records(
                world.sandbox().value("KAFKA_BOOTSTRAP"), "virtualimage.published", world.directory())) {
            JsonNode event = JsonMapper.shared().readTree(line);
            String uid = event.get("data").get("image").get("uid").asString();
            String type = event.get("type").asString().replaceAll(".*\\.", "");
            if (uid.equals(image.getMetadata().getUid())
                    && (types.isEmpty() || !types.getLast().equals(type))) {
                types.add(type);
            }
        }
        return types;
    }

    private String kubectl(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(
                List.of("kubectl", "--kubeconfig", world.sandbox().kubeconfig().toString()));
        command.addAll(List.of(arguments));
        return run(command.toArray(String[]::new));
    }

    private String run(String... command) throws Exception {
        return Programs.run(world.directory(), command);
    }
}
