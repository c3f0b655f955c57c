package io.virtualimage.publisher;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.virtualimage.oci.Descriptor;
import io.virtualimage.oci.Digest;
import io.virtualimage.oci.ImageConfig;
import io.virtualimage.oci.ImageManifest;
import io.virtualimage.oci.MediaTypes;
import io.virtualimage.oci.Repository;
import io.virtualimage.oci.Tag;
import io.virtualimage.stage.work.ImageFailedException;
import io.virtualimage.topics.DataSource;
import io.virtualimage.topics.Event.ImagePublished;
import io.virtualimage.topics.FailureReason;
import io.virtualimage.topics.ImageFormat;
import io.virtualimage.topics.Incarnation;
import io.virtualimage.topics.ObjectKind;
import io.virtualimage.topics.Task;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class ImageMountTest {
    private static final Incarnation COPY = new Incarnation("team", "copy", "c0", 1, 0);
    private static final String SOURCE = "registry.example:5000/vi/team/cirros:" + Bench.IMAGE.uid();

    private Bench bench = new Bench();

    @BeforeEach
    void publishTheSource() throws Exception {
        publishTheSource(bench);
    }

    private static void publishTheSource(Bench bench) throws Exception {
        bench.stageAll();
        bench.worker().run(bench.push(), bench.context());
        bench.worker().run(bench.publish(), bench.context());
        bench.topic.clear();
    }

    private static Task.MountImage mount(String url) {
        return new Task.MountImage(
                new Task.Header(COPY, 0, Bench.CAUSE, 1),
                new DataSource.PublishedImage(
                        ObjectKind.VIRTUAL_IMAGE, "cirros", url, ImageFormat.QCOW2, false, 9_456, 1 << 20));
    }

    @Test
    void theLayerIsSharedAndTheManifestIsNot() throws Exception {
        bench.worker().run(mount(SOURCE), bench.context());

        Repository repository = Bench.NAMES.repository(COPY);
        Digest layer = Digest.sha256(bench.layer());
        ImageManifest manifest = (ImageManifest)
                bench.registry.getManifest(repository, new Tag("c0")).parse();
        assertThat(manifest.layers())
                .containsExactly(new Descriptor(MediaTypes.OCI_LAYER, layer, bench.layer().length));
        assertThat(manifest.annotations()).containsEntry("io.virtualimage.uid", "c0");
        ImageConfig config = ImageConfig.parse(
                bench.registry.readBlob(repository, manifest.config().digest(), 10_000));
        assertThat(config.labels())
                .containsEntry("source-image-size", "9456")
                .containsEntry("source-image-virtual-size", "1048576");
        assertThat(config.diffIds()).containsExactly(layer);
        assertThat(bench.said(ImagePublished.class)).singleElement().satisfies(said -> {
            assertThat(said.image()).isEqualTo(COPY);
            assertThat(said.registryUrl()).isEqualTo("registry.example:5000/vi/team/copy:c0");
            assertThat(said.layer()).isEqualTo(layer.toString());
            assertThat(said.unpackedBytes()).isEqualTo(1 << 20);
        });

        bench.worker()
                .run(new Task.RemoveImage(new Task.Header(Bench.IMAGE, 0, Bench.CAUSE, 1), false), bench.context());
        assertThat(bench.registry.headManifest(repository, new Tag("c0"))).isPresent();
        assertThat(bench.registry.listTags(bench.repository())).isEmpty();
    }

    @Test
    void aRegistryThatWillNotMountIsGivenTheBytesAgain() throws Exception {
        bench.registry.refusesMounts = true;
        bench.worker().run(mount(SOURCE), bench.context());
        Digest layer = Digest.sha256(bench.layer());
        assertThat(bench.registry.readBlob(Bench.NAMES.repository(COPY), layer, 1 << 20))
                .isEqualTo(bench.layer());
        assertThat(bench.said(ImagePublished.class)).hasSize(1);
    }

    @Test
    void killedAtAnyEffectItPublishesOnce() throws Exception {
        int effects = 0;
        for (boolean burnt = true; burnt; ) {
            effects++;
            bench = new Bench();
            publishTheSource(bench);
            bench.registry.refusesMounts = effects % 2 == 0;
            Fuse fuse = Fuse.crash(effects);
            try {
                bench.worker(fuse).run(mount(SOURCE), bench.context("publisher-0", 1, fuse));
                burnt = false;
            } catch (Fuse.Crash e) {
                bench.worker().run(mount(SOURCE), bench.context("publisher-1", 2, Fuse.none()));
            }
            assertThat(bench.said(ImagePublished.class))
                    .isNotEmpty()
                    .extracting(ImagePublished::manifest)
                    .containsOnly(bench.registry
                            .headManifest(Bench.NAMES.repository(COPY), new Tag("c0"))
                            .orElseThrow()
                            .digest()
                            .toString());
        }
        assertThat(effects).isGreaterThan(10);
    }

    @Test
    void whatCannotBeUsedIsSaidInWords() throws Exception {
        assertThat(failure("registry.example:5000/vi/team/cirros:gone"))
                .contains("VirtualImage cirros")
                .contains("doesn't have registry.example:5000/vi/team/cirros:gone any more");
        assertThat(failure("elsewhere.example/vi/team/cirros:1"))
                .contains("it is in the registry elsewhere.example, and images are published to registry.example:5000");
        assertThat(failure("registry.example:5000/Not/A:reference:at:all")).contains("is none of an image");

        byte[] config = new ImageConfig("amd64", "linux", Map.of(), List.of()).toJson();
        bench.registry.pushBlob(bench.repository(), config);
        byte[] empty = new ImageManifest(Descriptor.of(MediaTypes.OCI_CONFIG, config), List.of(), Map.of()).toJson();
        bench.registry.putManifest(bench.repository(), new Tag("empty"), empty, MediaTypes.OCI_MANIFEST);
        assertThat(failure("registry.example:5000/vi/team/cirros:empty")).contains("is not one image with one layer");
        assertThat(bench.said(ImagePublished.class)).isEmpty();
    }

    private String failure(String url) {
        ImageFailedException failed = catchThrowableOfType(
                ImageFailedException.class, () -> bench.worker().run(mount(url), bench.context()));
        assertThat(failed.reason()).isEqualTo(FailureReason.SOURCE_REFUSED);
        return failed.words();
    }

    @Test
    void aStaleDeliveryTakesBackWhatAnEarlierOneMayHaveLeft() throws Exception {
        bench.worker().run(mount(SOURCE), bench.context());
        bench.worker().discard(mount(SOURCE), bench.context("publisher-1", 2, Fuse.none()));
        assertThatThrownBy(() -> bench.registry.getManifest(Bench.NAMES.repository(COPY), new Tag("c0")))
                .hasMessageContaining("c0");
        assertThat(bench.registry.listTags(bench.repository())).hasSize(1);
    }
}
